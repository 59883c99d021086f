"""The sandbox over HTTP: Bot API, people's side, page, one port; see CONTRACT.md."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox import bot_api, client_api, switches, transport, webhooks
from sandbox.client import SandboxClient
from sandbox.page_files import page_routes
from sandbox.telegram.state import World

MAX_BODY = 64 * 1024 * 1024

Decisions = client_api.Decisions
RunTour = Callable[[str, SandboxClient], Awaitable[None]]


def build_app(world: World, *, decisions: Decisions | None = None, run_tour: RunTour | None = None) -> web.Application:
    """The whole sandbox as an application; without ``run_tour`` a tour is answered 404."""
    app = web.Application(client_max_size=MAX_BODY)
    app[bot_api.WORLD] = world
    app[client_api.DECISIONS] = decisions
    app[client_api.START_TOUR] = None if run_tour is None else _tour_starter(run_tour)
    app[transport.STOPPING] = asyncio.Event()
    app.add_routes([*bot_api.routes(), *switches.routes(), *page_routes()])
    client_api.add_to(app)
    app.cleanup_ctx.append(_push_updates)
    app.on_shutdown.append(_end_waiting)
    return app


def _tour_starter(run_tour: RunTour) -> client_api.StartTour:
    async def start(language: str, url: str) -> None:
        async with SandboxClient(url) as client:
            await run_tour(language, client)

    return start


async def _push_updates(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(webhooks.deliver(app[bot_api.WORLD]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _end_waiting(app: web.Application) -> None:
    app[transport.STOPPING].set()
    app[bot_api.WORLD].updates.wake()


class SandboxServer:
    """A running sandbox as an async context manager; ``url`` is what TELEGRAM_API_URL gets."""

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        decisions: Decisions | None = None,
        run_tour: RunTour | None = None,
    ) -> None:
        self.world = world
        self._host = host
        self._port = port
        self._runner = web.AppRunner(
            build_app(world, decisions=decisions, run_tour=run_tour), access_log=None, shutdown_timeout=1
        )

    @property
    def url(self) -> str:
        """Address without a slash at the end; known once the server runs."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, reuse_address=True).start()
        except OSError:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()


@asynccontextmanager
async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    decisions: Decisions | None = None,
    run_tour: RunTour | None = None,
) -> AsyncIterator[str]:
    """Run the sandbox for the length of a block; yields its address."""
    async with SandboxServer(world, host=host, port=port, decisions=decisions, run_tour=run_tour) as server:
        yield server.url
