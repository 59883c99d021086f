import pytest
from aiogram.exceptions import TelegramBadRequest

from sandbox.client import SandboxError
from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID


@pytest.fixture
async def thread_id(bot):
    return (await bot.create_forum_topic(OPERATORS_CHAT_ID, "Анна")).message_thread_id


async def test_topic_opens_with_a_service_message_that_the_bot_gets_too(bot, people, thread_id):
    [update] = await bot.get_updates()
    [topic] = await people.topics(OPERATORS_CHAT_ID)

    assert update.message.message_id == update.message.message_thread_id == thread_id
    assert update.message.forum_topic_created.name == "Анна"
    assert update.message.from_user.id == bot.id
    assert (topic["name"], topic["closed"]) == ("Анна", False)


async def test_name_is_cut_at_128_characters(bot):
    assert (await bot.create_forum_topic(OPERATORS_CHAT_ID, "а" * 200)).name == "а" * 128
    with pytest.raises(TelegramBadRequest, match="TOPIC_TITLE_EMPTY"):
        await bot.create_forum_topic(OPERATORS_CHAT_ID, "  ")


async def test_changes_are_announced_and_repetitions_refused(bot, people, thread_id):
    await bot.edit_forum_topic(OPERATORS_CHAT_ID, thread_id, name="Анна ✔")
    await bot.close_forum_topic(OPERATORS_CHAT_ID, thread_id)
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await bot.close_forum_topic(OPERATORS_CHAT_ID, thread_id)
    await bot.reopen_forum_topic(OPERATORS_CHAT_ID, thread_id)
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await bot.edit_forum_topic(OPERATORS_CHAT_ID, thread_id, name="Анна ✔")
    _, edited, closed, reopened = [update.message for update in await bot.get_updates()]

    assert edited.forum_topic_edited.name == "Анна ✔"
    assert closed.forum_topic_closed is not None
    assert reopened.forum_topic_reopened is not None
    assert {message.message_thread_id for message in (edited, closed, reopened)} == {thread_id}


@pytest.mark.parametrize("missing", [1, 999])
async def test_missing_topic_and_general_are_not_found(bot, missing):
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(OPERATORS_CHAT_ID, "hello", message_thread_id=missing)
    with pytest.raises(TelegramBadRequest, match="TOPIC_ID_INVALID"):
        await bot.close_forum_topic(OPERATORS_CHAT_ID, missing)


async def test_deleted_topic_takes_its_messages_along(bot, people, thread_id):
    await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=thread_id)
    await bot.delete_forum_topic(OPERATORS_CHAT_ID, thread_id)
    event = await people.wait_for(lambda event: event["type"] == "topic" and event["topic"].get("deleted"))

    assert event["topic"]["thread_id"] == thread_id
    assert await people.messages(OPERATORS_CHAT_ID) == []
    assert await people.topics() == []
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=thread_id)


async def test_answer_to_a_message_in_a_topic_stays_there(bot, thread_id):
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=thread_id)
    answer = await bot.send_message(OPERATORS_CHAT_ID, "more", reply_to_message_id=card.message_id)

    assert card.reply_to_message.forum_topic_created.name == "Анна"
    assert answer.message_thread_id == thread_id
    assert answer.reply_to_message.text == "card"


async def test_message_in_general_has_no_thread(bot, people):
    await people.say(MARIA, "to all", chat_id=OPERATORS_CHAT_ID)
    [update] = await bot.get_updates()

    assert update.message.message_thread_id is None
    assert update.message.is_topic_message is None


async def test_private_chat_has_no_topics(bot):
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        await bot.create_forum_topic(ANNA, "a")
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(ANNA, "a", message_thread_id=5)


async def test_group_without_topics_or_rights_refuses_them(bot, world):
    world.add_group(-1002, "Plain", forum=False)
    world.add_group(-1003, "Limited", bot_lacks=frozenset({"can_manage_topics"}))
    world.add_group(-1004, "Member", bot_status="member")
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        await bot.create_forum_topic(-1002, "a")
    for chat_id in (-1003, -1004):
        with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
            await bot.create_forum_topic(chat_id, "a")


async def test_closed_topic_is_closed_to_those_who_do_not_manage_it(bot, people, world, thread_id):
    world.add_member(OPERATORS_CHAT_ID, ANNA)
    await bot.close_forum_topic(OPERATORS_CHAT_ID, thread_id)
    await bot.send_message(OPERATORS_CHAT_ID, "as administrator", message_thread_id=thread_id)
    await people.in_topic(JAMES, OPERATORS_CHAT_ID, thread_id, "as administrator")
    with pytest.raises(SandboxError, match="the topic is closed"):
        await people.in_topic(ANNA, OPERATORS_CHAT_ID, thread_id, "as a member")
    world.chat(OPERATORS_CHAT_ID).members[bot.id]["can_manage_topics"] = False
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await bot.send_message(OPERATORS_CHAT_ID, "without the right", message_thread_id=thread_id)


async def test_person_opens_a_topic_by_hand(bot, people):
    opened = await people.post("topics", chat_id=OPERATORS_CHAT_ID, user_id=MARIA, name="Заметки")
    [update] = await bot.get_updates()

    assert update.message.forum_topic_created.name == "Заметки"
    assert update.message.from_user.id == MARIA
    assert update.message.message_thread_id == opened["thread_id"]


async def test_there_are_no_topic_icons(bot):
    assert await bot.get_forum_topic_icon_stickers() == []
