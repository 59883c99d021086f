import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from sqlalchemy import select

from bot.erasing import Erasing
from bot.groups import Groups
from bot.retention import Retaining
from bot.texts import Library
from bot.unit import Units
from otvet.redis_server import EmbeddedRedis
from sandbox.world import ANNA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository
from support.desk_file import Retention
from support.erasure import HIMSELF
from support.leases import Lease
from support.privacy_tables import ErasureRow
from support.queue import RESULTS_STREAM
from support.secret import Secret
from support.tables import AuditRow, CustomerRow, MessageRow, TurnRow

SENTINEL = "zhirafobegemot"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def own_redis():
    """A Redis with a file, as the product has it."""
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    with EmbeddedRedis(folder) as server, Redis.from_url(server.url) as redis:
        yield server.url, redis, folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def erasing(database, own_redis, tmp_path):
    streams = AsyncRedis.from_url(own_redis[0])
    units = Units(database, lambda: None)
    lease = Lease(database, "test")
    yield Erasing(units, lease, streams, Groups((OPERATORS_CHAT_ID,)), Secret(tmp_path), Library().of("ru"))
    await streams.aclose()


async def turn_of(database, chat_id):
    async with database.writing() as session:
        customer = await CustomerRepository(session).by_chat(chat_id)
        times = {"opened_at": customer.created_at, "closes_at": customer.created_at}
        turn = TurnRow(customer_id=customer.id, state="answered", text=SENTINEL, language="ru", trace={}, **times)
        session.add(turn)
        await session.flush()
        return turn.id


async def test_jobs_results_and_counts_leave_redis_and_the_file_that_it_writes(database, erasing, own_redis):
    _, redis, folder = own_redis
    mine, other = await turn_of(database, ANNA), 777
    for turn in (mine, other):
        redis.hset(f"rq:job:t-{turn}-1-1", "data", SENTINEL)
        redis.xadd(RESULTS_STREAM, {"payload": json.dumps({"turn_id": turn, "text": SENTINEL})})
    redis.set(f"otvet:flood:count:{ANNA}", 1)
    redis.rpush(f"otvet:reading:r-{mine}-abc", SENTINEL)

    async with erasing.units.open() as unit:
        customer = await CustomerRepository(unit.session).by_chat(ANNA)
        assert await erasing.begin(unit, customer, asked_by=HIMSELF)
    await erasing.look()

    left = {key.decode() for key in redis.scan_iter()}
    assert left == {f"rq:job:t-{other}-1-1", RESULTS_STREAM}
    entries = [json.loads(fields[b"payload"])["turn_id"] for _, fields in redis.xrange(RESULTS_STREAM)]
    assert entries == [other]
    redis.delete(f"rq:job:t-{other}-1-1", RESULTS_STREAM)
    async with database.reading() as session:
        assert await session.scalar(select(ErasureRow.token)) is None
        assert await session.scalar(select(AuditRow.id).where(AuditRow.action == "customer_erased"))
    # The others' were written into the new file once each; of hers nothing is left.
    written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert written.count(SENTINEL.encode()) == 2


async def test_a_process_that_died_before_the_logs_were_cut_does_that_when_it_is_back(database, erasing):
    async with erasing.units.open() as unit:
        customer = await CustomerRepository(unit.session).by_chat(ANNA)
        await erasing.begin(unit, customer, asked_by=HIMSELF)
    async with erasing.units.open() as unit:
        row = await unit.session.scalar(select(ErasureRow))
        row.chat_id, row.name = 0, ""
    await erasing.look()
    async with database.reading() as session:
        assert await session.scalar(select(ErasureRow.token)) is None


async def test_what_is_too_old_goes_and_who_does_not_come_back_is_forgotten(database, erasing):
    long_ago = erasing.units.clock() - timedelta(days=40)
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        anna.created_at = long_ago
        said = {"speaker": "customer", "kind": "text", "text": SENTINEL, "created_at": long_ago}
        for number in range(3):
            session.add(MessageRow(customer_id=anna.id, chat_id=ANNA, message_id=number, **said))
    retaining = Retaining(erasing.units, erasing.lease, erasing, Retention(messages_days=30))
    assert await retaining.look() == {"messages": 3, "customers": 1}
    await erasing.look()
    assert not await retaining.look()
    async with database.reading() as session:
        shell = await session.get(CustomerRow, anna.id)
        proof = await session.scalar(select(AuditRow).where(AuditRow.action == "customer_erased"))
    assert (shell.name, shell.erased_at is not None, proof.detail["asked_by"]) == ("", True, "retention")
