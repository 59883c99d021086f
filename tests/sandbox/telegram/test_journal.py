import asyncio

import pytest
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter
from aiogram.types import BufferedInputFile, InputMediaDocument, ReplyParameters

from sandbox.telegram.journal import Entry, Journal
from sandbox.world import ANNA, OLEG, OPERATORS_CHAT_ID, demo_world


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(clock):
    return demo_world(limits=True, clock=clock)


@pytest.fixture
def calls(people):
    async def since(n=0):
        return (await people.journal(n))["calls"]

    return since


async def test_a_call_is_recorded_with_what_it_made(bot, calls, clock):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "Анна")
    sent = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=topic.message_thread_id)
    created, posted = await calls()

    assert (created["method"], created["message_ids"]) == ("createForumTopic", [topic.message_thread_id])
    assert posted == {
        "n": 2,
        "at": clock.now,
        "method": "sendMessage",
        "chat_id": OPERATORS_CHAT_ID,
        "thread_id": topic.message_thread_id,
        "text": "card",
        "about": [],
        "from_chat_id": None,
        "in_pause": False,
        "ok": True,
        "error_code": None,
        "description": None,
        "retry_after": None,
        "effect": True,
        "fault": None,
        "message_ids": [sent.message_id],
    }
    assert await calls(1) == [posted]
    assert await calls(2) == []


async def test_albums_copies_and_edits_say_what_they_were_about(bot, people, calls):
    said = await people.say(ANNA, "look")
    files = [InputMediaDocument(media=BufferedInputFile(b"a", "a"), caption=words) for words in (None, "two")]
    album = await bot.send_media_group(OPERATORS_CHAT_ID, files)
    copy = await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])
    await bot.edit_message_text("changed", chat_id=OPERATORS_CHAT_ID, message_id=copy.message_id)
    sent, copied, edited = await calls()

    assert (sent["text"], sent["message_ids"]) == ("two", [message.message_id for message in album])
    assert (copied["from_chat_id"], copied["about"], copied["message_ids"]) == (
        ANNA,
        [said["message_id"]],
        [copy.message_id],
    )
    assert (edited["about"], edited["message_ids"], edited["effect"]) == ([copy.message_id], [], True)


async def test_what_people_see_unchanged_is_no_effect(bot, calls):
    await bot.get_me()
    with pytest.raises(TelegramAPIError, match="message to be replied not found"):
        await bot.send_message(ANNA, "a", reply_parameters=ReplyParameters(message_id=99))
    await bot.delete_messages(ANNA, [98])

    assert [(call["ok"], call["effect"]) for call in await calls()] == [(True, False), (False, False), (True, False)]


async def test_the_long_poll_is_recorded_only_when_it_failed(bot, people, calls):
    await bot.get_updates()
    first = asyncio.create_task(bot.get_updates(timeout=30))
    while (await people.state())["counters"]["calls_by_method"]["getUpdates"] < 2:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)
    await bot.get_updates()
    with pytest.raises(TelegramConflictError):
        await first

    assert [(call["method"], call["error_code"]) for call in await calls()] == [("getUpdates", 409)]


async def test_a_call_inside_of_a_pause_is_known_by_its_arrival(bot, people, calls, clock):
    await people.fault("sendMessage", retry_after=3000, chat_id=ANNA)
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(ANNA, "one")
    until = clock.now + 3000
    await bot.send_message(OLEG, "somebody else")
    clock.now = until - 0.5
    await bot.send_chat_action(ANNA, "typing")
    pauses = (await people.journal())["pauses"]
    clock.now = until
    await bot.send_message(ANNA, "two")

    assert pauses == [{"chat_id": ANNA, "method": None, "until": until}]
    assert [(call["chat_id"], call["retry_after"], call["in_pause"]) for call in await calls()] == [
        (ANNA, 3000, False),
        (OLEG, None, False),
        (ANNA, None, True),
        (ANNA, None, False),
    ]
    assert (await people.journal())["pauses"] == []


async def test_a_429_without_a_chat_pauses_the_method(bot, people, calls):
    await people.fault("getMe", retry_after=5)
    with pytest.raises(TelegramRetryAfter):
        await bot.get_me()
    await bot.get_my_commands()
    await bot.get_me()

    assert [(call["method"], call["in_pause"]) for call in await calls()] == [
        ("getMe", False),
        ("getMyCommands", False),
        ("getMe", True),
    ]


async def test_the_flood_limits_begin_a_pause_too(bot, calls):
    for _ in range(3):
        await bot.send_message(ANNA, "a")
    for _ in range(2):
        with pytest.raises(TelegramRetryAfter):
            await bot.send_message(ANNA, "a")

    assert [call["in_pause"] for call in await calls()] == [False, False, False, False, True]


def test_only_the_last_calls_are_kept_and_numbers_go_on(clock):
    journal = Journal(clock, kept=3)
    for number in range(5):
        journal.record(Entry(clock(), "getMe", chat_id=number))

    assert [entry["n"] for entry in journal.after(0)] == [3, 4, 5]
    assert [entry["chat_id"] for entry in journal.after(4)] == [4]
