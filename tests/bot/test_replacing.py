"""What becomes of the copy of a draft that its editor was shown."""

import pytest
from sqlalchemy import update

from bot import replacing
from sandbox.world import MARIA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository
from support.deliveries import DeliveryState
from support.tables import DeliveryRow
from tests.bot.office import Office

KEY = replacing.shown_key(5, MARIA)


@pytest.fixture
async def office(database, desk):
    office = Office(database, desk)
    escalation = await office.escalate()
    customer_id = (await office.escalation(escalation)).customer_id
    async with office.database.writing() as session:
        values = {"method": "SendMessage", "payload": {"text": "x"}, "priority": 2, "state": DeliveryState.PENDING}
        session.add(
            DeliveryRow(key=KEY, customer_id=customer_id, to_topic=True, created_at=office.time.wall(), **values)
        )
    return office, escalation


async def test_a_copy_that_has_not_gone_out_is_withdrawn_and_one_that_has_is_deleted(office):
    office, _ = office
    async with office.units.open() as unit:
        await replacing.take_copies(unit, 5)
    assert (await office.row(KEY)).state == DeliveryState.WITHDRAWN
    assert await office.keys(f"{KEY}:gone") == []

    async with office.database.writing() as session:
        sent = {"state": DeliveryState.DELIVERED, "message_id": 9, "peer_id": OPERATORS_CHAT_ID}
        await session.execute(update(DeliveryRow).where(DeliveryRow.key == KEY).values(sent))
    async with office.units.open() as unit:
        await replacing.take_copies(unit, 5)
    assert (await office.row(f"{KEY}:gone")).method == "DeleteMessage"


@pytest.mark.parametrize("edits", [True, False])
async def test_a_copy_that_arrives_when_nobody_edits_any_more_goes_again(office, edits):
    office, escalation = office
    if edits:
        await office.change(escalation, editing_turn_id=5, editing_by=MARIA)
    row = await office.row(KEY)
    async with office.units.open() as unit:
        customer = await CustomerRepository(unit.session).by_id(row.customer_id)
        await replacing.arrived(unit, customer, row, OPERATORS_CHAT_ID, 9)

    assert (await office.keys(f"{KEY}:gone") == []) == edits
