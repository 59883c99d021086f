import asyncio
import time

import aiohttp
import pytest
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramServerError

from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import ANNA, DEMO_TOKEN


async def texts(people):
    return [message["text"] for message in await people.messages(ANNA)]


async def last_call(people):
    return (await people.journal())["calls"][-1]


@pytest.mark.parametrize(("kind", "shown"), [("error", []), ("error_after", ["hello"])])
async def test_a_502_comes_before_or_after_the_effect(bot, people, kind, shown):
    await people.fault("sendMessage", 502, kind=kind)
    with pytest.raises(TelegramServerError, match="Bad Gateway"):
        await bot.send_message(ANNA, "hello")
    call = await last_call(people)

    assert await texts(people) == shown
    assert (call["fault"], call["ok"], call["error_code"], call["effect"]) == (kind, False, 502, bool(shown))
    assert len(call["message_ids"]) == len(shown)


@pytest.mark.parametrize(("kind", "shown"), [("reset", []), ("reset_after", ["hello"])])
async def test_a_connection_is_reset_before_or_after_the_effect(server, people, kind, shown):
    await people.fault("sendMessage", kind=kind)
    url = f"{server.url}/bot{DEMO_TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await session.post(url, json={"chat_id": ANNA, "text": "hello"})
    call = await last_call(people)

    assert await texts(people) == shown
    assert (call["fault"], call["ok"], call["error_code"], call["effect"]) == (kind, False, None, bool(shown))


@pytest.mark.parametrize(("kind", "shown"), [("hang", []), ("hang_after", ["hello"])])
async def test_a_hanging_call_ends_without_an_answer(bot, people, kind, shown):
    await people.fault("sendMessage", kind=kind, hang_s=0.2)
    began = time.monotonic()
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ANNA, "hello")

    assert time.monotonic() - began >= 0.2
    assert await texts(people) == shown


async def test_a_client_that_gives_up_does_no_harm(bot, people):
    await people.fault("sendMessage", kind="hang_after", hang_s=30)
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await bot.send_message(ANNA, "impatient", request_timeout=0.2)
    await bot.send_message(ANNA, "patient")

    assert await texts(people) == ["impatient", "patient"]


async def test_a_slow_call_takes_effect_at_once_and_is_answered_late(bot, people):
    await people.fault("sendMessage", kind="slow", hang_s=0.3)
    began = time.monotonic()
    sending = asyncio.create_task(bot.send_message(ANNA, "hello"))
    await people.wait_for_message(ANNA)
    shown_after = time.monotonic() - began
    sent = await sending
    call = await last_call(people)

    assert shown_after < 0.3 <= time.monotonic() - began
    assert (call["fault"], call["ok"], call["message_ids"]) == ("slow", True, [sent.message_id])


@pytest.mark.parametrize(("kind", "shown"), [("garbage", []), ("garbage_after", ["hello"])])
async def test_a_page_where_json_was_expected_cannot_be_read(bot, people, kind, shown):
    await people.fault("sendMessage", kind=kind)
    with pytest.raises(ClientDecodeError):
        await bot.send_message(ANNA, "hello")

    assert await texts(people) == shown
    assert (await last_call(people))["ok"] is False


async def test_an_error_may_come_as_a_page(server, people):
    await people.fault("getMe", 502, html=True)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/bot{DEMO_TOKEN}/getMe") as response,
    ):
        assert (response.status, response.content_type) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in await response.text()


async def test_a_lost_answer_of_the_long_poll_loses_no_update(bot, people):
    await people.say(ANNA, "hello")
    await people.fault("getUpdates", kind="reset_after")
    with pytest.raises(TelegramNetworkError):
        await bot.get_updates()

    assert [update.message.text for update in await bot.get_updates()] == ["hello"]


async def test_a_fault_after_the_effect_hides_a_refusal_too(bot, people):
    await people.fault("sendMessage", 504, kind="error_after")
    with pytest.raises(TelegramServerError, match="Gateway Timeout"):
        await bot.send_message(55, "to nobody")
    call = await last_call(people)

    assert (call["error_code"], call["effect"]) == (504, False)


async def test_nobody_is_kept_waiting_when_the_server_stops(world, bot_for):
    async with SandboxServer(world) as server, SandboxClient(server.url) as people, bot_for(server.url) as bot:
        await people.fault("getMe", kind="hang", hang_s=30)
        hanging = asyncio.create_task(bot.get_me())
        while not (await people.journal())["calls"]:  # noqa: ASYNC110 - the server has no event for that
            await asyncio.sleep(0.01)
        began = time.monotonic()
    with pytest.raises(TelegramNetworkError):
        await hanging

    assert time.monotonic() - began < 5
