import pytest
from aiogram.exceptions import TelegramRetryAfter

from sandbox.server import SandboxServer
from sandbox.telegram.limits import FloodLimits
from sandbox.world import ANNA, OPERATORS_CHAT_ID, demo_world


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limits(clock):
    return FloodLimits(clock)


def test_person_gets_one_message_a_second_after_a_short_burst(limits, clock):
    burst = [limits.take(ANNA, private=True) for _ in range(4)]
    clock.now += 1
    later = [limits.take(ANNA, private=True) for _ in range(2)]

    assert burst == [None, None, None, 1]
    assert later == [None, 1]


def test_group_gets_twenty_a_minute(limits, clock):
    for _ in range(20):
        assert limits.take(-1, private=False) is None
        clock.now += 0.5
    assert limits.take(-1, private=False) == 50
    clock.now += 50
    assert limits.take(-1, private=False) is None


def test_throttled_group_does_not_stop_private_chats(limits, clock):
    for _ in range(20):
        limits.take(-1, private=False)
    clock.now += 1

    assert limits.take(-1, private=False) is not None
    assert limits.take(ANNA, private=True) is None


def test_all_chats_together_get_thirty_a_second(limits, clock):
    taken = [limits.take(chat_id, private=True) for chat_id in range(31)]
    clock.now += 1

    assert taken == [None] * 30 + [1]
    assert limits.take(500, private=True) is None


def test_album_counts_by_its_messages(limits):
    assert limits.take(-1, private=False, amount=20) is None
    assert limits.take(-1, private=False) == 60


@pytest.fixture
def world(clock):
    return demo_world(limits=True, clock=clock)


async def test_flooded_bot_is_told_how_long_to_wait(bot):
    for number in range(3):
        await bot.send_message(ANNA, str(number))
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(ANNA, "too soon")

    assert caught.value.retry_after == 1


async def test_sends_edits_and_topics_share_the_groups_budget(bot, clock):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "one")
    message = await bot.send_message(OPERATORS_CHAT_ID, "0", message_thread_id=topic.message_thread_id)
    for number in range(18):
        await message.edit_text(str(number + 1))
    await bot.send_chat_action(OPERATORS_CHAT_ID, "typing")
    with pytest.raises(TelegramRetryAfter):
        await bot.create_forum_topic(OPERATORS_CHAT_ID, "two")
    clock.now += 60

    await bot.create_forum_topic(OPERATORS_CHAT_ID, "two")


async def test_without_limits_nothing_is_counted(bot_for):
    async with SandboxServer(demo_world(limits=False)) as free, bot_for(free.url) as bot:
        for number in range(40):
            await bot.send_message(ANNA, str(number))
