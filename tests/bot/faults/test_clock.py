"""Clock jumps: the wall clock is set five hours forwards or back in the middle of everything."""

import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, EMMA, OLEG, OPERATORS_CHAT_ID, TOM
from support.tables import TurnRow

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"


class JumpingClock:
    """The bot's wall clock; Telegram's and the workers' stay as they are."""

    def __init__(self):
        self.shift = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.shift


async def state_of_last_turn(scene):
    async with scene.product.database.reading() as session:
        return await session.scalar(select(TurnRow.state).order_by(TurnRow.id.desc()).limit(1))


@pytest.mark.parametrize("hours", [5, -5], ids=["forwards", "back"])
async def test_a_question_during_which_the_clock_jumps_is_answered_once(
    stage, own_redis, run_workers, eventually, hours
):
    clock = JumpingClock()
    with run_workers(own_redis.url) as worker:
        async with stage(now=clock, redis_url=own_redis.url) as scene:
            for customer, moment in ((ANNA, "collecting"), (OLEG, "generating")):
                if moment == "generating":
                    worker.send_signal(signal.SIGSTOP)
                await scene.people.say(customer, QUESTION)

                async def reached(moment=moment):
                    return await state_of_last_turn(scene) == moment

                await eventually(reached, within_s=20)
                clock.shift += timedelta(hours=hours)
                worker.send_signal(signal.SIGCONT)
                await scene.product.answer(customer, "Источник", timeout_s=30)

            await scene.rest()
            for customer in (ANNA, OLEG):
                assert len(await scene.read_by(customer)) == 1


@pytest.mark.parametrize("hours", [5, -5], ids=["forwards", "back"])
async def test_deliveries_go_on_and_pauses_are_kept_while_the_clock_jumps(stage, hours):
    clock = JumpingClock()
    async with stage(now=clock) as scene:
        thread = await scene.conversation()
        await scene.people.fault("sendMessage", retry_after=2, chat_id=ANNA)
        await scene.operator_says(thread, "Первое")
        await scene.people.wait_for(
            lambda event: event["type"] == "call" and event.get("fault") == "error", timeout_s=30
        )
        clock.shift += timedelta(hours=hours)
        await scene.operator_says(thread, "Второе")
        await scene.product.answer(ANNA, "Второе", timeout_s=30)
        clock.shift -= timedelta(hours=hours)
        await scene.people.say(EMMA, "Within how many days can I return an item?")
        await scene.product.answer(EMMA, "Source", timeout_s=30)
        await scene.rest()
        assert (await scene.read_by(ANNA))[-2:] == ["Первое", "Второе"]


async def test_an_album_that_gathers_while_the_clock_is_set_back_is_not_held_for_hours(stage):
    clock = JumpingClock()
    async with stage(now=clock) as scene:
        await scene.conversation()
        for _ in range(2):
            photo = {"kind": "photo", "data_base64": PIXEL}
            await scene.people.say(ANNA, media=photo, album="a")
        await scene.people.wait_for(lambda event: event["type"] == "message" and "photo" in event["message"])
        clock.shift -= timedelta(hours=5)
        await scene.people.say(ANNA, "Это на фото")

        await scene.product.in_group("Это на фото", timeout_s=15)
        await scene.rest(15)
        shown = [one for one in await scene.people.messages(OPERATORS_CHAT_ID) if "photo" in one]
        assert len(shown) == 2


async def test_a_restart_after_the_clock_was_set_back_goes_on_with_what_waits(stage):
    clock = JumpingClock()
    async with stage(now=clock) as scene:
        await scene.people.say(TOM, "Within how many days can I return an item?")
        await scene.product.stop_bot()
        clock.shift -= timedelta(hours=5)
        await scene.product.start_bot()

        await scene.product.answer(TOM, "Source", timeout_s=30)
        await scene.rest()
        assert len(await scene.read_by(TOM)) == 1


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
