import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat

from sandbox.client import SandboxError
from sandbox.telegram.groups import ANONYMOUS
from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID

NEW_ID = -1007


async def test_a_removed_bot_is_told_and_forbidden_until_it_is_added_again(bot, people):
    await people.group(OPERATORS_CHAT_ID, "remove_bot")
    await people.say(MARIA, "among ourselves", chat_id=OPERATORS_CHAT_ID)
    for call in (bot.send_message(OPERATORS_CHAT_ID, "a"), bot.get_chat(OPERATORS_CHAT_ID)):
        with pytest.raises(TelegramForbiddenError, match="Forbidden: bot was kicked from the supergroup chat"):
            await call
    await people.group(OPERATORS_CHAT_ID, "add_bot", by=JAMES)
    await bot.send_message(OPERATORS_CHAT_ID, "back")
    removed, added, service = await bot.get_updates()

    change = removed.my_chat_member
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("administrator", "kicked")
    assert change.from_user.id == MARIA
    assert added.my_chat_member.new_chat_member.status == "member"
    assert added.my_chat_member.from_user.id == JAMES
    assert [user.id for user in service.message.new_chat_members] == [bot.id]
    shown = await people.messages(OPERATORS_CHAT_ID)
    assert shown[0]["left_chat_member"]["id"] == bot.id


async def test_a_demoted_bot_may_no_longer_manage_topics_until_it_is_promoted(bot, people):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    await people.group(OPERATORS_CHAT_ID, "demote_bot")
    with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
        await bot.create_forum_topic(OPERATORS_CHAT_ID, "b")
    await bot.send_message(OPERATORS_CHAT_ID, "still a member", message_thread_id=topic.message_thread_id)
    await people.say(MARIA, "not for the bot", chat_id=OPERATORS_CHAT_ID)
    await people.group(OPERATORS_CHAT_ID, "promote_bot", lacks=["can_delete_messages"])
    member = await bot.get_chat_member(OPERATORS_CHAT_ID, bot.id)
    await bot.create_forum_topic(OPERATORS_CHAT_ID, "b")
    with pytest.raises(TelegramBadRequest, match="not enough rights to delete the topic"):
        await bot.delete_forum_topic(OPERATORS_CHAT_ID, topic.message_thread_id)
    _, demoted, promoted, _ = await bot.get_updates()

    assert demoted.my_chat_member.new_chat_member.status == "member"
    assert promoted.my_chat_member.old_chat_member.status == "member"
    assert (member.can_manage_topics, member.can_delete_messages) == (True, False)
    assert promoted.my_chat_member.new_chat_member == member


async def test_topics_turned_off_are_refused_and_come_back(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    await people.group(OPERATORS_CHAT_ID, "disable_topics")
    chat = await bot.get_chat(OPERATORS_CHAT_ID)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(OPERATORS_CHAT_ID, "a", message_thread_id=thread_id)
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        await bot.create_forum_topic(OPERATORS_CHAT_ID, "b")
    with pytest.raises(SandboxError, match=f"no topic {thread_id}"):
        await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread_id, "a")
    topics = await people.topics()
    await people.group(OPERATORS_CHAT_ID, "enable_topics")
    sent = await bot.send_message(OPERATORS_CHAT_ID, "b", message_thread_id=thread_id)

    assert chat.is_forum is None
    assert topics == []
    assert sent.message_thread_id == thread_id
    with pytest.raises(SandboxError, match="nothing to do"):
        await people.group(OPERATORS_CHAT_ID, "enable_topics")


async def test_a_migrated_group_refers_to_its_new_id_where_everything_is(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=thread_id)
    new_id = await people.group(OPERATORS_CHAT_ID, "migrate", new_id=NEW_ID)
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(OPERATORS_CHAT_ID, "late", message_thread_id=thread_id)
    await bot.edit_message_text("edited", chat_id=NEW_ID, message_id=card.message_id)
    await people.in_topic(JAMES, NEW_ID, thread_id, "here")
    _, joined, left, arrived, said = await bot.get_updates()

    assert new_id == caught.value.migrate_to_chat_id == NEW_ID
    assert joined.my_chat_member.chat.id == NEW_ID
    assert joined.my_chat_member.new_chat_member.status == "administrator"
    assert (left.message.chat.id, left.message.chat.type, left.message.migrate_to_chat_id) == (
        OPERATORS_CHAT_ID,
        "group",
        NEW_ID,
    )
    assert (arrived.message.chat.id, arrived.message.migrate_from_chat_id) == (NEW_ID, OPERATORS_CHAT_ID)
    assert arrived.message.from_user.username == ANONYMOUS["username"]
    assert (said.message.chat.id, said.message.reply_to_message.chat.id) == (NEW_ID, NEW_ID)
    assert [message.get("text") for message in await people.messages(NEW_ID, thread_id)] == [None, "edited", "here"]
    assert [topic["chat_id"] for topic in await people.topics()] == [NEW_ID]


async def test_people_cannot_write_into_the_group_that_was(people):
    new_id = await people.group(OPERATORS_CHAT_ID, "migrate")
    with pytest.raises(SandboxError, match=f"has become the supergroup {new_id}"):
        await people.say(MARIA, "a", chat_id=OPERATORS_CHAT_ID)
    state = await people.state()

    assert [chat["id"] for chat in state["chats"] if chat["type"] != "private"] == [new_id]
    assert list(state["members"]) == [str(new_id)]


async def test_a_deleted_group_is_not_found(bot, people):
    await people.group(OPERATORS_CHAT_ID, "delete")
    event = await people.wait_for(lambda event: event["type"] == "chat_gone")
    with pytest.raises(TelegramBadRequest, match="Bad Request: chat not found"):
        await bot.send_message(OPERATORS_CHAT_ID, "a")
    [update] = await bot.get_updates()

    assert event["chat_id"] == OPERATORS_CHAT_ID
    assert update.my_chat_member.new_chat_member.status == "left"
    with pytest.raises(SandboxError, match="there is no chat"):
        await people.say(MARIA, "a", chat_id=OPERATORS_CHAT_ID)


async def test_service_messages_of_a_group_without_the_bot_are_not_for_the_bot(bot, people):
    await people.group(OPERATORS_CHAT_ID, "remove_bot")
    [removed] = await bot.get_updates()
    await people.post("topics", chat_id=OPERATORS_CHAT_ID, user_id=MARIA, name="by hand")

    assert await bot.get_updates(offset=removed.update_id + 1) == []


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"chat_id": ANNA, "action": "remove_bot"}, "a person's chat"),
        ({"chat_id": -5, "action": "delete"}, "there is no chat -5"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "add_bot"}, "the bot is administrator there"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "promote_bot"}, "like that already"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "promote_bot", "lacks": ["can_fly"]}, "no right called can_fly"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "demote_bot", "by": ANNA}, "no administrator"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "migrate", "new_id": 5}, "a free negative id"),
        ({"chat_id": OPERATORS_CHAT_ID, "action": "explode"}, "action"),
    ],
)
async def test_impossible_change_gets_a_sentence(people, order, said):
    with pytest.raises(SandboxError, match=said):
        await people.post("groups", **order)
