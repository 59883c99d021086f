import asyncio

import pytest
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import GetUpdates

from sandbox.world import ANNA, OLEG, OPERATORS_CHAT_ID


async def polling(server):
    """Return when a long poll has reached the server."""
    while server.world.calls["getUpdates"] == 0:  # noqa: ASYNC110 - the server has no event for that
        await asyncio.sleep(0)


def texts(updates):
    return [update.message.text for update in updates]


async def test_unconfirmed_updates_are_delivered_again(bot, people):
    for text in ("one", "two", "three"):
        await people.say(ANNA, text)
    first = await bot.get_updates()
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=first[1].update_id + 1)
    after = await bot.get_updates()

    assert texts(first) == texts(again) == ["one", "two", "three"]
    assert texts(rest) == texts(after) == ["three"]


async def test_limit_cuts_the_batch_from_the_old_end(bot, people):
    for number in range(3):
        await people.say(ANNA, str(number))

    assert texts(await bot.get_updates(limit=2)) == ["0", "1"]


async def test_negative_offset_keeps_only_the_last(bot, people):
    for number in range(3):
        await people.say(ANNA, str(number))

    assert texts(await bot.get_updates(offset=-1)) == ["2"]
    assert texts(await bot.get_updates()) == ["2"]


async def test_long_poll_returns_as_soon_as_something_comes(bot, people, server):
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await polling(server)
    await people.say(OLEG, "hi")

    assert texts(await asyncio.wait_for(poll, 5)) == ["hi"]


async def test_long_poll_ends_empty_after_its_timeout(bot):
    assert await bot.get_updates(timeout=1) == []


async def test_second_poller_ends_the_first_one_with_a_conflict(bot, people, server):
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await polling(server)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await first
    await people.say(ANNA, "still heard")

    assert texts(await second) == ["still heard"]


async def test_reactions_come_only_when_asked_for(bot, people):
    message = await people.say(ANNA, "thanks")
    await people.react(message, "👍")
    unasked = await bot.get_updates()
    await bot(GetUpdates(allowed_updates=["message", "message_reaction"]))
    await people.react(message, "🔥")
    asked = await bot.get_updates(offset=unasked[-1].update_id + 1)

    assert [update.event_type for update in unasked] == ["message"]
    assert [update.event_type for update in asked] == ["message_reaction"]
    assert asked[0].message_reaction.old_reaction[0].emoji == "👍"
    assert asked[0].message_reaction.new_reaction[0].emoji == "🔥"


async def test_kinds_not_asked_for_are_lost(bot, people):
    await bot.get_updates(allowed_updates=["callback_query"])
    await people.say(ANNA, "lost")
    await bot.get_updates(allowed_updates=[])

    assert await bot.get_updates() == []


async def test_bot_without_admin_rights_hears_only_what_is_meant_for_it(bot, people, world):
    world.chat(OPERATORS_CHAT_ID).members[bot.id]["status"] = "member"
    for text in ("among us", "/stats", "ask @otvet_demo_bot"):
        await people.say(9001, text, chat_id=OPERATORS_CHAT_ID)

    assert texts(await bot.get_updates()) == ["/stats", "ask @otvet_demo_bot"]
