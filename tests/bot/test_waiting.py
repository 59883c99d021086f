"""Who waits is told so: the ledger instead of Telegram, a queue that the test fills."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.unit import Units
from sandbox.world import ANNA, EMMA, OPERATORS_CHAT_ID
from support.deliveries import DeliveryState
from support.escalations import EscalationReason
from support.tables import CustomerRow, EscalationRow
from tests.bot.office import NOW, Office


@pytest.fixture
async def office(database, desk):
    office = Office(database, desk)
    await office.lease.beat()
    return office


async def test_a_customer_whose_card_waits_is_told_his_place_once(office):
    first = await office.escalate(ANNA)
    second = await office.escalate(EMMA, "en")

    await office.later(19)
    assert await office.keys(":place") == []
    await office.later(2)
    await office.later(30)

    assert await office.keys(":place") == [f"escalation:{first}:place", f"escalation:{second}:place"]
    assert "оно следующее. Операторы увидят его примерно через 1 минуту" in await office.text(
        f"escalation:{first}:place"
    )
    assert "1 request is before it" in await office.text(f"escalation:{second}:place")


async def test_the_estimate_counts_the_calls_that_go_out_before(office):
    for number in range(30):
        last = await office.escalate(2000 + number)

    await office.later(21)
    await office.later(1)

    # Thirty new customers are sixty calls at nineteen a window of 63 s.
    text = await office.text(f"escalation:{last}:place")
    assert "перед ним ещё 29 обращений" in text
    assert "примерно через 4 минуты" in text


async def test_a_customer_whose_card_is_there_is_told_nothing(office):
    await office.escalate(ANNA)
    await office.deliver()

    await office.later(60)

    assert await office.keys(":place") == []


async def test_with_the_group_out_of_order_nobody_is_promised_a_time(office):
    escalation = await office.escalate(ANNA)
    office.groups.fail(OPERATORS_CHAT_ID, "kicked")

    await office.later(21)

    text = await office.text(f"escalation:{escalation}:place")
    assert "Связи с группой операторов сейчас нет" in text
    assert "минут" not in text


async def test_a_fresh_process_does_not_tell_again(office):
    await office.escalate(ANNA)
    await office.later(21)

    office.start()
    await office.later(5)

    assert len(await office.keys(":place")) == 1


async def test_a_wall_clock_that_was_set_back_delays_nothing(office):
    office.time.wall = lambda: NOW - timedelta(hours=1)
    office.units = Units(office.database, lambda: None, office.time.wall)
    office.start()
    async with office.database.writing() as session:
        anna = (await session.scalars(select(CustomerRow).where(CustomerRow.chat_id == ANNA))).one()
    await office.escalate(anna.chat_id)
    async with office.database.writing() as session:
        await session.execute(update(EscalationRow).values(opened_at=NOW + timedelta(hours=1)))

    await office.later(0)
    await office.later(21)

    assert len(await office.keys(":place")) == 1


async def test_a_customer_whose_question_waits_for_a_worker_is_told_how_many_are_before_him(office):
    first, second = await office.generate(ANNA), await office.generate(EMMA)

    await office.later(7)
    assert await office.keys(":queue") == []
    await office.later(2)
    await office.later(10)

    assert await office.keys(":queue") == [f"turn:{first}:queue", f"turn:{second}:queue"]
    assert "он следующий" in await office.text(f"turn:{first}:queue")
    assert "1 is before it. I will answer right here, and call" in await office.text(f"turn:{second}:queue")


async def test_who_waits_for_a_worker_is_told_about_when_he_is_answered(office):
    first, second = await office.generate(ANNA), await office.generate(EMMA)
    office.queue.seconds = 17.0

    await office.later(9)

    assert "Отвечу здесь же примерно через 20 с" in await office.text(f"turn:{first}:queue")
    assert "I will answer right here in about 40 s" in await office.text(f"turn:{second}:queue")


async def test_a_question_that_a_worker_has_taken_is_not_spoken_of(office):
    await office.generate(ANNA)
    office.queue.jobs.clear()

    await office.later(20)

    assert await office.keys(":queue") == []


async def test_with_redis_gone_the_cards_are_told_all_the_same(office):
    await office.generate(ANNA)
    await office.escalate(EMMA)
    office.queue.gone = True

    await office.later(30)

    assert await office.keys(":queue") == []
    assert len(await office.keys(":place")) == 1


async def test_an_operator_who_takes_over_withdraws_the_queue_message(office):
    turn = await office.generate(ANNA)
    await office.later(9)

    async with office.units.open() as unit:
        customer = (await unit.session.scalars(select(CustomerRow).where(CustomerRow.chat_id == ANNA))).one()
        await office.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)

    assert (await office.row(f"turn:{turn}:queue")).state == DeliveryState.WITHDRAWN


@pytest.mark.parametrize("column", ["banned_at", "blocked_at"])
async def test_who_does_not_hear_the_bot_is_told_nothing(office, column):
    await office.escalate(ANNA)
    await office.generate(EMMA)
    async with office.database.writing() as session:
        await session.execute(update(CustomerRow).values({column: NOW}))

    await office.later(30)

    assert await office.keys(":place") == await office.keys(":queue") == []


async def test_a_queue_message_that_fails_calls_nobody(database, desk, bot, people, run_outbox, eventually):
    await people.fault("sendMessage", 400, "Bad Request: something new", times=None)
    async with run_outbox(bot) as units:
        office = Office(database, desk, Units(database, units.wake_outbox, lambda: NOW))
        await office.lease.beat()
        turn = await office.generate(ANNA)
        await office.later(0)
        await office.later(9)

        async def failed():
            return (await office.row(f"turn:{turn}:queue")).state == DeliveryState.FAILED

        await eventually(failed)
    async with database.reading() as session:
        assert list(await session.scalars(select(EscalationRow))) == []
