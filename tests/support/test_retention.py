from datetime import timedelta

import pytest
from sqlalchemy import func, select

from support import retention
from support.desk_file import Retention
from support.tables import AnswerRow, EscalationRow, MessageRow, TurnRow
from support.transport_tables import CounterpartRow, DeliveryRow, InboxRow

PERIODS = Retention(messages_days=30, updates_days=7)
LONG_AGO = timedelta(days=40)


def update_of(number, at, *, handled=True):
    return InboxRow(
        bot_id=1, update_id=number, lane=101, payload="", received_at=at, handled_at=at if handled else None, attempts=0
    )


def call_of(key, at, *, state="delivered", customer=None):
    return DeliveryRow(
        key=key,
        customer_id=customer,
        to_topic=False,
        method="SendMessage",
        payload={"text": "слова"},
        priority=0,
        state=state,
        created_at=at,
        finished_at=at if state == "delivered" else None,
        attempted_at=at,
    )


def turn_of(customer, at, **more):
    times = {"opened_at": at, "closes_at": at, "finished_at": at}
    values = {"state": "answered", "text": "вопрос", "language": "ru", "job": "{}", "trace": {"a": 1}, **times, **more}
    return TurnRow(customer_id=customer.id, **values)


def message_of(customer, number, at):
    return MessageRow(
        customer_id=customer.id,
        chat_id=customer.chat_id,
        message_id=number,
        speaker="customer",
        kind="text",
        text=f"слова {number}",
        created_at=at,
    )


async def take_away(session, now, *, batches=100):
    """Do what the loop does, at most so many batches."""
    taken = {}
    for step, before in retention.steps(PERIODS, now):
        while batches and (ids := list(await session.scalars(step.find(before).limit(2)))):
            taken[step.name] = taken.get(step.name, 0) + await step.take(session, ids)
            batches -= 1
    return taken


async def count(session, table, *where):
    return await session.scalar(select(func.count()).select_from(table).where(*where))


async def test_updates_and_ended_calls_go_and_the_unfinished_stay(session, anna, now):
    old = now - LONG_AGO
    session.add_all(update_of(number, old) for number in range(5))
    session.add_all([update_of(10, old, handled=False), update_of(11, now)])
    session.add_all(call_of(f"turn:{number}:1:Answered", old) for number in range(5))
    session.add_all([call_of("turn:9:1:Answered", old, state="pending"), call_of("turn:10:1:Answered", now)])
    session.add(call_of("digest:-100:1", old))
    await session.flush()

    assert await take_away(session, now) == {"updates": 5, "calls": 5}
    assert await count(session, InboxRow) == 2
    left = set(await session.scalars(select(DeliveryRow.key)))
    assert left == {"turn:9:1:Answered", "turn:10:1:Answered", "digest:-100:1"}


async def test_of_an_open_conversation_nothing_goes_however_old(session, anna, now):
    old = now - LONG_AGO
    session.add_all([turn_of(anna, old), message_of(anna, 1, old)])
    session.add(call_of("escalation:1:card", old, customer=anna.id))
    session.add(EscalationRow(customer_id=anna.id, reason="complaint", question="слова", opened_at=old))
    session.add(call_of("newest", now))
    await session.flush()
    assert await take_away(session, now) == {}


async def test_words_of_closed_conversations_go_and_what_is_counted_stays(session, anna, now):
    old = now - LONG_AGO
    turn, fresh = turn_of(anna, old), turn_of(anna, now)
    session.add_all([turn, fresh, message_of(anna, 1, old), message_of(anna, 2, now)])
    await session.flush()
    session.add(
        AnswerRow(turn_id=turn.id, text="ответ", draft={"text": "ответ"}, rating=1, cache_key="k", created_at=old)
    )
    closed = {"opened_at": old, "closed_at": old, "rating": 4, "rating_text": "спасибо", "draft": "черновик"}
    session.add(EscalationRow(customer_id=anna.id, reason="complaint", question="слова", **closed))
    where = {"source_chat_id": anna.chat_id, "source_id": 1, "copy_chat_id": -100, "copy_id": 7}
    session.add(CounterpartRow(customer_id=anna.id, **where))
    await session.flush()

    taken = await take_away(session, now)
    assert taken == {"messages": 1, "turns": 1, "answers": 1, "escalations": 1}
    session.expire_all()
    assert await count(session, CounterpartRow) == 0
    assert list(await session.scalars(select(MessageRow.text))) == ["слова 2"]
    assert [(row.text, row.job) for row in await session.scalars(select(TurnRow).order_by(TurnRow.id))] == [
        ("", None),
        ("вопрос", "{}"),
    ]
    answer = await session.scalar(select(AnswerRow))
    assert (answer.text, answer.draft, answer.cache_key, answer.rating) == ("", {}, None, 1)
    row = await session.scalar(select(EscalationRow))
    assert (row.question, row.draft, row.rating_text, row.rating) == ("", None, None, 4)


async def test_what_was_cut_short_goes_on_where_it_was(session, anna, now):
    session.add_all(update_of(number, now - LONG_AGO) for number in range(9))
    session.add(update_of(20, now))
    await session.flush()
    assert await take_away(session, now, batches=2) == {"updates": 4}
    assert await take_away(session, now) == {"updates": 5}


async def test_who_has_been_silent_for_the_whole_period_is_forgotten(session, add_customer, now):
    silent, talking, banned, fresh = [await add_customer(chat_id) for chat_id in (101, 102, 103, 104)]
    for customer in (silent, talking, banned):
        customer.created_at = now - LONG_AGO
    banned.banned_at = now - LONG_AGO
    fresh.created_at = now
    session.add(message_of(talking, 1, now))
    await session.flush()
    assert list(await session.scalars(retention.forgotten(PERIODS, now))) == [silent.id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_zero_days_keep_everything(session, anna, now):
    assert retention.steps(Retention(messages_days=0, updates_days=0), now) == []
    assert retention.forgotten(Retention(messages_days=0), now) is None
