import asyncio

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, demo_world
from tests.sandbox.page import CHROMIUM, FLAGS, echo


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


@pytest.fixture
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
async def replies(bot):
    dispatcher = echo()
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    yield
    await dispatcher.stop_polling()
    await polling


@pytest.fixture
async def open_page(browser):
    """Open the page; whatever it complains about in its console fails the test."""
    complaints = []

    async def open_at(url, *, locale="en-GB", **options):
        page = await browser.new_page(locale=locale, **options)
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        await page.wait_for_selector('body[data-online="true"]')
        return page

    yield open_at
    assert complaints == []
