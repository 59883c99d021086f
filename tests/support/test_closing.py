from datetime import timedelta

import pytest
from sqlalchemy import select

from support import closing
from support.desk_file import Closing
from support.escalations import EscalationReason, EscalationRepository, replied
from support.outcomes import Collected, ForOperator
from support.ratings import add_word, asked_for_a_word, score
from support.tables import AuditRow
from support.transport_tables import DeliveryRow
from support.turns import Words

MARIA = 9001
MINUTE = timedelta(minutes=1)


@pytest.fixture
def talk(session, anna, now):
    """Open a conversation that an operator has answered."""

    async def begin(*, answered=True):
        row, _ = await EscalationRepository(session).open(anna.id, EscalationReason.COMPLAINT, now)
        row.assignee_id = MARIA
        if answered:
            replied(anna, row, now)
        return row

    return begin


@pytest.fixture
def write(desk, session, anna):
    """A customer writes; return what the desk does with it."""

    async def write(text, at, kind="text"):
        words = Words(int(at.timestamp()), kind, text)
        return await desk.receive(session, anna, words, at)

    return write


async def test_a_reason_is_stored_and_audited_and_may_come_later(session, anna, now, talk):
    first = await talk()
    await closing.close(session, anna, MARIA, now, Closing(), reason="решено")
    second = await talk()
    await closing.close(session, anna, MARIA, now, Closing())
    await closing.give_reason(session, second.id, MARIA, "ошибочное обращение", now)
    await session.flush()

    assert (first.close_reason, second.close_reason) == ("решено", "ошибочное обращение")
    audit = [(row.action, row.detail.get("reason")) for row in await session.scalars(select(AuditRow))]
    assert audit == [
        ("escalation_closed", "решено"),
        ("escalation_closed", None),
        ("close_reason", "ошибочное обращение"),
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("А доставка когда?", "text"), ("не работает", "text"), ("", "photo"), ("спасибо, но ничего не вышло", "text")],
)
async def test_what_a_customer_writes_soon_after_closing_goes_to_the_same_operator(
    session, anna, now, talk, write, text, kind
):
    row = await talk()
    await closing.close(session, anna, MARIA, now, Closing(), reason="решено")

    assert await write(text, now + 9 * MINUTE, kind) == ForOperator()

    assert (row.closed_at, row.close_reason, row.rating_asked_at) == (None, None, None)
    assert (row.assignee_id, row.waiting_since) == (MARIA, now + 9 * MINUTE)


@pytest.mark.parametrize(
    ("text", "kind"), [("Спасибо!", "text"), ("ок, до свидания", "text"), ("👍", "text"), ("", "sticker")]
)
async def test_a_goodbye_reopens_nothing(session, anna, now, talk, write, text, kind):
    row = await talk()
    await closing.close(session, anna, MARIA, now, Closing())

    assert isinstance(await write(text, now + MINUTE, kind), Collected)
    assert row.closed_at == now


async def test_later_without_an_answer_or_after_giving_back_the_bot_answers(session, anna, now, talk, write):
    await talk()
    await closing.close(session, anna, MARIA, now, Closing())
    assert isinstance(await write("А доставка когда?", now + 10 * MINUTE), Collected)
    await talk(answered=False)
    await closing.close(session, anna, MARIA, now, Closing())
    assert isinstance(await write("А доставка когда?", now + MINUTE), Collected)
    await talk()
    await closing.give_back(session, anna, MARIA, now)
    assert isinstance(await write("А доставка когда?", now + 2 * MINUTE), Collected)
    await talk()
    await closing.close(session, anna, MARIA, now, Closing())
    assert await closing.give_back(session, anna, MARIA, now) is not None
    assert isinstance(await write("А доставка когда?", now + 3 * MINUTE), Collected)

    assert await closing.give_back(session, anna, MARIA, now) is None


async def test_a_rating_is_asked_for_when_an_operator_has_answered_and_the_desk_wants_it(session, anna, now, talk):
    asked = [
        (await talk(answered=answered), (await closing.close(session, anna, MARIA, now, Closing(ask_rating=ask))))[1]
        for answered, ask in ((True, True), (True, False), (False, True))
    ]

    assert [row.rating_asked_at is not None for row in asked] == [True, False, False]


async def test_only_the_customer_rates_his_closed_conversation_from_one_to_five(session, anna, add_customer, now, talk):
    oleg, row = await add_customer(102, name="Олег"), await talk()
    assert await score(session, anna, row.id, 5, now) is None
    await closing.close(session, anna, MARIA, now, Closing())

    assert await score(session, oleg, row.id, 1, now) is None
    assert await score(session, anna, row.id, 6, now) is None
    assert row.rating is None
    await score(session, anna, row.id, 2, now)
    await score(session, anna, row.id, 4, now)

    assert row.rating == 4


async def test_a_reply_to_the_request_is_the_word_and_a_reply_to_anything_else_is_not(session, anna, now, talk):
    row = await talk()
    await closing.close(session, anna, MARIA, now, Closing())
    for message_id, key in ((7, f"escalation:{row.id}:closed:1"), (8, f"escalation:{row.id}:word:1"), (9, "turn:1")):
        session.add(
            DeliveryRow(
                key=key,
                customer_id=anna.id,
                chat_id=anna.chat_id,
                method="SendMessage",
                payload={},
                priority=0,
                state="delivered",
                message_id=message_id,
                created_at=now,
            )
        )
    await session.flush()

    assert await asked_for_a_word(session, anna.id, 7, now + MINUTE) is None, "a question in reply to the farewell"
    await score(session, anna, row.id, 5, now)
    found = [await asked_for_a_word(session, anna.id, number, now + MINUTE) for number in (7, 8, 9, 10)]
    assert found == [row, row, None, None]
    assert await asked_for_a_word(session, anna.id, 7, now + timedelta(days=3)) is None
    add_word(anna, row, "Быстро", now)
    add_word(anna, row, "и вежливо", now)
    assert row.rating_text == "Быстро\nи вежливо"
