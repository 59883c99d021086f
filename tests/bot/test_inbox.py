import asyncio
import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bot.inbox import MAX_ATTEMPTS, Inbox, lane_of
from bot.polling import Poller
from bot.unit import Units
from sandbox.world import ANNA, DEMO_TOKEN, EMMA
from support.orders.ahead import OrderWanted
from support.transport_tables import InboxRow


def message(update_id, chat_id=ANNA, words="привет"):
    return {
        "update_id": update_id,
        "message": {"message_id": update_id, "chat": {"id": chat_id, "type": "private"}, "text": words},
    }


class Handlers:
    """What an inbox calls: remembers, and does what a test says."""

    def __init__(self):
        self.handled = []
        self.given_up = []
        self.on_handle = None

    async def handle(self, unit, incoming):
        if self.on_handle:
            await self.on_handle(unit, incoming)
        self.handled.append(incoming["update_id"])

    async def give_up(self, _unit, incoming):
        self.given_up.append(incoming["update_id"])


@pytest.fixture
def handlers():
    return Handlers()


@pytest.fixture
async def make_inbox(database):
    made = []

    def make(handlers):
        units = Units(database, lambda: None)
        inbox = Inbox(1, database, units, handlers.handle, handlers.give_up, retry_pause_s=0.01)
        made.append((inbox, asyncio.create_task(inbox.run())))
        return inbox

    async def kill(killed):
        for inbox, task in made:
            if inbox is killed:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    make.kill = kill
    yield make
    for inbox, task in made:
        await inbox.stop(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def inbox(make_inbox, handlers):
    return make_inbox(handlers)


@pytest.fixture
def rows(database):
    async def read():
        async with database.reading() as session:
            return list(await session.scalars(select(InboxRow).order_by(InboxRow.id)))

    return read


@pytest.fixture
def all_handled(rows, eventually):
    async def wait():
        async def done():
            found = await rows()
            return found if all(row.handled_at for row in found) else None

        return await eventually(done)

    return wait


async def test_an_update_is_stored_when_store_returns(inbox, rows):
    await inbox.store([message(1)])

    assert [row.update_id for row in await rows()] == [1]


async def test_a_chat_whose_update_fails_does_not_hold_up_another(inbox, handlers, eventually):
    async def fail_for_anna(unit, incoming):
        if incoming["message"]["chat"]["id"] == ANNA and EMMA not in chats:
            raise RuntimeError
        chats.append(incoming["message"]["chat"]["id"])

    chats = []
    handlers.on_handle = fail_for_anna
    await inbox.store([message(1, ANNA), message(2, EMMA)])

    async def both():
        return len(chats) == 2

    await eventually(both)
    assert chats == [EMMA, ANNA]


async def test_a_twin_is_dropped(inbox, handlers, all_handled):
    await inbox.store([message(1), message(1)])
    await inbox.store([message(1), message(2)])
    await all_handled()

    assert handlers.handled == [1, 2]


async def test_updates_of_a_chat_are_handled_in_order(inbox, handlers, all_handled):
    async def slower_at_first(unit, incoming):
        await asyncio.sleep(0.05 / incoming["update_id"])

    handlers.on_handle = slower_at_first
    await inbox.store([message(number) for number in range(1, 6)])
    await all_handled()

    assert handlers.handled == [1, 2, 3, 4, 5]


async def test_an_update_that_raises_is_tried_again(inbox, handlers, all_handled):
    failures = iter([RuntimeError("once"), RuntimeError("twice")])

    async def fail_twice(unit, incoming):
        if error := next(failures, None):
            raise error

    handlers.on_handle = fail_twice
    await inbox.store([message(1)])
    await all_handled()

    assert (handlers.handled, handlers.given_up) == ([1], [])


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("always"),
        IntegrityError("always", {}, Exception()),
        PermissionError("a file of ours"),
        TimeoutError(),
    ],
)
async def test_an_update_that_always_raises_is_given_to_a_person_and_the_next_one_is_handled(
    inbox, handlers, all_handled, error
):
    tries = 0

    async def fail(unit, incoming):
        nonlocal tries
        if incoming["update_id"] == 1:
            tries += 1
            raise error

    handlers.on_handle = fail
    await inbox.store([message(1), message(2)])
    found = await all_handled()

    assert tries == 1 + MAX_ATTEMPTS  # once among others, then alone
    assert (handlers.given_up, handlers.handled) == ([1], [2])
    assert [row.error for row in found] == ["given up", None]


async def test_what_even_a_person_cannot_get_is_kept_and_blocks_nobody(make_inbox, handlers, all_handled):
    async def fail(unit, incoming):
        if incoming["update_id"] == 1:
            raise RuntimeError

    async def fail_too(unit, incoming):
        raise RuntimeError

    handlers.on_handle, handlers.give_up = fail, fail_too
    inbox = make_inbox(handlers)
    await inbox.store([message(1), message(2)])
    found = await all_handled()

    assert handlers.handled == [2]
    assert found[0].error == "failed"
    assert json.loads(found[0].payload) == message(1)


async def test_what_a_handler_did_before_it_raised_is_undone(inbox, handlers, all_handled, database):
    failures = iter([RuntimeError("once")])

    async def write_and_fail(unit, incoming):
        await unit.session.execute(text("UPDATE customer SET name = name || '!' WHERE chat_id = 101"))
        if error := next(failures, None):
            raise error

    handlers.on_handle = write_and_fail
    await inbox.store([message(1)])
    await all_handled()

    async with database.reading() as session:
        assert await session.scalar(text("SELECT name FROM customer WHERE chat_id = 101")) == "Анна!"


async def test_a_handled_update_leaves_no_words_behind(inbox, all_handled):
    await inbox.store([message(1, words="мой телефон 89161234501")])

    [row] = await all_handled()

    assert row.payload == ""


async def test_after_a_restart_what_was_stored_is_handled(make_inbox, handlers, all_handled):
    dead = Handlers()

    async def die(unit, incoming):
        await asyncio.sleep(60)

    dead.on_handle = die
    killed = make_inbox(dead)
    await killed.store([message(1), message(2)])
    await asyncio.sleep(0.05)
    await make_inbox.kill(killed)

    make_inbox(handlers)
    await all_handled()

    assert handlers.handled == [1, 2]


async def test_a_kill_between_store_and_confirmation_leaves_no_twin(
    sandbox, people, make_inbox, handlers, all_handled, eventually
):
    await people.say(ANNA, "привет")
    stored = asyncio.Event()
    inbox = make_inbox(handlers)

    async def store_and_die(updates):
        await inbox.store(updates)
        stored.set()
        await asyncio.sleep(60)

    first = asyncio.create_task(Poller(sandbox.url, DEMO_TOKEN, store_and_die, lambda: None).run())
    await stored.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (await people.state())["updates_pending"] == 1

    second = asyncio.create_task(Poller(sandbox.url, DEMO_TOKEN, inbox.store, lambda: None).run())

    async def confirmed():
        return (await people.state())["updates_pending"] == 0

    await eventually(confirmed)
    await all_handled()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)

    assert len(handlers.handled) == 1


@pytest.mark.parametrize(
    ("update", "lane"),
    [
        (message(1, 55), 55),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "message": {"chat": {"id": -100}}}}, -100),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "inline_message_id": "x"}}, 7),
        ({"update_id": 1, "poll_answer": {"user": {"id": 9}}}, 9),
        ({"update_id": 1, "poll": {"id": "5"}}, 0),
        ({"update_id": 1, "message": None}, 0),
        ({"update_id": 1, "message": {"chat": "odd"}}, 0),
        ({"update_id": 1, "message": {"chat": {"id": "odd"}, "message": 5}}, 0),
        ({"update_id": 1}, 0),
    ],
)
def test_every_update_has_a_lane(update, lane):
    assert lane_of(update) == lane


async def test_half_a_character_is_stored_like_any_other(inbox, handlers, all_handled):
    await inbox.store([message(1, words="\ud83d")])
    await all_handled()

    assert handlers.handled == [1]


async def test_a_chat_that_waits_for_an_order_holds_up_nobody_and_no_transaction(
    inbox, handlers, database, eventually, all_handled
):
    async def fetch():
        fetching.set()
        await answer.wait()

    async def wants_an_order(unit, incoming):
        if incoming["update_id"] == 1 and not answer.is_set():
            raise OrderWanted(fetch)

    fetching, answer = asyncio.Event(), asyncio.Event()
    handlers.on_handle = wants_an_order
    await inbox.store([message(1, ANNA), message(2, ANNA), message(3, EMMA)])
    await asyncio.wait_for(fetching.wait(), 5)

    async def emma_is_served():
        return handlers.handled == [3]

    await eventually(emma_is_served)
    async with asyncio.timeout(1), database.writing():
        answer.set()
    await all_handled()

    assert handlers.handled == [3, 1, 2]
    assert handlers.given_up == []
