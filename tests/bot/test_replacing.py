"""What becomes of the copy of a draft that its editor was shown."""

from types import SimpleNamespace

import pytest
from aiogram.methods import SendMessage
from sqlalchemy import update

from bot import replacing
from sandbox.world import MARIA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository
from support.deliveries import DeliveryState
from support.desk_file import DeskFile
from support.hours import is_open
from support.offers import EDIT_LASTS, Edit
from support.transport_tables import DeliveryRow
from tests.bot.office import NOW, Office

KEY = replacing.shown_key(5, MARIA, NOW)


@pytest.fixture
async def office(database, desk):
    hours = {"zone": "UTC", "week": {"mon": [{"begins": "09:00", "ends": "18:00"}]}}
    office = Office(database, desk, file=DeskFile.model_validate({"hours": hours}))
    escalation = await office.escalate()
    customer_id = (await office.escalation(escalation)).customer_id
    async with office.database.writing() as session:
        values = {"method": "SendMessage", "payload": {"text": "x"}, "priority": 2, "state": DeliveryState.PENDING}
        session.add(
            DeliveryRow(key=KEY, customer_id=customer_id, to_topic=True, created_at=office.time.wall(), **values)
        )
    return office, escalation


async def shown(office):
    """The copy has arrived."""
    async with office.database.writing() as session:
        sent = {"state": DeliveryState.DELIVERED, "message_id": 9, "peer_id": OPERATORS_CHAT_ID}
        await session.execute(update(DeliveryRow).where(DeliveryRow.key == KEY).values(sent))


async def test_a_copy_that_has_not_gone_out_is_withdrawn_and_one_that_has_is_deleted(office):
    office, _ = office
    async with office.units.open() as unit:
        await replacing.take_copies(unit, 5)
    assert (await office.row(KEY)).state == DeliveryState.WITHDRAWN
    assert await office.keys(f"{KEY}:gone") == []

    await shown(office)
    async with office.units.open() as unit:
        await replacing.take_copies(unit, 5)
    assert (await office.row(f"{KEY}:gone")).method == "DeleteMessage"


@pytest.mark.parametrize("edits", [True, False])
async def test_a_copy_that_arrives_when_nobody_edits_any_more_goes_again(office, edits):
    office, escalation = office
    if edits:
        await office.change(escalation, editing_turn_id=5, editing_by=MARIA, editing_since=NOW)
    row = await office.row(KEY)
    async with office.units.open() as unit:
        customer = await CustomerRepository(unit.session).by_id(row.customer_id)
        await replacing.arrived(unit, customer, row, OPERATORS_CHAT_ID, 9)

    assert (await office.keys(f"{KEY}:gone") == []) == edits


async def test_the_copy_goes_once_when_the_time_to_edit_is_over_at_any_hour(office):
    office, escalation = office
    await office.lease.beat()
    assert not is_open(office.file.hours, NOW)
    await office.change(escalation, editing_turn_id=5, editing_by=MARIA, editing_since=NOW)
    await shown(office)

    await office.timers.look()
    assert await office.keys(":gone") == []
    office.time.passed_s += EDIT_LASTS.total_seconds()
    await office.timers.look()
    await office.timers.look()

    assert await office.keys(":gone") == [f"{KEY}:gone"]
    row = await office.escalation(escalation)
    assert (row.editing_turn_id, row.editing_by, row.editing_since) == (None, None, None)


async def test_who_begins_with_another_draft_sees_that_one_alone_and_only_once(office):
    office, _ = office
    await shown(office)
    customer_id = (await office.row(KEY)).customer_id
    for _ in range(2):
        async with office.units.open() as unit:
            edit = Edit(SimpleNamespace(turn_id=6), MARIA, NOW, over=5)
            customer = await CustomerRepository(unit.session).by_id(customer_id)
            await replacing.show(unit, customer, edit, SendMessage(chat_id=0, text="Копия"))

    assert await office.keys(":edit:") == [KEY, f"{KEY}:gone", replacing.shown_key(6, MARIA, NOW)]


async def test_the_copy_goes_when_the_conversation_ends_under_the_editor(office):
    office, escalation = office
    await office.change(escalation, editing_turn_id=5, editing_by=MARIA, editing_since=NOW)
    await shown(office)
    await office.close(escalation)

    await office.timers.look()

    assert await office.keys(":gone") == [f"{KEY}:gone"]
