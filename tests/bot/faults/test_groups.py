"""Operators' groups and topics that vanish: the group gone or moved, the bot demoted, a topic deleted or closed."""

import pytest

from bot.groups import PAUSES_S
from sandbox.world import ANNA, MARIA, OLEG, OPERATORS_CHAT_ID, demo_world

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"
SECOND_GROUP = -1001000000002


async def test_a_bot_thrown_out_of_its_only_group_tells_the_admin_and_keeps_every_word(scene):
    await scene.people.group(OPERATORS_CHAT_ID, "remove_bot")
    await scene.product.answer(MARIA, "больше не администратор", timeout_s=30)
    await scene.people.say(ANNA, "/operator")
    await scene.product.answer(ANNA, "Зову оператора", timeout_s=30)
    await scene.people.say(ANNA, "Меня слышно?")

    await scene.product.answer(MARIA, "не принимает сообщения", timeout_s=30)
    await scene.people.say(OLEG, QUESTION)
    await scene.product.answer(OLEG, "Источник", timeout_s=30)
    await scene.people.group(OPERATORS_CHAT_ID, "add_bot")
    await scene.people.group(OPERATORS_CHAT_ID, "promote_bot")

    card = await scene.product.in_group("Почему", timeout_s=60)
    await scene.rest()
    assert await scene.read_in_topic(card["message_thread_id"], "Меня слышно?") == ["Меня слышно?"]
    assert len(await scene.read_by(MARIA, "не принимает сообщения")) == 1


async def test_a_demoted_bot_says_so_to_the_admin_and_goes_on_when_it_is_promoted_again(scene):
    await scene.people.group(OPERATORS_CHAT_ID, "demote_bot")
    await scene.product.answer(MARIA, "больше не администратор", timeout_s=30)
    await scene.people.say(ANNA, "/operator")
    await scene.product.answer(MARIA, "не принимает сообщения", timeout_s=30)

    [*_, refused] = await scene.calls(OPERATORS_CHAT_ID, "createForumTopic")
    await scene.people.group(OPERATORS_CHAT_ID, "promote_bot")

    await scene.product.answer(MARIA, "снова администратор", timeout_s=30)
    await scene.product.in_group("Почему", timeout_s=60)
    [*_, made] = await scene.calls(OPERATORS_CHAT_ID, "createForumTopic")
    # At once, not when the pause has passed that would have grown to minutes.
    assert made["at"] - refused["at"] < PAUSES_S[0]


@pytest.mark.parametrize("action", ["delete", "disable_topics"])
async def test_customers_of_a_group_that_is_gone_move_to_the_other_one(stage, action):
    world = demo_world(limits=False)
    world.add_group(SECOND_GROUP, "Вторая группа")
    world.add_member(SECOND_GROUP, MARIA, "creator")
    async with stage(world=world, operators_chat_id=(OPERATORS_CHAT_ID, SECOND_GROUP)) as scene:
        await scene.people.say(ANNA, "/operator")
        card = (await scene.people.wait_for(lambda event: "Почему" in str(event.get("message")), timeout_s=30))[
            "message"
        ]
        gone = card["chat"]["id"]
        other = SECOND_GROUP if gone == OPERATORS_CHAT_ID else OPERATORS_CHAT_ID
        await scene.people.group(gone, action)

        await scene.people.say(ANNA, "Продолжим здесь")

        event = await scene.people.wait_for(
            lambda event: "Продолжим здесь" in str(event) and str(other) in str(event), timeout_s=30
        )
        thread = event["message"]["message_thread_id"]
        await scene.operator_says(thread, "Да, здесь", group=other)
        await scene.product.answer(ANNA, "Да, здесь", timeout_s=30)
        await scene.rest()
        assert len(await scene.read_in_topic(thread, "Новая тема того же клиента", group=other)) == 1
        assert await scene.read_by(MARIA, "не принимает") != []


async def test_a_group_that_moved_to_another_id_is_followed(scene):
    thread = await scene.conversation()
    moved = await scene.people.group(OPERATORS_CHAT_ID, "migrate")

    await scene.people.say(ANNA, "Вы здесь?")
    await scene.people.wait_for_message(moved, containing="Вы здесь?", timeout_s=30)
    await scene.operator_says(thread, "Мы переехали", group=moved)

    await scene.product.answer(ANNA, "Мы переехали", timeout_s=30)
    await scene.product.stop_bot()
    await scene.product.start_bot()
    await scene.people.say(ANNA, "А теперь?")
    await scene.people.wait_for_message(moved, containing="А теперь?", timeout_s=30)


async def test_a_topic_deleted_between_two_calls_is_made_again_with_its_history(scene):
    thread = await scene.conversation()
    await scene.people.say(ANNA, "Где моя палатка?")
    await scene.product.in_group("Где моя палатка?", timeout_s=30)
    await scene.people.post(
        "topics/changes", chat_id=OPERATORS_CHAT_ID, user_id=MARIA, thread_id=thread, action="delete"
    )

    for text in ("Ау", "Вы здесь?"):
        await scene.people.say(ANNA, text)

    last = await scene.product.in_group("Вы здесь?", timeout_s=30)
    again = last["message_thread_id"]
    assert again != thread
    await scene.rest()
    [history] = await scene.read_in_topic(again, "Новая тема того же клиента")
    assert f"/{thread}" in history
    assert "Где моя палатка?" in history
    assert [text for text in await scene.read_in_topic(again) if text in {"Ау", "Вы здесь?"}] == ["Ау", "Вы здесь?"]
    await scene.operator_says(again, "Нашли")
    await scene.product.answer(ANNA, "Нашли", timeout_s=30)


async def test_a_closed_topic_is_opened_again_for_the_customers_words(scene):
    thread = await scene.conversation()
    await scene.people.group(OPERATORS_CHAT_ID, "promote_bot", lacks=["can_delete_messages"])
    await scene.people.fault(["sendMessage"], 400, "Bad Request: TOPIC_CLOSED", chat_id=OPERATORS_CHAT_ID)
    await scene.people.post(
        "topics/changes", chat_id=OPERATORS_CHAT_ID, user_id=MARIA, thread_id=thread, action="close"
    )

    await scene.people.say(ANNA, "Ещё вопрос")

    shown = await scene.product.in_group("Ещё вопрос", timeout_s=30)
    assert shown["message_thread_id"] == thread
    [topic] = await scene.people.topics(OPERATORS_CHAT_ID)
    assert topic["closed"] is False


async def test_a_topic_whose_making_was_cut_off_is_not_made_twice(scene):
    await scene.people.fault("createForumTopic", kind="reset_after")

    thread = await scene.conversation()
    await scene.rest()

    assert [topic["thread_id"] for topic in await scene.people.topics(OPERATORS_CHAT_ID)] == [thread]
