import pytest

from support.database import Database
from support.orders.base import OrderSourceError
from support.orders.importing import ImportCounts, import_orders
from support.orders.models import Order
from support.orders.sql import SqlOrders


@pytest.fixture
async def source(database) -> SqlOrders:
    orders = [
        Order(number="KD-10427", status="shipped", phone="+7 916 123-45-67"),
        Order(number="KD-20001", status="delivered"),
        Order(number="SB-20001", status="processing"),
        Order(number="777", status="processing"),
    ]
    async with database.writing() as session:
        assert await import_orders(session, orders) == ImportCounts(added=4, changed=0, unchanged=0)
    return SqlOrders(database.reading)


@pytest.mark.parametrize("typed", ["KD-10427", "кд 10427", "10427", "10 427", "kd10427"])
async def test_an_order_is_found_however_its_number_is_typed(source, typed):
    found = await source.find(typed)

    assert found == Order(number="KD-10427", status="shipped", phone="+7 916 123-45-67")


@pytest.mark.parametrize("typed", ["20001", "0427", "KD-1042", "%", "", "№", "KD-10427' OR 1=1"])
async def test_nothing_is_found_by_half_a_number_or_an_ambiguous_one(source, typed):
    assert await source.find(typed) is None


async def test_a_letter_meant_by_sound_finds_its_order(source):
    found = await source.find("СБ-20001")

    assert found is not None
    assert found.number == "SB-20001"


async def test_a_table_out_of_reach_is_a_source_error(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(OrderSourceError):
        await SqlOrders(database.reading).find("KD-10427")
    await database.close()
