"""Turns whose worker, Redis or time is gone: another worker or a person has them."""

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select

from support.escalations import EscalationReason
from support.jobs import GenerationJob
from support.queue import GENERATE_QUEUE, GPU_QUEUE, GenerationQueue, JsonSerializer
from support.tables import EscalationRow
from support.turns import TurnState
from support.worklog import WorkLog
from tests.bot.turns.questions import result_of


async def test_an_overdue_question_goes_to_a_person(redis, worker, start_clock, say, reaches, change, told):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)

    await change(deadline_at=datetime.now(UTC) - timedelta(seconds=1))
    await reaches(TurnState.ESCALATED)
    await clock.settle(result_of(turn))

    [words] = await told()
    assert "Не успеваю" in words


async def test_without_a_worker_a_person_is_called_and_the_customer_is_told(
    redis, start_clock, say, reaches, change, told
):
    clock = start_clock(redis)
    await say(clock)
    await reaches(TurnState.GENERATING)

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=11))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "не могу составить ответ" in words


async def test_without_redis_a_person_is_called_and_the_customer_is_told(start_clock, say, reaches, change, told):
    clock = start_clock(Redis(port=9, socket_connect_timeout=0.2))
    await say(clock)
    await reaches(TurnState.GENERATING)

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=11))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "Зову оператора" in words


async def test_a_job_that_redis_lost_is_made_again(redis, worker, start_clock, say, reaches, change, eventually):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    job = GenerationJob.model_validate_json(turn.job)
    queue = GenerationQueue(redis=redis)

    async def queued():
        return await asyncio.to_thread(queue.holds, job.job_id)

    await eventually(queued)
    redis.flushall()
    worker()
    await change(closed_at=datetime.now(UTC) - timedelta(seconds=5))

    async def again():
        return await asyncio.to_thread(queue.holds, job.model_copy(update={"attempt": 2}).job_id)

    await eventually(again)


async def test_a_job_that_is_lost_again_and_again_goes_to_a_person(redis, worker, start_clock, say, reaches, change):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    last = GenerationJob.model_validate_json(turn.job).model_copy(update={"attempt": 3})
    redis.flushall()
    worker()

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=5), attempt=3, job=last.model_dump_json())

    await reaches(TurnState.ESCALATED)


async def test_a_question_that_waits_where_the_worker_died_goes_on_elsewhere(
    redis, worker, start_clock, say, reaches, eventually
):
    gpu = worker(GPU_QUEUE)
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    job_id = GenerationJob.model_validate_json(turn.job).job_id

    async def waiting(name):
        return job_id in await asyncio.to_thread(
            lambda: Queue(name, connection=redis, serializer=JsonSerializer).job_ids
        )

    await eventually(lambda: waiting(GPU_QUEUE))
    redis.delete(gpu.key)

    await eventually(lambda: waiting(GENERATE_QUEUE))


async def test_with_more_questions_than_can_be_answered_in_time_a_person_is_called_at_once(
    redis, worker, start_clock, say, reaches, told, database
):
    log = WorkLog(redis=redis, queue=GENERATE_QUEUE)
    for turn_id in range(900, 905):
        log.begin(turn_id, 1)
        log.end(turn_id, 1, spent_s=20.0)
        waiting = GenerationJob(
            turn_id=turn_id,
            epoch=1,
            attempt=1,
            question="?",
            parts=("?",),
            passages=(),
            answerable=(0.9,),
            language="ru",
            deadline=time.time() + 60,
        )
        GenerationQueue(redis=redis).put(waiting, now=time.time())

    await say(start_clock(redis))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "Вопросов сейчас больше, чем я успеваю" in words
    async with database.reading() as session:
        assert (await session.scalars(select(EscalationRow))).one().reason == EscalationReason.BUSY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # slow, and about Redis
async def test_the_event_loop_is_not_held_up_by_a_redis_that_hangs(start_clock, say, reaches):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Redis(port=silent.getsockname()[1], socket_timeout=1) as hung,
    ):
        await say(start_clock(hung))
        await reaches(TurnState.GENERATING)

        longest = 0.0
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        await start_clock.stop()
        # Threads that wait for the answer end before their sockets do.
        await asyncio.get_running_loop().shutdown_default_executor()

    assert longest < 0.9
