"""What happens on the desk because time passes: the ledger instead of Telegram."""

import pytest
from sqlalchemy import update

from sandbox.world import ANNA
from support.closing import BY_ITSELF
from support.desk_file import DeskFile
from support.tables import CustomerRow
from tests.bot.office import NOW, Office

HOUR = 3600


@pytest.fixture
async def office(database, desk):
    office = Office(database, desk)
    await office.lease.beat()
    return office


async def answered(office):
    """An operator has answered Anna; return her escalation."""
    escalation = await office.escalate(ANNA)
    await office.deliver()
    await office.reply(escalation)
    return escalation


async def test_who_keeps_silent_after_an_operators_words_is_warned_once_and_then_the_conversation_closes(office):
    escalation = await answered(office)

    await office.later(20 * HOUR - 1)
    assert await office.keys(":warned:") == []
    await office.later(2)
    office.start()
    await office.later(4 * HOUR - 10)
    [warning] = await office.texts_of(":warned:")
    assert warning == "Остались вопросы? Если да, просто напишите. Если нет, через 4 часа я закрою разговор."
    assert (await office.escalation(escalation)).closed_at is None

    await office.later(11)
    row = await office.escalation(escalation)
    assert (row.closed_by, row.close_reason) == (BY_ITSELF, "клиент не отвечает")
    [told] = await office.texts_of(f"escalation:{escalation}:closed:")
    assert told == (
        "Вы давно не отвечаете, поэтому закрываю разговор. Если вопрос остался, просто напишите.\n\n"
        "Как вам помогли? Оцените, пожалуйста, от 1 до 5."
    )


async def test_a_word_of_either_side_after_the_warning_keeps_the_conversation_open(office):
    escalation = await answered(office)
    await office.later(21 * HOUR)
    await office.hear(escalation)
    await office.later(30 * HOUR)
    assert (await office.escalation(escalation)).closed_at is None

    await office.reply(escalation)
    await office.later(21 * HOUR)
    await office.reply(escalation)
    await office.later(5 * HOUR)

    assert (await office.escalation(escalation)).closed_at is None
    assert len(await office.keys(":warned:")) == 2


async def test_who_waits_for_an_operator_is_never_closed(office):
    escalation = await office.escalate(ANNA)

    await office.later(100 * HOUR)
    await office.later(100 * HOUR)

    assert (await office.escalation(escalation)).closed_at is None


@pytest.mark.parametrize("hours", [0, 20])
async def test_a_silent_customer_who_does_not_hear_the_bot_is_closed_without_a_word_and_zero_closes_nobody(
    database, desk, hours
):
    office = Office(database, desk, file=DeskFile.model_validate({"closing": {"warn_after_h": hours}}))
    await office.lease.beat()
    escalation = await answered(office)
    async with database.writing() as session:
        await session.execute(update(CustomerRow).values(blocked_at=NOW))

    await office.later(21 * HOUR)
    await office.later(5 * HOUR)

    assert ((await office.escalation(escalation)).closed_at is None) == (hours == 0)
    assert await office.keys(":warned:") == await office.keys(f"escalation:{escalation}:closed:") == []


async def test_nobody_is_warned_at_night(database, desk):
    week = {day: [{"begins": "09:00", "ends": "18:00"}] for day in ("thu", "fri")}
    office = Office(database, desk, file=DeskFile.model_validate({"hours": {"zone": "UTC", "week": week}}))
    await office.lease.beat()
    await answered(office)

    await office.later(20 * HOUR + 1)
    assert await office.keys(":warned:") == []
    await office.later(HOUR)

    assert len(await office.keys(":warned:")) == 1


@pytest.mark.parametrize(
    ("closes_after", "week", "said"),
    [
        # Friday at nine, four hours later: open. Fifteen hours later it is not before Monday.
        (4, ("thu", "fri", "mon"), "через 4 часа"),
        (15, ("thu", "fri", "mon"), "в понедельник в 9:00"),
        (1.5, ("thu", "fri", "mon"), "сегодня в 10:30"),
    ],
)
async def test_a_warning_promises_only_when_the_conversation_really_closes(database, desk, closes_after, week, said):
    hours = {"zone": "UTC", "week": {day: [{"begins": "09:00", "ends": "18:00"}] for day in week}}
    closing = {"close_after_warning_h": closes_after}
    office = Office(database, desk, file=DeskFile.model_validate({"hours": hours, "closing": closing}))
    await office.lease.beat()
    escalation = await answered(office)
    await office.later(21 * HOUR)

    [warning] = await office.texts_of(":warned:")

    assert said in warning
    until = {4: 4, 15: 72, 1.5: 1.5}[closes_after] * HOUR
    await office.later(until - 1)
    assert (await office.escalation(escalation)).closed_at is None
    await office.later(1)
    assert (await office.escalation(escalation)).closed_at is not None
