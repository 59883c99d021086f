import time

import pytest
from sqlalchemy import text

from support.orders.base import OrderSourceError, UnreachableError
from support.orders.foreign import ForeignOrders, reader_of

QUERY = 'SELECT number, state, tel, total, paid AS "paid.on" FROM shop_order WHERE number = :number'
FIELDS = {"order_number": "number", "status": "state", "phone": "tel", "created_at": "paid.on"}
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT count(*) FROM n WHERE i <> length(:number)",
    "postgresql": "SELECT pg_sleep(60), :number AS number",
}


@pytest.fixture
async def shop(database, database_url):
    """A table of the company's own; returns an order source over a query on it."""
    async with database.writing() as session:
        await session.execute(
            text("CREATE TABLE shop_order (number text, state text, tel text, total numeric, paid date)")
        )
        await session.execute(
            text(
                "INSERT INTO shop_order VALUES ('KD10427', 'shipped', '+79161234501', 12900.50, '2026-11-21'),"
                " ('KD-5', 'two', '+79161234501', 1, NULL), ('KD-5', 'two', '+79161234501', 2, NULL)"
            )
        )
    made = []

    def make(query=QUERY, fields=FIELDS, timeout_s=3.0):
        made.append(ForeignOrders(reader_of(database_url, query, timeout_s), fields))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_an_order_is_found_by_the_companys_query(shop):
    found = await shop().find("KD-10427")

    assert (found.number, found.status, found.phone) == ("KD-10427", "shipped", "+79161234501")
    assert float(found.total) == 12900.5
    assert f"{found.created_at}" == "2026-11-21"
    assert await shop().find("KD-99999") is None
    assert await shop().columns("KD-99999") == ("number", "state", "tel", "total", "paid.on")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (QUERY.replace("shop_order", "no_such_table"), "ORDERS_QUERY fails"),
        (QUERY.replace("state", "''"), "status is missing"),
        (QUERY.replace("= :number", "> :number"), "another order|several rows"),
    ],
)
async def test_a_query_that_does_not_fit_is_said_so_in_words(shop, query, says):
    with pytest.raises(OrderSourceError, match=says) as caught:
        await shop(query).find("KD-10427")
    assert not isinstance(caught.value, UnreachableError)
    assert "9161234501" not in str(caught.value)


async def test_several_rows_for_one_order_are_refused(shop):
    with pytest.raises(OrderSourceError, match="several rows"):
        await shop().find("KD-5")


async def test_the_companys_database_is_only_read(shop, database, database_url):
    # settings refuse it already: this is the second lock.
    writes = "INSERT INTO shop_order (number) VALUES (:number)"

    with pytest.raises(OrderSourceError, match=r"only read|readonly"):
        await shop(writes).find("KD-6")
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM shop_order WHERE number = 'KD-6'")) == 0


async def test_a_query_that_takes_too_long_is_given_up_by_the_database(shop, database_url):
    orders = shop(SLOW["sqlite" if "sqlite" in database_url else "postgresql"], timeout_s=0.3)
    began = time.monotonic()

    with pytest.raises(UnreachableError):
        await orders.find("KD-10427")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("url", "error"),
    [("sqlite:////nowhere/orders.db", UnreachableError), ("postgresql://u:p@127.0.0.1:9/orders", UnreachableError)],
)
async def test_a_database_that_is_not_there_is_unreachable(url, error):
    orders = ForeignOrders(reader_of(url, QUERY, 1.0))
    with pytest.raises(error):
        await orders.find("KD-10427")
    await orders.close()


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "no address"])
def test_other_databases_are_refused_at_the_start(url):
    with pytest.raises(OrderSourceError, match="ORDERS_DATABASE_URL"):
        reader_of(url, QUERY, 1.0)
