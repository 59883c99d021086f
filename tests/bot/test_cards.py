"""Several cards of one conversation on their way: only the newest stays."""

import pytest
from sqlalchemy import select, update

from bot.aftermath import Aftermath
from bot.sending import Ended, Made
from sandbox.world import ANNA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository
from support.deliveries import Begun, DeliveryState
from support.tables import EscalationRow
from support.transport_tables import DeliveryRow
from tests.bot.office import Office


@pytest.fixture
async def office(database, desk):
    return Office(database, desk)


async def send_another(office, escalation_id):
    async with office.units.open() as unit:
        escalation = await unit.session.get_one(EscalationRow, escalation_id)
        customer = await CustomerRepository(unit.session).by_id(escalation.customer_id)
        await office.renderer.send_card(unit, customer, escalation, "card:transfer")


async def arrive(office, key, message_id):
    """A card that was being sent has arrived."""
    aftermath = Aftermath(office.desk, office.renderer, office.groups, ())
    async with office.units.open() as unit:
        row = (await unit.session.scalars(select(DeliveryRow).where(DeliveryRow.key == key))).one()
        row.state, row.message_id = DeliveryState.DELIVERED, message_id
        ended = Ended(DeliveryState.DELIVERED, message_ids=(message_id,))
        await aftermath.follow(unit, Made(row, Begun(row.payload, (), 1), ended, OPERATORS_CHAT_ID))


async def customer_of(office):
    async with office.units.open() as unit:
        return await CustomerRepository(unit.session).by_chat(ANNA)


async def test_a_card_that_has_not_gone_out_gives_way_to_a_newer_one(office):
    escalation = await office.escalate()

    await send_another(office, escalation)

    assert (await office.row(f"escalation:{escalation}:card")).state == DeliveryState.WITHDRAWN
    assert (await office.row(f"escalation:{escalation}:told")).state == DeliveryState.PENDING
    assert (await office.row("card:transfer")).state == DeliveryState.PENDING


@pytest.mark.parametrize("newer_first", [False, True])
async def test_of_two_cards_that_arrive_only_the_newer_one_stays_pinned_whatever_the_order(office, newer_first):
    escalation = await office.escalate()
    first = f"escalation:{escalation}:card"
    async with office.database.writing() as session:
        sent = update(DeliveryRow).where(DeliveryRow.key == first).values(state=DeliveryState.ATTEMPTING)
        await session.execute(sent)
    await send_another(office, escalation)

    arrivals = [(first, 11), ("card:transfer", 12)]
    for key, message_id in reversed(arrivals) if newer_first else arrivals:
        await arrive(office, key, message_id)

    assert (await customer_of(office)).card_id == 12
    pins = await office.keys(f"pin:{OPERATORS_CHAT_ID}")
    pinned = [f"pin:{OPERATORS_CHAT_ID}:{number}" for number in (11, 12)]
    assert pins == ([pinned[1]] if newer_first else [pinned[0], f"{pinned[0]}:over", pinned[1]])
