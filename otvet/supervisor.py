"""Child processes on one machine: started, watched, restarted with growing pauses, stopped together."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from otvet import launch
from otvet.errors import CONFIGURATION_EXIT
from support.settings import PACKAGE_ROOT

STOP_TIMEOUT_S = 10.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# A child that lived this long starts with the first pause again.
STEADY_S = 60.0
LINE_BYTES = 1 << 20


def otvet_command(*arguments: str) -> tuple[str, ...]:
    """Return the command line of an ``otvet`` command in this very Python."""
    return (sys.executable, "-m", "otvet", *arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What to run, and how."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to this process's environment, unless ``whole_environment``."""
    whole_environment: bool = False
    folder: Path | None = None
    """Working directory; this process's own when None."""

    def variables(self) -> dict[str, str]:
        """Return the environment it runs in; the packages are importable from any folder."""
        base = {} if self.whole_environment else dict(os.environ)
        return {**base, "PYTHONPATH": str(PACKAGE_ROOT), "PYTHONUNBUFFERED": "1", **self.environment}


def print_line(line: str) -> None:
    """Write one line to stdout at once."""
    print(line, flush=True)


class Supervisor:
    """Keeps children running until one of them is misconfigured or somebody asks to stop."""

    def __init__(
        self,
        *,
        write: Callable[[str], None] = print_line,
        first_pause_s: float = FIRST_PAUSE_S,
        stop_timeout_s: float = STOP_TIMEOUT_S,
    ) -> None:
        self._write = write
        self._stop_timeout_s = stop_timeout_s
        self._first_pause_s = first_pause_s
        self._stopping = asyncio.Event()
        self._exit_code = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._width = 0

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the children that run now, by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def stop(self, exit_code: int = 0) -> None:
        """Ask every child to stop; the first exit code given is the one that counts."""
        if not self._stopping.is_set():
            self._exit_code = exit_code
            self._stopping.set()

    def stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM stop everything in order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)

    def start(self, child: Child) -> None:
        """Keep the child running from now on."""
        self._width = max(self._width, len(child.name))
        self._tasks.append(asyncio.create_task(self._keep(child), name=child.name))

    async def complete(self, child: Child) -> bool:
        """Run a child once to its end; a failure of it stops everything. Returns whether it succeeded."""
        code = await self._run(child, prefix="")
        if code != 0:
            self.stop(code if code > 0 else 1)
        return code == 0

    async def wait(self) -> int:
        """Wait until the end is asked for, stop the children, return the exit code."""
        await self._stopping.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return self._exit_code

    async def _keep(self, child: Child) -> None:
        pause_s = self._first_pause_s
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run(child, prefix=f"{child.name:<{self._width}} │ ")
            if self._stopping.is_set():
                return
            if code == CONFIGURATION_EXIT:
                self._write(f"{child.name} cannot work with this configuration (see its lines above); stopping.")
                self.stop(CONFIGURATION_EXIT)
                return
            if time.monotonic() - started >= STEADY_S:
                pause_s = self._first_pause_s
            self._write(f"{child.name} ended ({_describe(code)}); starting it again in {pause_s:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _run(self, child: Child, *, prefix: str) -> int:
        process = await asyncio.create_subprocess_exec(
            *launch.command(list(child.command)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=child.variables(),
            cwd=child.folder,
            start_new_session=True,
            limit=LINE_BYTES,
        )
        self._processes[child.name] = process
        stopper = asyncio.create_task(self._stop_in_time(process))
        try:
            await self._copy_lines(process, prefix)
            return await process.wait()
        finally:
            stopper.cancel()
            del self._processes[child.name]

    async def _copy_lines(self, process: asyncio.subprocess.Process, prefix: str) -> None:
        if process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LINE_BYTES: drop it and go on
                continue
            if not line:
                return
            self._write(prefix + line.decode(errors="replace").rstrip("\n"))

    async def _stop_in_time(self, process: asyncio.subprocess.Process) -> None:
        await self._stopping.wait()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            await asyncio.sleep(self._stop_timeout_s)
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own: whatever it started goes too


def _describe(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
