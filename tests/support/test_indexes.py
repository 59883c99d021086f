"""Look-ups that must not read a whole table; by SQLite's own account of how it would go about them."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text

from support import erasure
from support.customers import CustomerRepository
from support.database import Database
from support.deliveries import begins_with
from support.schema import upgrade
from support.tables import DeliveryRow


@pytest.fixture
async def session(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}/otvet.db"
    await upgrade(url)
    database = Database(url)
    async with database.writing() as session:
        yield session
    await database.close()


@contextmanager
def recorded(session):
    """Collect the statements that are run, with their parameters."""
    ran = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        ran.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield ran
    event.remove(engine, "before_cursor_execute", note)


async def plans(session, ran):
    connection = await session.connection()
    return [
        "; ".join(row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
        for statement, parameters in ran
    ]


@pytest.mark.parametrize(
    ("look_up", "index"),
    [
        (lambda customers: customers.by_former_topic(-100, 7), "ix_customer_former_topic"),
        (lambda customers: customers.by_card(-100, 7), "ix_customer_card"),
        (lambda customers: customers.by_handle("@Anna"), "ix_customer_handle"),
    ],
)
async def test_a_customer_is_found_by_an_index(session, look_up, index):
    with recorded(session) as ran:
        await look_up(CustomerRepository(session))

    [plan] = await plans(session, ran)
    assert f"USING INDEX {index}" in plan
    assert "SCAN" not in plan


async def test_the_calls_about_a_customer_are_found_without_reading_the_whole_ledger(session):
    ledger = str(erasure._of_ledger(12, 101).compile(session.get_bind(), compile_kwargs={"literal_binds": True}))

    explain = f"EXPLAIN QUERY PLAN SELECT 1 FROM delivery WHERE {ledger}"  # noqa: S608  # our own condition
    plan = "; ".join(row[-1] for row in await session.execute(text(explain)))

    assert plan.count("SEARCH delivery USING") == 4
    assert "SCAN" not in plan


async def test_keys_are_found_by_their_beginning_and_nothing_else(session, now):
    keys = [
        "board:1",
        "board:1:card:5",
        "board:1:topic:6",
        "board:10:card",
        "board:12:card",
        "Board:1:card",
        "erase:1:",
    ]
    await session.execute(
        DeliveryRow.__table__.insert(),
        [
            {"key": key, "method": "x", "payload": {}, "priority": 0, "state": "pending", "created_at": now}
            for key in keys
        ],
    )
    found = await session.scalars(select(DeliveryRow.key).where(begins_with("board:1:")))
    assert sorted(found) == keys[1:3]
