import asyncio

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command

from sandbox.client import SandboxClient
from sandbox.server import serve
from sandbox.tour import Tour, run_tour
from sandbox.tour_story import STORIES
from sandbox.world import OPERATORS_CHAT_ID


def scripted(story, *, escalates=True):
    """A bot that does what the story expects, in its simplest form."""
    dispatcher = Dispatcher()
    topics = {}

    async def escalate(message):
        if message.chat.id not in topics:
            topic = await message.bot.create_forum_topic(OPERATORS_CHAT_ID, f"{message.from_user.full_name} · XX")
            topics[message.chat.id] = topic.message_thread_id
        await message.answer("a person will answer")
        thread_id = topics[message.chat.id]
        await message.bot.send_message(OPERATORS_CHAT_ID, f"card: {message.text}", message_thread_id=thread_id)

    @dispatcher.message(F.contact)
    async def on_contact(message):
        own = message.contact.user_id == message.from_user.id
        await message.answer(f"{story.order_number} is on its way" if own else "no")

    @dispatcher.message(F.text.in_({story.invented_discount, story.refund_demand}))
    async def on_demand(message):
        await (escalate(message) if escalates else message.answer("of course!"))

    @dispatcher.message(F.chat.type == "private")
    async def on_words(message):
        await message.answer(f"about {message.text}")

    @dispatcher.message(Command("close"))
    async def on_close(message):
        customer = next(chat for chat, thread in topics.items() if thread == message.message_thread_id)
        await message.answer("closed")
        await message.bot.send_message(customer, "the bot is back")

    @dispatcher.message(F.text)
    async def on_operator(message):
        customer = next(chat for chat, thread in topics.items() if thread == message.message_thread_id)
        await message.bot.send_message(customer, message.text)

    return dispatcher


@pytest.fixture
async def play(bot):
    """Start a scripted bot; it stops with the test."""
    running = []

    def start(dispatcher, bot=bot):
        polling = dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
        running.append((dispatcher, asyncio.create_task(polling)))

    yield start
    for dispatcher, task in running:
        await asyncio.sleep(0)
        await dispatcher.stop_polling()
        await task


@pytest.fixture
def captions():
    steps = []

    async def announce(step):
        steps.append(step)

    return steps, announce


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_tour_plays_all_four_scenes_to_the_end(language, people, play, captions):
    story = STORIES[language]
    steps, announce = captions
    play(scripted(story))

    await run_tour(language, people, announce, pace=0)

    assert [step.step for step in steps] == sorted(step.step for step in steps)
    assert {step.step for step in steps} == {1, 2, 3, 4}
    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    assert (steps[-1].title, steps[-1].text) == story.finished
    told = [step.text for step in steps]
    for scene in (story.answered, story.order, story.discount, story.escalation):
        assert scene.before in told
        assert scene.after in told


async def test_the_operators_edited_answer_reaches_the_customer(people, play, captions):
    play(scripted(STORIES["ru"]))

    await run_tour("ru", people, captions[1], pace=0)

    texts = [message.get("text") for message in await people.messages(STORIES["ru"].customer)]
    assert STORIES["ru"].edited_answer in texts
    assert texts[-1] == "the bot is back"


async def test_the_tour_can_be_played_again(people, play, captions):
    steps, announce = captions
    play(scripted(STORIES["en"]))

    await run_tour("en", people, announce, pace=0)
    await run_tour("en", people, announce, pace=0)

    assert [step.text for step in steps if step.done] == [STORIES["en"].finished[1]] * 2


async def test_a_bot_that_does_not_react_is_named_honestly(people, captions):
    steps, announce = captions

    await Tour(people, STORIES["ru"], announce, 0, patience_s=0.2).play()

    assert steps[-1].done
    assert steps[-1].title == STORIES["ru"].silent[0]


async def test_captions_never_claim_what_the_bot_did_not_do(world, play, bot_for, captions):
    async def decisions(chat_id, message_id):
        return {"outcome": "answered"}

    steps, announce = captions
    story = STORIES["en"]
    async with serve(world, decisions=decisions) as url, bot_for(url) as bot, SandboxClient(url) as client:
        play(scripted(story, escalates=False), bot)
        await run_tour("en", client, announce, pace=0)

    told = [step.text for step in steps]
    assert story.discount.otherwise in told
    assert story.discount.after not in told


async def test_without_an_own_audience_the_steps_reach_the_page(people, play):
    play(scripted(STORIES["en"]))

    await run_tour("en", people, pace=0)

    first = await people.wait_for(lambda event: event["type"] == "tour")
    assert first["title"] == STORIES["en"].answered.title
    assert first["chat_id"] == STORIES["en"].customer
