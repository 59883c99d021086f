"""A round-robin proxy on this machine: one address of a webhook, several bots behind it."""

import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp import web

PASSED_ON: Final = ("X-Telegram-Bot-Api-Secret-Token", "Content-Type")
ANSWER_S: Final = 10.0


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def listens(port: int) -> bool:
    """Whether a bot listens there."""
    try:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/healthz") as response:
            return response.ok
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def crossroads(port: int, targets: list[int]) -> AsyncIterator[None]:
    """Pass each request on to the next target in turn; one that cannot be reached is passed over."""
    turn = itertools.cycle(range(len(targets)))
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    async with aiohttp.ClientSession(timeout=timeout) as client:

        async def pass_on(request: web.Request) -> web.Response:
            body, first = await request.read(), next(turn)
            headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
            for target in (*targets[first:], *targets[:first]):
                address = f"http://127.0.0.1:{target}{request.path}"
                try:
                    async with client.post(address, data=body, headers=headers) as response:
                        return web.Response(status=response.status)
                except (aiohttp.ClientError, TimeoutError):
                    continue
            return web.Response(status=502)

        app = web.Application()
        app.router.add_post("/{path:.*}", pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()
