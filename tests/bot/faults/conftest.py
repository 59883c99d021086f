"""What every fault's test looks at: the sandbox's journal, what people read, and whether the bot has come to rest."""

import asyncio
import shutil
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from otvet.redis_server import EmbeddedRedis
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.deliveries import OPEN_STATES as OPEN_CALLS
from support.tables import TurnRow
from support.transport_tables import DeliveryRow, InboxRow
from support.turns import OPEN_STATES


class Scene:
    """The running product and the questions that the tests of this folder put to it."""

    def __init__(self, product):
        self.product = product
        self.people = product.people

    async def calls(self, chat_id=None, *methods, after=0):
        """Calls of the journal, successful getUpdates left out by the sandbox."""
        return [
            call
            for call in (await self.people.journal(after))["calls"]
            if chat_id in {None, call["chat_id"]} and (not methods or call["method"] in methods)
        ]

    async def last_call(self):
        return max((call["n"] for call in await self.calls()), default=0)

    async def read_by(self, chat_id, containing=""):
        """The bot's words in a private chat, in order; who answers is said once in between."""
        messages = [one for one in await self.people.messages(chat_id) if one["from"]["is_bot"]]
        texts = [one["text"] for one in messages if "text" in one and containing in one["text"]]
        return [text for text in texts if not text.startswith("Вам отвечает")]

    async def read_in_topic(self, thread_id, containing="", *, group=OPERATORS_CHAT_ID):
        messages = [one for one in await self.people.messages(group, thread_id) if one["from"]["is_bot"]]
        return [one["text"] for one in messages if "text" in one and containing in one["text"]]

    async def conversation(self, customer=ANNA):
        """Let a person have the conversation; returns the topic."""
        await self.people.say(customer, "/operator")
        await self.product.answer(customer, timeout_s=30)
        card = await self.product.in_group("Почему", timeout_s=30)
        return card["message_thread_id"]

    async def operator_says(self, thread_id, text, *, group=OPERATORS_CHAT_ID):
        return await self.people.in_topic(MARIA, group, thread_id, text)

    async def rest(self, within_s=40):
        """Wait until nothing waits: no update (here or still at Telegram), no turn, no call."""
        until = time.monotonic() + within_s
        while open_now := await self._open():
            assert time.monotonic() < until, f"still open: {open_now}"
            await asyncio.sleep(0.1)

    async def _open(self):
        coming = len(self.product.world.updates)
        async with self.product.database.reading() as session:
            updates = await session.scalar(
                select(func.count()).select_from(InboxRow).where(InboxRow.handled_at.is_(None))
            )
            turns = await session.scalar(
                select(func.count()).select_from(TurnRow).where(TurnRow.state.in_(OPEN_STATES))
            )
            rows = await session.scalars(select(DeliveryRow).where(DeliveryRow.state.in_(OPEN_CALLS)))
            calls = [(row.id, row.method, row.error) for row in rows]
        return [coming, updates, turns, calls] if coming or updates or turns or calls else None


@pytest.fixture
def stage(run_product):
    """Run the product; whatever the test does to it, no call is ever made inside a retry_after."""

    @asynccontextmanager
    async def run(**more):
        async with run_product(**more) as product:
            scene = Scene(product)
            yield scene
            assert [call for call in await scene.calls() if call["in_pause"]] == []

    return run


@pytest.fixture
async def scene(stage):
    async with stage() as scene:
        yield scene


@pytest.fixture
def redis_folder():
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_redis(redis_folder):
    """A Redis of the test's own, to be killed or emptied; nobody works for it yet."""
    with EmbeddedRedis(redis_folder) as server:
        yield server
