import asyncio

import aiohttp
import pytest
from aiogram.exceptions import (
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile

from sandbox.client import SandboxError
from sandbox.world import ANNA, OLEG


async def test_ordered_fault_strikes_as_often_as_ordered(bot, people):
    await people.fault("sendMessage", 404, "Not Found", chat_id=ANNA)
    await bot.send_message(OLEG, "passes")
    with pytest.raises(TelegramNotFound):
        await bot.send_message(ANNA, "fails")
    await bot.send_message(ANNA, "passes")


async def test_fault_for_every_method_spares_the_long_poll(bot, people):
    await people.fault("*", 502, "Bad Gateway")
    await bot.get_updates()
    with pytest.raises(Exception, match="Bad Gateway"):
        await bot.get_me()


async def test_standing_faults_are_listed_and_cleared(bot, people):
    await people.fault(["sendMessage", "sendPhoto"], 502, times=None, chat_id=ANNA)
    with pytest.raises(TelegramServerError):
        await bot.send_message(ANNA, "a")
    [fault] = await people.faults()
    await people.clear_faults()
    await bot.send_message(ANNA, "b")

    assert fault["method"] == ["sendMessage", "sendPhoto"]
    assert (fault["times"], fault["error_code"], fault["description"]) == (None, 502, "Bad Gateway")
    assert await people.faults() == []


async def test_retry_after_alone_orders_a_429(bot, people):
    await people.fault("sendMessage", retry_after=9)
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(ANNA, "a")

    assert caught.value.retry_after == 9


async def test_chance_is_repeatable_by_its_seed(bot, people):
    async def outcomes():
        await people.seed(11)
        struck = []
        for _ in range(20):
            try:
                await bot.get_me()
            except TelegramNotFound:
                struck.append(True)
            else:
                struck.append(False)
        return struck

    await people.fault("getMe", 404, times=None, probability=0.5)
    first = await outcomes()

    assert first == await outcomes()
    assert 0 < sum(first) < 20


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"method": "getMe"}, "error_code: say which error"),
        ({"method": "getMe", "kind": "explode"}, "kind"),
        ({"method": "getMe", "error_code": 502, "probability": 2}, "probability"),
        ({"method": "getMe", "error_code": 200}, "error_code"),
        ({"method": "getMe", "error_code": 502, "times": 0}, "times"),
    ],
)
async def test_an_impossible_fault_gets_a_sentence(people, body, said):
    with pytest.raises(SandboxError, match=said):
        await people.post("faults", **body)


async def test_the_journal_asks_for_a_number(people):
    with pytest.raises(SandboxError, match="after: a whole number"):
        await people.get("journal?after=soon")


async def test_a_revoked_token_is_unauthorized_everywhere(bot, people, server):
    sent = await bot.send_document(ANNA, BufferedInputFile(b"bill", "bill.pdf"))
    file = await bot.get_file(sent.document.file_id)
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    while not server.world.calls["getUpdates"]:  # noqa: ASYNC110 - the server has no event for that
        await asyncio.sleep(0)
    await people.revoke_token()
    with pytest.raises(TelegramUnauthorizedError):
        await asyncio.wait_for(poll, 5)
    with pytest.raises(TelegramUnauthorizedError):
        await bot.send_message(ANNA, "a")
    with pytest.raises(aiohttp.ClientResponseError, match="401"):
        await bot.download_file(file.file_path)
    await people.revoke_token(revoked=False)
    await bot.send_message(ANNA, "b")

    assert [message.get("text") for message in await people.messages(ANNA)] == [None, "b"]
    assert [(call["method"], call["error_code"]) for call in (await people.journal(2))["calls"]] == [
        ("getUpdates", 401),
        ("sendMessage", 401),
        ("sendMessage", None),
    ]
