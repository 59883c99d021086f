"""The bot never talks over a human: many customers ask, and operators write at random moments."""

import asyncio
import random

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID, demo_world
from support.customers import CustomerRepository, Person

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"
OPERATOR = "Оператор: "
WORDS = (f"{OPERATOR}добрый день", f"{OPERATOR}сейчас отвечу")
GROUPS = tuple(OPERATORS_CHAT_ID - number for number in range(4))
LATEST_S = 1.5


async def customers_with_topics(scene, count):
    """Customers whose topics are there already: (chat, group, topic)."""
    known = []
    for number in range(count):
        user = await scene.people.user(f"Клиент {number}", language_code="ru")
        group = GROUPS[number % len(GROUPS)]
        topic = await scene.people.post("topics", chat_id=group, user_id=MARIA, name=f"Клиент {number}")
        async with scene.product.database.writing() as session:
            person = Person(user["id"], f"Клиент {number}", None, "ru")
            row = await CustomerRepository(session).get_or_add(person, scene.product.now())
            row.topic_chat_id, row.topic_id = group, topic["thread_id"]
        known.append((user["id"], group, topic["thread_id"]))
    return known


@pytest.mark.every_database
async def test_after_an_operators_first_words_the_customer_hears_the_operator_only(stage, database_url):
    chance = random.Random(20)  # noqa: S311  # a repeatable race, nothing secret
    world = demo_world(limits=False)
    for group in GROUPS[1:]:
        world.add_group(group, f"Операторы {group}")
        world.add_member(group, MARIA, "creator")
    async with stage(world=world, operators_chat_id=GROUPS) as scene:
        customers = await customers_with_topics(scene, 20 if "sqlite" in database_url else 8)
        await scene.people.seed(20)
        await scene.people.fault("sendMessage", kind="slow", hang_s=0.4, times=None, probability=0.3)
        for kind in ("error", "error_after"):
            await scene.people.fault("sendMessage", 502, kind=kind, times=12, probability=0.1)

        async def talk(customer, group, thread, delay_s):
            await scene.people.say(customer, QUESTION)
            await asyncio.sleep(delay_s)
            await scene.operator_says(thread, WORDS[0], group=group)
            await scene.people.say(customer, "А сколько идёт доставка?")
            await scene.operator_says(thread, WORDS[1], group=group)

        await scene.people.say(ANNA, QUESTION)  # nobody writes to her: the bot does answer
        await asyncio.gather(*(talk(*customer, chance.uniform(0, LATEST_S)) for customer in customers))
        await scene.rest(90)

        assert len(await scene.read_by(ANNA, "Источник")) >= 1
        for customer, group, thread in customers:
            # That a question of his may not have reached the operator, the customer is told in any case.
            heard = [text for text in await scene.read_by(customer) if "не дошло до оператора" not in text]
            first = next(number for number, text in enumerate(heard) if text.startswith(OPERATOR))
            assert all(text.startswith(OPERATOR) for text in heard[first:]), heard
            missing = [text for text in WORDS if text not in heard]
            assert list(dict.fromkeys(heard[first:])) == [text for text in WORDS if text in heard]
            # Words whose two attempts both met a fault: the operator knows.
            assert len(await scene.read_in_topic(thread, "не доставлено", group=group)) >= len(missing)
