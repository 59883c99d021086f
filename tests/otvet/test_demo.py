import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from otvet.redis_server import find_binary
from sandbox.client import SandboxClient
from support.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 90

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_binary() is None, reason="no redis-server on this machine"),
]


class RunningDemo:
    """``otvet demo`` as a person would start it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        known = {name.upper() for name in Settings.model_fields}
        outer = {name: value for name, value in os.environ.items() if name.upper() not in known}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "otvet", "demo", *arguments],
            cwd=folder,
            env={**outer, "PYTHONPATH": str(ROOT), "DATA_DIR": str(folder / "data")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._folder = folder
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def address(self) -> str:
        wait_until(lambda: "Ready in" in self.output or self.process.poll() is not None, READY_TIMEOUT_S)
        found = re.search(r"Open (http://\S+)", self.output)
        assert found, self.output
        return found[1]

    def processes(self) -> list[int]:
        """Every live process that has to do with this demo's folder."""
        mark = f"{self._folder}/data/demo".encode()
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and mark in said(entry)]

    def finish(self) -> int:
        code = self.process.wait(30)
        self._reader.join(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def said(entry: Path) -> bytes:
    """What a process was started with; nothing for a zombie."""
    try:
        return (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
    except OSError:
        return b""


def wait_until(condition: Callable[[], bool], timeout_s: float) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def start(tmp_path):
    started: list[RunningDemo] = []

    def start_one(*arguments: str) -> RunningDemo:
        started.append(RunningDemo(tmp_path, *arguments))
        return started[-1]

    yield start_one
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.finish()


async def first_answer(address: str, question: str) -> str:
    async with SandboxClient(address) as client:
        await client.say(101, question)
        answer = await client.wait_for_message(101, timeout_s=30)
        return str(answer["text"])


def test_the_demo_answers_a_customer_and_ctrl_c_leaves_no_process(start, tmp_path):
    (tmp_path / ".env").write_text("BOT_TOKEN=42:the-users-own\nOPERATORS_CHAT_ID=-7\n")
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        demo = start("--port", str(port))
        address = demo.address()
    assert address != f"http://127.0.0.1:{port}"
    assert "✓ knowledge" in demo.output
    assert len(asyncio.run(first_answer(address, "Сколько стоит доставка курьером?"))) > 20
    assert len(demo.processes()) >= 5  # sandbox, bot, two workers, Redis
    demo.process.send_signal(signal.SIGINT)
    assert demo.finish() == 0, demo.output
    assert demo.processes() == []
    assert "Traceback" not in demo.output


@pytest.fixture
def built(tmp_path, shop_releases):
    """The demo's folder after an earlier demo, which starts sooner."""
    shutil.copytree(shop_releases, tmp_path / "data" / "demo" / "releases")


@pytest.mark.usefixtures("built")
def test_a_demo_that_is_killed_takes_its_children_along(start):
    demo = start()
    demo.address()
    demo.process.kill()
    wait_until(lambda: demo.processes() == [], 15)


@pytest.mark.usefixtures("built")
def test_a_second_demo_in_the_same_folder_is_refused_in_a_sentence(start):
    first = start()
    wait_until(lambda: "✓ redis" in first.output, 30)
    second = start()
    assert second.finish() == 2
    assert "Another demo is running" in second.output
    first.process.send_signal(signal.SIGTERM)
    assert first.finish() == 0
    assert first.processes() == []
