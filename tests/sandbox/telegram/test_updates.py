import asyncio

import aiohttp
import pytest
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import GetUpdates

from sandbox.client import SandboxError
from sandbox.world import ANNA, DEMO_TOKEN, OLEG, OPERATORS_CHAT_ID


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
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=topic.message_thread_id)
    created = await bot.get_updates()
    world.chat(OPERATORS_CHAT_ID).members[bot.id]["status"] = "member"
    for text in ("among us", "/stats", "ask @otvet_demo_bot"):
        await people.say(9001, text, chat_id=OPERATORS_CHAT_ID)
    await people.in_topic(9001, OPERATORS_CHAT_ID, topic.message_thread_id, "in its topic")
    await people.say(9001, "to its card", chat_id=OPERATORS_CHAT_ID, reply_to=card.message_id)

    heard = await bot.get_updates(offset=created[-1].update_id + 1)
    assert texts(heard) == ["/stats", "ask @otvet_demo_bot", "to its card"]


async def confirm(bot, updates):
    """Poll on as aiogram does: after the last update that was handed out."""
    return await bot.get_updates(offset=updates[-1].update_id + 1)


async def test_a_duplicate_comes_again_after_it_was_confirmed(bot, people):
    await people.update_faults(duplicate=2)
    for text in ("one", "two", "three"):
        await people.say(ANNA, text)
    first = await bot.get_updates(limit=2)
    second = await confirm(bot, first)
    third = await confirm(bot, second)

    assert texts(first) == ["one", "two"]
    assert texts(second) == ["one", "two", "three"]
    assert [update.update_id for update in second[:2]] == [update.update_id for update in first]
    assert third == []


async def test_a_duplicate_waits_until_it_was_handed_out_again(bot, people):
    await people.update_faults(duplicate=2)
    for text in ("one", "two"):
        await people.say(ANNA, text)
    first = await bot.get_updates()
    again = await bot.get_updates(offset=first[-1].update_id + 1, limit=1)
    rest = await bot.get_updates(offset=first[-1].update_id + 1)

    assert (texts(again), texts(rest)) == (["one"], ["two"])


async def test_duplicates_can_be_called_off(bot, people):
    await people.update_faults(duplicate=5)
    await people.clear_update_faults()
    await people.say(ANNA, "once")

    assert await confirm(bot, await bot.get_updates()) == []


async def test_updates_come_in_another_order_as_soon_as_all_are_there(bot, people):
    await people.say(ANNA, "one")
    await people.update_faults(reorder=4)
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    for text in ("two", "three", "four"):
        assert not poll.done()
        await people.say(ANNA, text)
    await people.say(ANNA, "five")
    got = await asyncio.wait_for(poll, 5)

    assert sorted(texts(got)) == ["four", "one", "three", "two"]
    assert texts(got) != ["one", "two", "three", "four"]
    assert texts(await bot.get_updates())[4:] == ["five"]


async def test_what_was_confirmed_out_of_order_leaves_the_rest(bot, people, world):
    world.random.seed(2)
    await people.update_faults(reorder=3)
    for text in ("one", "two", "three"):
        await people.say(ANNA, text)
    got = await bot.get_updates()
    left = await confirm(bot, got)

    assert [update.update_id for update in left] == [
        update.update_id for update in got if update.update_id > got[-1].update_id
    ]


async def test_updates_pile_up_and_come_at_once(bot, people):
    await people.update_faults(hold_s=0.4)
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    for text in ("one", "two", "three"):
        await people.say(ANNA, text)
    during = await bot.get_updates()
    with pytest.raises(TelegramConflictError):
        await poll
    after = await asyncio.wait_for(bot.get_updates(timeout=30), 5)

    assert during == []
    assert texts(after) == ["one", "two", "three"]


async def test_held_updates_may_come_in_another_order(bot, people):
    await people.update_faults(reorder=2, hold_s=0.3)
    for text in ("one", "two", "three"):
        await people.say(ANNA, text)

    assert texts(await asyncio.wait_for(bot.get_updates(timeout=30), 5)) == ["two", "one", "three"]


async def test_raw_updates_of_any_shape_are_handed_out(server, people):
    ids = [
        await people.put_update("galaxy_collapsed", {"stars": 5}),
        await people.put_update("message", "no object"),
        await people.put_update("message"),
        await people.put_update(None),
    ]
    url = f"{server.url}/bot{DEMO_TOKEN}/getUpdates"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        got = (await response.json())["result"]

    assert got == [
        {"update_id": ids[0], "galaxy_collapsed": {"stars": 5}},
        {"update_id": ids[1], "message": "no object"},
        {"update_id": ids[2], "message": None},
        {"update_id": ids[3]},
    ]
    with pytest.raises(SandboxError, match="not for you to choose"):
        await people.put_update("update_id", "x")


@pytest.mark.parametrize("next_id", [7, 900_000])
async def test_ids_restart_lower_or_higher_and_nothing_is_lost(bot, people, next_id):
    await people.restart_updates(500)
    await people.say(ANNA, "before")
    before = await bot.get_updates()
    assert await confirm(bot, before) == []
    await people.restart_updates(next_id)
    await people.say(ANNA, "after")
    after = await confirm(bot, before)

    assert [(update.update_id, update.message.text) for update in after] == [(next_id, "after")]
    assert await confirm(bot, after) == []


async def test_order_of_update_faults_is_checked(people):
    with pytest.raises(SandboxError, match="reorder"):
        await people.update_faults(reorder=1)
