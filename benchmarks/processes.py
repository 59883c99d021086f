"""Processes of the product that are killed and started again, each as a service manager would."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from otvet import launch
from otvet.redis_server import answers, find_binary

REPOSITORY: Final = Path(__file__).resolve().parent.parent
LOOK_S: Final = 0.1
RESTART_S: Final = 0.3
REDIS_START_S: Final = 15.0
REDIS: Final = "redis"


class Service:
    """One process; its output goes to a file."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._command = command
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "OPENBLAS_NUM_THREADS": "1",
            **environment,
        }
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Start it, tied to this process."""
        self.starts += 1
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own modules
                launch.command(self._command),
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; after SIGKILL it is gone when this returns."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        if number is signal.SIGKILL:
            self._process.wait()


class Fleet:
    """Services that are started again when they end, unless they are held down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis_url = f"unix://{folder / 'redis.sock'}"
        self._services: dict[str, Service] = {}
        self._down: set[str] = set()
        self._ended: dict[str, float] = {}

    def __getitem__(self, name: str) -> Service:
        return self._services[name]

    def add_redis(self) -> None:
        """Add the redis-server that came by pip, as a process of its own.

        Raises:
            RuntimeError: there is none.
        """
        binary = find_binary()
        if binary is None:
            raise RuntimeError("no redis-server on this machine")
        (self.folder / REDIS).mkdir(exist_ok=True)
        options = {"port": "0", "unixsocket": str(self.folder / "redis.sock"), "appendonly": "yes", "save": ""}
        options |= {"dir": str(self.folder / REDIS), "daemonize": "no"}
        command = [str(binary), *(part for key, value in options.items() for part in (f"--{key}", value))]
        self._services[REDIS] = Service(REDIS, command, {}, self.folder)

    def add(self, name: str, *arguments: str, environment: Mapping[str, str]) -> None:
        """Add an ``otvet`` command."""
        command = [sys.executable, "-m", "otvet", *arguments]
        self._services[name] = Service(name, command, environment, self.folder)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything, keep it running, and kill it at the end."""
        await self.up(self._services)
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            for service in self._services.values():
                service.kill()

    def down(self, names: Iterable[str], *, emptied: bool = False) -> None:
        """Kill -9 and leave dead; ``emptied``: what Redis remembered goes too."""
        names = list(names)
        self._down.update(names)
        for name in names:
            self._services[name].kill()
        if emptied:
            shutil.rmtree(self.folder / REDIS)
            (self.folder / REDIS).mkdir()

    async def up(self, names: Iterable[str]) -> None:
        """Start what was held down; Redis first, for the others refuse to start without it."""
        for name in sorted(names, key=lambda name: name != REDIS):
            self._services[name].start()
            self._down.discard(name)
            if name == REDIS:
                await self._redis_answers()

    async def _redis_answers(self) -> None:
        until = time.monotonic() + REDIS_START_S
        while not await asyncio.to_thread(answers, self.redis_url):
            if time.monotonic() > until:
                raise RuntimeError("redis-server does not answer")
            await asyncio.sleep(0.02)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for name, service in self._services.items():
                if name in self._down or service.pid:
                    self._ended.pop(name, None)
                elif time.monotonic() - self._ended.setdefault(name, time.monotonic()) >= RESTART_S:
                    del self._ended[name]
                    service.start()
