"""Redis restarted, emptied, gone: the question is answered all the same, or a person is called in time."""

import asyncio
import os
import signal

import pytest
from redis import Redis
from sqlalchemy import select

from otvet.redis_server import EmbeddedRedis
from sandbox.world import ANNA, EMMA, OLEG
from support.tables import TurnRow
from support.turns import TurnState

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"


def kill(server):
    os.kill(server.pid, signal.SIGKILL)  # its watcher starts it again over the same data


def empty(server):
    with Redis.from_url(server.url) as redis:
        redis.flushall()


@pytest.mark.parametrize("harm", [kill, empty], ids=["restarted", "emptied"])
async def test_a_question_is_answered_once_although_redis_lost(stage, own_redis, run_workers, eventually, harm):
    with run_workers(own_redis.url) as worker:
        async with stage(redis_url=own_redis.url) as scene:
            await scene.people.say(OLEG, QUESTION)
            await scene.product.answer(OLEG, "Источник", timeout_s=30)
            worker.send_signal(signal.SIGSTOP)
            await scene.people.say(ANNA, QUESTION)

            async def generating():
                async with scene.product.database.reading() as session:
                    return await session.scalar(select(TurnRow.id).where(TurnRow.state == TurnState.GENERATING))

            await eventually(generating, within_s=20)
            await asyncio.sleep(0.3)
            harm(own_redis)
            worker.send_signal(signal.SIGCONT)

            await scene.product.answer(ANNA, "Источник", timeout_s=40)
            await scene.rest()
            assert len(await scene.read_by(ANNA)) == 1
            assert worker.poll() is None


async def test_while_redis_is_gone_a_person_is_called_and_afterwards_questions_are_answered(
    stage, redis_folder, run_workers
):
    server = EmbeddedRedis(redis_folder)
    with server, run_workers(server.url):
        async with stage(redis_url=server.url) as scene:
            await scene.people.say(EMMA, "Within how many days can I return an item?")
            await scene.product.answer(EMMA, "Source", timeout_s=30)
            server.__exit__(None, None, None)

            await scene.people.say(ANNA, QUESTION)
            card = await scene.product.in_group("Почему", timeout_s=40)
            assert "otvet worker" in card["text"]
            assert QUESTION in card["text"]
            await scene.product.answer(ANNA, "Зову оператора")
            await scene.operator_says(card["message_thread_id"], "30 дней")
            await scene.product.answer(ANNA, "30 дней")

            with EmbeddedRedis(redis_folder):
                await asyncio.sleep(3)
                await scene.people.say(OLEG, QUESTION)
                await scene.product.answer(OLEG, timeout_s=40)
                assert await scene.read_by(OLEG, "Источник") != []
                await scene.rest()
                assert await scene.read_by(ANNA, "Источник") == []
