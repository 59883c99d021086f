import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from otvet.redis_server import find_binary
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, OPERATORS_CHAT_ID, demo_world
from support.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 90

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_binary() is None, reason="no redis-server on this machine"),
]


def environment(folder: Path, url: str, **variables: str) -> dict[str, str]:
    known = {name.upper() for name in Settings.model_fields}
    outer = {name: value for name, value in os.environ.items() if name.upper() not in known}
    return {
        **outer,
        "PYTHONPATH": str(ROOT),
        "BOT_TOKEN": DEMO_TOKEN,
        "TELEGRAM_API_URL": url,
        "OPERATORS_CHAT_ID": str(OPERATORS_CHAT_ID),
        "ADMIN_IDS": "9001",
        "DATA_DIR": str(folder),
        "KNOWLEDGE_DIR": str(ROOT / "otvet" / "demo_shop" / "knowledge"),
        **variables,
    }


@asynccontextmanager
async def started(*arguments: str, variables: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "otvet", *arguments),
        cwd=variables["DATA_DIR"],
        env=variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: asyncio.subprocess.Process, *words: str) -> str:
    """Read the process's lines until each of the words was in one."""
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(READY_TIMEOUT_S):
        while not all(word in text for word in words):
            line = await process.stdout.readline()
            assert line, text
            text += line.decode()
    return text


async def test_run_answers_through_any_bot_api_and_the_doctor_finds_it_well(tmp_path):
    async with SandboxServer(demo_world()) as server:
        variables = environment(tmp_path, server.url)
        async with started("run", variables=variables) as running:
            await read_until(running, "✓ knowledge", "the bot serves", "queue=generate", "queue=build")
            async with SandboxClient(server.url) as client:
                await client.say(103, "How much does courier delivery cost?")
                answer = await client.wait_for_message(103, timeout_s=30)
                assert len(answer["text"]) > 20
            async with started("doctor", variables=variables) as doctor:
                said, _ = await doctor.communicate()
                assert "All is well" in said.decode(), said.decode()
            running.send_signal(signal.SIGTERM)
            said, _ = await running.communicate()
            assert running.returncode == 0, said.decode()
            assert "How much" not in said.decode()


async def test_a_wrong_token_ends_run_with_a_sentence_and_exit_code_2(tmp_path, shop_releases):
    shutil.copytree(shop_releases, tmp_path / "releases")
    async with SandboxServer(demo_world()) as server:
        variables = environment(tmp_path, server.url, BOT_TOKEN="1000001:another-token")
        async with started("run", variables=variables) as running:
            said, _ = await asyncio.wait_for(running.communicate(), READY_TIMEOUT_S)
    assert running.returncode == 2, said.decode()
    assert "another-token" not in said.decode()
    assert "Traceback" not in said.decode()
