import asyncio

import aiohttp
import pytest
from aiogram.exceptions import TelegramUnauthorizedError
from yarl import URL

from sandbox.client import SandboxClient, SandboxError
from sandbox.server import SandboxServer
from sandbox.world import ANNA, OPERATORS_CHAT_ID


async def test_bot_learns_who_it_is(bot):
    me = await bot.get_me()

    assert (me.id, me.username, me.is_bot) == (1000001, "otvet_demo_bot", True)


async def test_customers_words_reach_the_bot_and_its_answer_reaches_the_customer(bot, people):
    said = await people.say(ANNA, "Где мой заказ?")
    [update] = await bot.get_updates()
    await bot.send_message(update.message.chat.id, "В пути")
    answer = await people.wait_for_message(ANNA, after=said)

    assert update.message.text == "Где мой заказ?"
    assert update.message.from_user.first_name == "Анна"
    assert answer["text"] == "В пути"


async def test_topic_carries_words_both_ways(bot, people):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "Анна")
    await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=topic.message_thread_id)
    await people.in_topic(9001, OPERATORS_CHAT_ID, topic.message_thread_id, "Здравствуйте")
    created, written = await bot.get_updates()

    assert created.message.forum_topic_created.name == "Анна"
    assert written.message.message_thread_id == topic.message_thread_id
    assert written.message.is_topic_message
    assert written.message.reply_to_message.forum_topic_created.name == "Анна"
    assert [message.get("text") for message in await people.messages(OPERATORS_CHAT_ID)] == [
        None,
        "card",
        "Здравствуйте",
    ]


async def test_wrong_token_is_unauthorized(server, bot_for):
    async with bot_for(server.url, "1000001:wrong") as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_sandbox_without_a_tour_says_so(people):
    with pytest.raises(SandboxError, match="no tour"):
        await people.post("tour", language="ru")


async def test_tour_acts_through_a_client_and_its_steps_are_events(world):
    async def run_tour(language, client):
        await client.say(ANNA, language)
        await client.tour_step(1, 1, "Title", "Text", chat_id=ANNA, done=True)

    async with SandboxServer(world, run_tour=run_tour) as server, SandboxClient(server.url) as people:
        await people.post("tour", language="en")
        step = await people.wait_for(lambda event: event["type"] == "tour")
        [message] = await people.messages(ANNA)

    assert step == {"type": "tour", "step": 1, "of": 1, "title": "Title", "text": "Text", "chat_id": 101, "done": True}
    assert message["text"] == "en"


async def test_broken_tour_is_told_to_the_page(world):
    async def run_tour(language, client):
        raise RuntimeError("no bot")

    async with SandboxServer(world, run_tour=run_tour) as server, SandboxClient(server.url) as people:
        await people.post("tour", language="en")
        step = await people.wait_for(lambda event: event["type"] == "tour")

    assert step["failed"]
    assert "no bot" in step["text"]


async def test_decision_comes_from_the_composition_root(world):
    async def decisions(chat_id, message_id):
        return {"intent": "question", "of": [chat_id, message_id]}

    async with SandboxServer(world, decisions=decisions) as server, SandboxClient(server.url) as people:
        message = await people.say(ANNA, "hello")

        assert await people.decision(message) == {"intent": "question", "of": [ANNA, message["message_id"]]}


async def test_address_in_use_is_an_error_at_start(server, world):
    port = int(server.url.rpartition(":")[2])

    with pytest.raises(OSError, match="address already in use"):
        async with SandboxServer(world, port=port):
            pass


async def test_page_is_served_and_nothing_outside_of_it(server):
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.url}/") as page:
            assert page.content_type == "text/html"
        async with session.get(f"{server.url}/page/js/app.js") as script:
            assert script.headers["Content-Type"].startswith("text/javascript")
        async with session.get(URL(f"{server.url}/page/%2e%2e/server.py", encoded=True)) as outside:
            assert outside.status == 404


async def test_long_poll_ends_when_the_server_stops(world, bot_for):
    async with SandboxServer(world) as server, bot_for(server.url) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        while world.calls["getUpdates"] == 0:  # noqa: ASYNC110 - the server has no event for that
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        stopping = asyncio.create_task(server.__aexit__(None, None, None))

        assert await asyncio.wait_for(poll, 5) == []
        await stopping
