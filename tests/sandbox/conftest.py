import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, demo_world


class QuickSession(AiohttpSession):
    """aiogram's own session; only its pause for TLS connections at the end is of no use here."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def connect(url: str, token: str = DEMO_TOKEN) -> Bot:
    return Bot(token, session=QuickSession(api=TelegramAPIServer.from_base(url)))


@pytest.fixture
def world():
    return demo_world(limits=False)


@pytest.fixture
async def server(world):
    async with SandboxServer(world) as running:
        yield running


@pytest.fixture
async def bot(server):
    async with connect(server.url) as bot:
        yield bot


@pytest.fixture
async def people(server):
    async with SandboxClient(server.url) as client:
        yield client


@pytest.fixture
def bot_for():
    return connect
