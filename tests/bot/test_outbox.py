import asyncio
import time
from datetime import UTC, datetime

import pytest
from aiogram.methods import DeleteForumTopic, EditMessageText, SendMessage
from aiogram.types import ForumTopic
from aiohttp import web
from sqlalchemy import select

from bot.groups import Groups
from bot.topics import ElsewhereError, Topics
from bot.unit import Units
from sandbox.world import ANNA, EMMA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository, Person
from support.deliveries import DeliveryState, Priority
from support.tables import CustomerRow, MessageRow, TurnRow
from support.transport_tables import DeliveryRow
from tests.databases import ON_POSTGRES


async def say(units, text, chat_id=ANNA, priority=Priority.ANSWER):
    async with units.open() as unit:
        customer = await CustomerRepository(unit.session).by_chat(chat_id)
        call = SendMessage(chat_id=chat_id, text=text)
        await unit.to_chat(call, chat_id, f"test:{text}", priority=priority, customer=customer)


async def card(units, text, chat_id=ANNA):
    async with units.open() as unit:
        customer = await CustomerRepository(unit.session).by_chat(chat_id)
        await unit.to_topic(SendMessage(chat_id=0, text=text), customer, f"test:{text}", priority=Priority.CARD)


async def texts(people, chat_id):
    return [message["text"] for message in await people.messages(chat_id) if message.get("text")]


@pytest.fixture
def ended(deliveries, eventually):
    """Wait until every row of the ledger has ended; return their states."""

    async def wait(**more):
        async def all_ended():
            rows = await deliveries()
            return rows if all(row.finished_at for row in rows) else None

        return [row.state for row in await eventually(all_ended, **more)]

    return wait


async def test_calls_of_a_chat_go_out_in_order_and_once(bot, people, run_outbox, ended):
    async with run_outbox(bot) as units:
        for number in range(3):
            await say(units, f"слово {number}")
            await say(units, f"слово {number}")
        assert await ended() == ["delivered"] * 3

    assert await texts(people, ANNA) == ["слово 0", "слово 1", "слово 2"]


@pytest.mark.parametrize("database_url", [ON_POSTGRES], indirect=True)
async def test_what_is_committed_late_is_not_overtaken_in_its_chat(bot, people, run_outbox, ended):
    async with run_outbox(bot) as units:
        async with units.open() as late:
            customer = await CustomerRepository(late.session).by_chat(ANNA)
            call = SendMessage(chat_id=ANNA, text="первое")
            await late.to_chat(call, ANNA, "test:первое", priority=Priority.ANSWER, customer=customer)
            await late.session.flush()
            await say(units, "hello", EMMA)
            await people.wait_for_message(EMMA)
        await say(units, "второе")
        assert await ended() == ["delivered"] * 3

    assert await texts(people, ANNA) == ["первое", "второе"]


async def test_what_is_throttled_waits_as_long_as_told_and_stops_nobody_else(bot, people, run_outbox, ended):
    parameters = {"retry_after": 2}
    await people.fault("sendMessage", 429, "Too Many Requests: retry after 2", parameters=parameters, chat_id=ANNA)
    started = time.monotonic()
    async with run_outbox(bot) as units:
        await say(units, "первое")
        await say(units, "второе")
        await say(units, "hello", EMMA)
        await people.wait_for_message(EMMA)
        assert await texts(people, ANNA) == []
        await ended()

    assert time.monotonic() - started >= 2
    assert await texts(people, ANNA) == ["первое", "второе"]


async def test_a_customer_who_blocked_the_bot_is_known_as_such(bot, people, run_outbox, ended, database):
    await people.block(ANNA)
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == [DeliveryState.FAILED]

    async with database.reading() as session:
        blocked_at = await session.scalar(select(CustomerRow.blocked_at).where(CustomerRow.chat_id == ANNA))
    assert blocked_at is not None


async def test_a_deleted_topic_is_made_again_and_the_message_arrives_there(bot, people, run_outbox, ended):
    async with run_outbox(bot) as units:
        await card(units, "первая")
        await ended()
        [topic] = await people.topics(OPERATORS_CHAT_ID)
        await people.post(
            "topics/changes", chat_id=OPERATORS_CHAT_ID, user_id=9001, thread_id=topic["thread_id"], action="delete"
        )
        await card(units, "вторая")
        await ended()

    [again] = await people.topics(OPERATORS_CHAT_ID)
    assert again["thread_id"] != topic["thread_id"]
    sent = [message for message in await people.messages(OPERATORS_CHAT_ID) if message.get("text") == "вторая"]
    assert [message["message_thread_id"] for message in sent] == [again["thread_id"]]


async def test_a_group_that_swallows_topics_is_not_given_new_ones_for_ever(bot, people, run_outbox, ended):
    await people.fault("sendMessage", 400, "Bad Request: message thread not found", times=50)
    async with run_outbox(bot) as units:
        await card(units, "карточка")
        # Behind it: what each new topic would have begun with.
        assert await ended() == [DeliveryState.FAILED, DeliveryState.WITHDRAWN, DeliveryState.WITHDRAWN]

    assert len(await people.topics(OPERATORS_CHAT_ID)) <= 3


async def test_after_a_restart_a_customer_is_sought_in_the_group_where_his_topic_was_being_made(
    bot, people, run_outbox, database
):
    groups = (OPERATORS_CHAT_ID, OPERATORS_CHAT_ID - 1)
    await people.fault("createForumTopic", 502, "Bad Gateway", times=None)
    async with run_outbox(bot, groups=groups) as units:
        await card(units, "карточка")
        until = time.monotonic() + 10
        while not (calls := await made(people, "createForumTopic")):
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
    async with database.reading() as session:
        anna = await session.scalar(select(CustomerRow).where(CustomerRow.chat_id == ANNA))

    assert anna.topic_id is None
    busy = dict.fromkeys(groups, 0) | {calls[0]["chat_id"]: 50}
    restarted = Topics(bot, units, Groups(groups), texts=None)
    assert restarted.group_of(anna, busy) == calls[0]["chat_id"]


async def made(people, method):
    return [call for call in (await people.journal(0))["calls"] if call["method"] == method]


async def test_a_card_waits_for_its_topic_through_server_errors(bot, people, run_outbox, ended):
    await people.fault("createForumTopic", 502, "Bad Gateway", times=4)
    async with run_outbox(bot) as units:
        await card(units, "карточка")
        assert await ended() == [DeliveryState.DELIVERED]


async def test_what_telegram_refuses_fails_and_lets_the_next_one_through(bot, people, run_outbox, ended):
    await people.fault("sendMessage", 400, "Bad Request: message text is empty")
    async with run_outbox(bot) as units:
        await say(units, "первое")
        await say(units, "второе")
        assert await ended() == ["failed", "delivered"]


async def test_a_call_that_cannot_be_built_fails_and_lets_the_next_one_through(
    bot, database, people, run_outbox, ended
):
    async with run_outbox(bot) as units:
        async with units.open() as unit:
            now = datetime.now(UTC)
            row = DeliveryRow(
                key="bad", method="SendMessage", payload={}, priority=0, state="pending", chat_id=ANNA, created_at=now
            )
            unit.session.add(row)
        await say(units, "второе")
        assert await ended() == ["failed", "delivered"]


@pytest.mark.parametrize(("faults", "state", "calls"), [(1, "delivered", 2), (3, "unknown", 2)])
async def test_a_send_whose_outcome_is_unknown_is_repeated_once(
    bot, people, run_outbox, ended, sandbox, faults, state, calls
):
    await people.fault("sendMessage", 502, "Bad Gateway", times=faults)
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == [state]

    assert (await people.state())["counters"]["calls_by_method"]["sendMessage"] == calls


async def test_throttled_calls_do_not_use_up_the_repetition_of_an_unknown_one(bot, people, run_outbox, ended):
    await people.fault("sendMessage", 429, "Too Many Requests", times=2, parameters={"retry_after": 1})
    await people.fault("sendMessage", 502, "Bad Gateway")
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == ["delivered"]


async def test_an_edit_whose_outcome_is_unknown_is_not_repeated(bot, people, run_outbox, ended):
    await people.fault("editMessageText", 502, "Bad Gateway", times=2)
    async with run_outbox(bot) as units:
        async with units.open() as unit:
            edit = EditMessageText(chat_id=ANNA, message_id=1, text="правка")
            await unit.to_chat(edit, ANNA, "test:edit", priority=Priority.EDIT)
        assert await ended() == ["unknown"]


async def test_a_page_of_a_proxy_is_no_confirmation(connect, fake_telegram, run_outbox, ended):
    def page():
        return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")

    def confirmed():
        sent = {"message_id": 5, "date": 0, "chat": {"id": ANNA, "type": "private"}}
        return web.json_response({"ok": True, "result": sent})

    def answer():
        return page() if fake_telegram.calls.count("sendMessage") == 1 else confirmed()

    fake_telegram.answers["sendMessage"] = answer
    bot = connect(fake_telegram.url)
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == ["delivered"]
    await bot.session.close()

    assert fake_telegram.calls.count("sendMessage") == 2


async def test_a_confirmed_call_of_unknown_shape_is_not_repeated(connect, fake_telegram, run_outbox, ended):
    fake_telegram.answers["sendMessage"] = lambda: web.json_response({"ok": True, "result": {"new": "shape"}})
    bot = connect(fake_telegram.url)
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == ["delivered"]
    await bot.session.close()

    assert fake_telegram.calls.count("sendMessage") == 1


async def test_a_revoked_token_loses_no_answer(bot, people, run_outbox, ended):
    await people.fault("sendMessage", 401, "Unauthorized", times=3)
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        assert await ended() == ["delivered"]


async def test_what_cannot_be_sent_now_goes_out_later(sandbox, connect, people, run_outbox, ended):
    bot = connect("http://127.0.0.1:9")
    async with run_outbox(bot) as units:
        await say(units, "ответ")
        await asyncio.sleep(0.3)
        bot.session.api = connect(sandbox.url).session.api
        assert await ended() == ["delivered"]
    await bot.session.close()

    assert await texts(people, ANNA) == ["ответ"]


async def test_after_a_crash_answers_go_out_again_and_edits_do_not(
    bot, people, database, run_outbox, deliveries, eventually
):
    now = datetime.now(UTC)
    async with database.writing() as session:
        for key, method, priority, attempts in (
            ("answer", "SendMessage", 0, 1),
            ("twice", "SendMessage", 0, 2),
            ("edit", "EditMessageText", 3, 1),
        ):
            payload = {"chat_id": ANNA, "text": key} | ({"message_id": 1} if method == "EditMessageText" else {})
            row = DeliveryRow(
                key=key,
                method=method,
                payload=payload,
                priority=priority,
                attempts=attempts,
                state="attempting",
                chat_id=ANNA,
                created_at=now,
            )
            session.add(row)
    async with run_outbox(bot):
        await people.wait_for_message(ANNA)

        async def states():
            found = {row.key: row.state for row in await deliveries()}
            return found if found["answer"] == "delivered" else None

        assert await eventually(states) == {"answer": "delivered", "twice": "unknown", "edit": "unknown"}


async def test_an_answer_cut_off_twice_is_not_tried_again_and_a_person_hears_of_it(
    bot, database, run_outbox, deliveries, eventually
):
    now = datetime.now(UTC)
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        turn = TurnRow(
            customer_id=anna.id, state="answered", text="вопрос", language="ru", opened_at=now, closes_at=now
        )
        session.add(turn)
        await session.flush()
        row = DeliveryRow(
            key=f"turn:{turn.id}:1:Answered",
            method="SendMessage",
            payload={"chat_id": ANNA, "text": "ответ"},
            priority=0,
            attempts=2,
            state="attempting",
            chat_id=ANNA,
            customer_id=anna.id,
            turn_id=turn.id,
            created_at=now,
        )
        session.add(row)
    async with run_outbox(bot):

        async def card():
            return [row for row in await deliveries() if row.to_topic and row.state == "delivered"]

        await eventually(card)

    states = {row.key.split(":")[0]: row.state for row in await deliveries()}
    assert states["turn"] == "unknown"


async def test_an_answer_is_part_of_the_conversation_once_delivered(bot, people, database, run_outbox, ended):
    async with run_outbox(bot) as units:
        await say(units, "ответ бота")
        await ended()

    async with database.reading() as session:
        message = (await session.scalars(select(MessageRow))).one()
    assert (message.speaker, message.text) == ("bot", "ответ бота")


async def test_a_call_that_waited_while_the_conversation_moved_makes_no_topic_in_the_former_group(database):
    units = Units(database, lambda: None)
    elsewhere = OPERATORS_CHAT_ID - 1
    topics = Topics(None, units, Groups((OPERATORS_CHAT_ID, elsewhere)), None)
    async with units.open() as unit:
        customer = await CustomerRepository(unit.session).get_or_add(Person(ANNA, "Анна", None, "ru"), unit.now)
        # What bot.moving notes: the topic there is yet to be made.
        customer.topic_chat_id, customer.topic_id = elsewhere, None

    with pytest.raises(ElsewhereError):
        await topics.ensure(customer.id, OPERATORS_CHAT_ID)

    async with database.reading() as session:
        row = await session.get_one(CustomerRow, customer.id)
    assert (row.topic_chat_id, row.topic_id) == (elsewhere, None)


async def test_a_move_while_a_topic_is_being_made_stands_and_the_new_topic_goes(database, deliveries):
    units = Units(database, lambda: None)
    elsewhere = OPERATORS_CHAT_ID - 1
    async with units.open() as unit:
        customer = await CustomerRepository(unit.session).get_or_add(Person(ANNA, "Анна", None, "ru"), unit.now)

    class MovedMeanwhile:
        async def create_forum_topic(self, chat_id, name, **_more):
            async with units.open() as unit:
                row = await CustomerRepository(unit.session).by_id(customer.id)
                row.topic_chat_id, row.topic_id = elsewhere, 9
            assert chat_id == OPERATORS_CHAT_ID
            return ForumTopic(message_thread_id=5, name=name, icon_color=1)

    topics = Topics(MovedMeanwhile(), units, Groups((OPERATORS_CHAT_ID, elsewhere)), None)

    with pytest.raises(ElsewhereError):
        await topics.ensure(customer.id, OPERATORS_CHAT_ID)

    async with database.reading() as session:
        row = await session.get_one(CustomerRow, customer.id)
    assert (row.topic_chat_id, row.topic_id) == (elsewhere, 9)
    [unused] = await deliveries()
    assert (unused.method, unused.payload["message_thread_id"]) == ("DeleteForumTopic", 5)


async def test_an_erased_customers_topic_that_cannot_be_deleted_is_told_to_administrators(
    bot, people, run_outbox, ended, deliveries
):
    await people.fault("deleteForumTopic", 400, "Bad Request: not enough rights to delete the topic")
    async with run_outbox(bot) as units:
        async with units.open() as unit:
            call = DeleteForumTopic(chat_id=OPERATORS_CHAT_ID, message_thread_id=7)
            await unit.to_chat(call, OPERATORS_CHAT_ID, "erase:0a:topic:7", priority=Priority.EDIT)
        await ended()

    [_, told] = await deliveries()
    assert told.key.startswith("erase:0a:")
    assert "not enough rights" in told.payload["text"]
    assert told.payload["text"].endswith("/7")
