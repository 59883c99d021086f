"""Look-ups that must not read a whole table; by SQLite's own account of how it would go about them."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from support import erasure
from support.customers import CustomerRepository, Person
from support.database import Database
from support.deliveries import begins_with
from support.privacy_tables import ErasureRow
from support.schema import upgrade
from support.transport_tables import DeliveryRow


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


async def test_what_was_told_to_others_is_looked_for_by_an_index_and_since_the_customer_came_only(session, now):
    anna = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), now)
    told = {"method": "SendMessage", "payload": {"text": "Анна ждёт"}, "priority": 0, "state": "delivered"}
    times = {"long ago": now - timedelta(days=400), "since": now, "later": now + timedelta(days=1)}
    session.add_all([DeliveryRow(key=key, created_at=at, **told) for key, at in times.items()])
    await erasure.begin(session, anna, asked_by=erasure.HIMSELF, now=now)
    row = await session.scalar(select(ErasureRow))

    with recorded(session) as ran:
        assert await erasure._others_calls(session, row, now) == 2
    read = [one for one in ran if one[0].startswith("SELECT delivery")]
    [plan] = await plans(session, read)

    assert "SEARCH delivery USING INDEX ix_delivery_customer_since (customer_id=? AND created_at>" in plan
    assert "TEMP B-TREE" not in plan
    left = await session.execute(select(DeliveryRow.key, DeliveryRow.payload).order_by(DeliveryRow.id))
    assert {key: bool(payload) for key, payload in left} == {"long ago": True, "since": False, "later": False}


@pytest.mark.postgres
async def test_postgresql_reads_of_what_is_nobodys_only_what_is_young_enough(postgres_url):
    fill = """INSERT INTO delivery (key, method, payload, priority, state, attempts, to_topic, created_at)
        SELECT 'k' || n, 'x', '{}', 0, 'delivered', 0, false, now() - n * interval '1 hour'
        FROM generate_series(1, 3000) n"""
    read = "SELECT id FROM delivery WHERE customer_id IS NULL AND (created_at, id) > (now() - interval '1 day', 0)"
    database = Database(postgres_url)
    async with database.writing() as session:
        await session.execute(text(fill))
        await session.execute(text("ANALYZE delivery"))
        plan = " ".join(await session.scalars(text(f"EXPLAIN {read} ORDER BY created_at, id LIMIT 200")))
        assert "ix_delivery_customer_since" in plan
        assert "Index Cond: ((customer_id IS NULL) AND (ROW(created_at, id) > ROW(" in plan
    await database.close()


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
