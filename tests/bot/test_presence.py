"""What a customer sees while he waits, and the stop button, over HTTP; no worker takes the jobs."""

import shutil
import tempfile
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select

from otvet.redis_server import EmbeddedRedis
from sandbox.world import ANNA
from support.queue import GenerationQueue
from support.tables import EscalationRow, TurnRow

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"


@pytest.fixture
def idle_redis():
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    with EmbeddedRedis(folder) as server:
        yield server.url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def product(run_product, idle_redis):
    async with run_product(redis_url=idle_redis) as product:
        yield product


@pytest.fixture
def is_queued(idle_redis):
    def ask(job_id):
        with Redis.from_url(idle_redis) as redis:
            return GenerationQueue(redis=redis).holds(job_id)

    return ask


async def preview(product):
    return await product.people.wait_for(lambda event: event["type"] == "preview", timeout_s=8)


async def the_turn(product):
    async with product.database.reading() as session:
        return (await session.scalars(select(TurnRow))).one()


async def test_while_an_answer_is_written_the_customer_sees_thinking_with_a_stop_button(product):
    await product.people.say(ANNA, QUESTION)

    shown = await preview(product)

    assert (shown["chat_id"], shown["text"], shown["can_stop"]) == (ANNA, "", True)


async def test_the_stop_button_ends_the_turn_and_withdraws_its_job(product, is_queued, eventually):
    await product.people.say(ANNA, QUESTION)
    shown = await preview(product)
    turn = await the_turn(product)
    assert is_queued(f"t-{turn.id}-1-1")

    await product.people.post("stops", chat_id=ANNA, user_id=ANNA, draft_id=shown["draft_id"])

    await product.answer(ANNA, "Остановил")
    assert (await the_turn(product)).state == "stopped"
    async with product.database.reading() as session:
        assert (await session.scalars(select(EscalationRow))).all() == []

    async def withdrawn():
        return not is_queued(f"t-{turn.id}-1-1")

    await eventually(withdrawn)


async def test_a_newer_message_withdraws_the_job_that_was_under_way(product, is_queued, eventually):
    await product.people.say(ANNA, QUESTION)
    await preview(product)
    turn = await the_turn(product)

    await product.people.say(ANNA, "И кто платит за обратную пересылку?")

    async def asked_anew():
        return is_queued(f"t-{turn.id}-2-1") and not is_queued(f"t-{turn.id}-1-1")

    await eventually(asked_anew)


async def test_an_operator_is_called_at_any_moment_even_while_an_answer_is_written(product, is_queued, eventually):
    await product.people.say(ANNA, QUESTION)
    await preview(product)
    turn = await the_turn(product)

    await product.people.say(ANNA, "/operator")

    await product.answer(ANNA, "Зову оператора")
    await product.in_group(QUESTION)

    async def withdrawn():
        return not is_queued(f"t-{turn.id}-1-1")

    await eventually(withdrawn)
