import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from otvet.supervisor import Child, Supervisor

ROOT = Path(__file__).resolve().parents[2]


def python(name: str, code: str) -> Child:
    return Child(name=name, command=(sys.executable, "-u", "-c", code))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


class Screen:
    """Collects what the supervisor shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._changed.set()

    async def shows(self, text: str, *, times: int = 1) -> None:
        async with asyncio.timeout(10):
            while sum(text in line for line in self.lines) < times:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def supervisor(screen: Screen) -> Supervisor:
    return Supervisor(write=screen, first_pause_s=0.05)


async def test_a_childs_lines_carry_its_name(supervisor, screen):
    supervisor.start(python("bot", "import time; print('hello'); time.sleep(60)"))
    await screen.shows("bot │ hello")
    supervisor.stop()
    assert await supervisor.wait() == 0


async def test_a_child_that_dies_is_started_again(supervisor, screen):
    supervisor.start(python("worker", "import os; print('up'); os.kill(os.getpid(), 9)"))
    await screen.shows("worker │ up", times=3)
    assert any("killed by SIGKILL" in line for line in screen.lines)
    supervisor.stop()
    await supervisor.wait()


async def test_a_misconfigured_child_ends_everything_with_its_sentence(supervisor, screen):
    supervisor.start(python("sandbox", "import time; time.sleep(60)"))
    supervisor.start(python("bot", "import sys; print('BOT_TOKEN is not set'); sys.exit(2)"))
    assert await supervisor.wait() == 2
    assert any("BOT_TOKEN is not set" in line for line in screen.lines)
    assert supervisor.pids == {}


async def test_a_child_may_end_its_work_before_it_stops(supervisor, screen):
    supervisor.start(
        python(
            "bot",
            "import signal, sys, time\n"
            "def stop(*_): print('last words'); sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, stop); print('up'); time.sleep(60)",
        )
    )
    await screen.shows("bot │ up")
    supervisor.stop()
    await supervisor.wait()
    assert any("last words" in line for line in screen.lines)


async def test_a_child_that_ignores_the_polite_wish_is_killed(screen):
    supervisor = Supervisor(write=screen, stop_timeout_s=0.3)
    supervisor.start(
        python(
            "deaf", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
        )
    )
    await screen.shows("deaf │ up")
    supervisor.stop()
    async with asyncio.timeout(5):
        await supervisor.wait()
    assert supervisor.pids == {}


async def test_a_failed_step_ends_everything_with_its_exit_code(supervisor):
    assert not await supervisor.complete(python("prepare", "import sys; sys.exit(2)"))
    assert await supervisor.wait() == 2


async def test_a_program_that_does_not_exist_ends_everything(supervisor, screen):
    assert not await supervisor.complete(Child(name="prepare", command=("/nowhere/program",)))
    assert await supervisor.wait() != 0


async def test_a_very_long_line_is_passed_over(supervisor, screen):
    supervisor.start(python("bot", "import time; print('x' * 3_000_000); print('after'); time.sleep(60)"))
    await screen.shows("after")
    supervisor.stop()
    await supervisor.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's wish on a parent's death is Linux's")
def test_children_stop_when_the_supervisor_itself_is_killed():
    script = (
        "import asyncio, sys\n"
        "from otvet.supervisor import Child, Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor()\n"
        "    code = 'import os, time; print(os.getpid()); time.sleep(60)'\n"
        "    supervisor.start(Child(name='child', command=(sys.executable, '-u', '-c', code)))\n"
        "    await supervisor.wait()\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().rpartition("│")[2])
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        give_up = time.monotonic() + 5
        while is_alive(pid):
            assert time.monotonic() < give_up
            time.sleep(0.02)
