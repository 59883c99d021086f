"""The demo: starts the sandbox, the bot and its workers side by side and says when all of them are ready."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from otvet.demo_environment import SHOP, demo_environment
from otvet.errors import CommandError
from otvet.redis_server import EmbeddedRedis
from otvet.supervisor import Child, Supervisor, otvet_command, print_line
from support.settings import load

HOST = "127.0.0.1"
PORTS_TRIED = 50
POLL_S = 0.1
SLOW_S = 30.0


def free_port(first: int) -> int:
    """Return the first free port of this machine from ``first`` on.

    Raises:
        CommandError: none of the next ones is free.
    """
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    raise CommandError(f"No free port from {first} on: choose another one with --port.")


async def run_demo(first_port: int) -> int:
    """Run the demo until Ctrl-C; return the exit code.

    Raises:
        CommandError: no port is free, the demo's folder cannot be written, or Redis does not start.
    """
    started = time.monotonic()
    port = free_port(first_port)
    folder = load().data_dir.resolve() / "demo"
    supervisor = Supervisor()
    supervisor.stop_on_signals()
    print_line("Starting the demo; Ctrl-C stops it.")
    with _fresh_folder(folder), EmbeddedRedis(folder) as redis:
        print_line("✓ redis")
        # A copy: who plays the administrator may add and replace articles.
        shutil.copytree(SHOP / "knowledge", folder / "knowledge")
        url = f"http://{HOST}:{port}"
        environment = demo_environment(os.environ, folder=folder, api_url=url, redis_url=redis.url)
        demo = Demo(supervisor=supervisor, environment=environment, folder=folder, url=url, port=port)
        starting = asyncio.create_task(demo.start(started))
        code = await supervisor.wait()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    print_line("The demo has stopped.")
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo's processes and how it shows that they are ready."""

    supervisor: Supervisor
    environment: dict[str, str]
    folder: Path
    url: str
    port: int

    async def start(self, started: float) -> None:
        """Start everything that can start side by side, then say where to look. ``started``: monotonic time."""
        self.supervisor.start(self._child("bot", "bot", "--patient"))
        self.supervisor.start(self._child("sandbox", "sandbox", "--port", str(self.port)))
        self.supervisor.start(self._child("worker", "worker"))
        prepare = ["prepare", "--orders", str(SHOP / "orders.csv")]
        if self.environment.get("EMBEDDING_MODEL") or self.environment.get("RERANKER_MODEL"):
            self.supervisor.start(self._child("embed", "worker", "--queue", "embed"))
        if self.environment.get("EMBEDDING_MODEL"):
            prepare.append("--served")
        if not await self.supervisor.complete(self._child("prepare", *prepare)):
            return
        await asyncio.gather(
            self._ready("sandbox", lambda: "bot" in self._state()),
            self._ready("bot", lambda: self._state()["counters"]["calls_by_method"].get("getUpdates", 0) > 0),
            self._ready("worker", lambda: self._has_worker("generate")),
        )
        self.supervisor.start(self._child("build", "worker", "--queue", "build"))
        print_line(f"\nReady in {time.monotonic() - started:.1f} s. Open {self.url} in a browser.\n")

    def _child(self, name: str, *arguments: str) -> Child:
        # The demo's folder holds no .env: the user's own bot stays out of it.
        return Child(
            name=name,
            command=otvet_command(*arguments),
            environment=self.environment,
            whole_environment=True,
            folder=self.folder,
        )

    async def _ready(self, name: str, is_ready: Callable[[], bool]) -> None:
        warn_at = time.monotonic() + SLOW_S
        while not await asyncio.to_thread(_holds, is_ready):
            await asyncio.sleep(POLL_S)
            if time.monotonic() > warn_at:
                print_line(f"! {name} is still not ready; LOG_LEVEL=INFO shows more")
                warn_at = float("inf")
        print_line(f"✓ {name}")

    def _state(self) -> dict[str, dict[str, dict[str, int]]]:
        with urllib.request.urlopen(f"{self.url}/sandbox/state", timeout=2) as answer:  # noqa: S310  # our own address
            state: dict[str, dict[str, dict[str, int]]] = json.load(answer)
        return state

    def _has_worker(self, queue: str) -> bool:
        # RQ's own key, read without importing RQ: this process stays small.
        with contextlib.closing(Redis.from_url(self.environment["REDIS_URL"], socket_timeout=2)) as redis:
            return bool(redis.scard(f"rq:workers:{queue}"))


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except (OSError, ValueError, KeyError):  # not up yet
        return False


@contextlib.contextmanager
def _fresh_folder(folder: Path) -> Iterator[None]:
    """Empty the folder, which is nobody else's meanwhile: the sandbox's world is new at every start."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_suffix(".lock").open("w")
    except OSError as error:
        raise CommandError(f"{folder.parent} cannot be written ({error.strerror}): set DATA_DIR.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(f"Another demo is running in {folder}: stop it, or set another DATA_DIR.") from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield
