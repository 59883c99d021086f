import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    KeyboardButton,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
)

from sandbox.client import SandboxError
from sandbox.world import ANNA, EMMA, MARIA, OPERATORS_CHAT_ID

LIKE = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="👍", callback_data="like")]])


async def test_edit_replaces_words_and_takes_buttons_away(bot, people):
    sent = await bot.send_message(ANNA, "<b>one</b>", parse_mode="HTML", reply_markup=LIKE)
    edited = await sent.edit_text("two")
    event = await people.wait_for(lambda event: event["type"] == "message_edited")

    assert (edited.text, edited.entities, edited.reply_markup) == ("two", None, None)
    assert event["message"]["text"] == "two"
    assert event["message"]["edit_date"]
    assert await bot.get_updates() == []


async def test_edit_that_changes_nothing_is_refused(bot):
    sent = await bot.send_message(ANNA, "one", reply_markup=LIKE)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await sent.edit_text("one", reply_markup=LIKE)
    await sent.edit_reply_markup(reply_markup=None)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await sent.edit_reply_markup(reply_markup=None)


async def test_only_own_plain_messages_can_be_edited(bot, people):
    said = await people.say(ANNA, "mine")
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="a")]])
    asked = await bot.send_message(ANNA, "choose", reply_markup=keyboard)
    forwarded = await bot.forward_message(ANNA, ANNA, said["message_id"])
    for message_id in (said["message_id"], asked.message_id, forwarded.message_id):
        with pytest.raises(TelegramBadRequest, match="message can't be edited"):
            await bot.edit_message_text("new", chat_id=ANNA, message_id=message_id)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("new", chat_id=ANNA, message_id=999)


async def test_files_have_captions_instead_of_text(bot):
    sent = await bot.send_document(ANNA, BufferedInputFile(b"a", "a.txt"), caption="old")
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await sent.edit_text("new")
    captioned = await sent.edit_caption(caption="new")
    replaced = await sent.edit_media(InputMediaDocument(media=BufferedInputFile(b"b", "b.txt")))

    assert captioned.caption == "new"
    assert (replaced.document.file_name, replaced.caption) == ("b.txt", None)


async def test_copies_are_the_bots_own_and_can_be_edited(bot, people):
    text = await people.say(ANNA, "words")
    file = await people.say(ANNA, media={"kind": "photo"}, caption="old")
    copied = await bot.copy_message(OPERATORS_CHAT_ID, ANNA, text["message_id"])
    captioned = await bot.copy_message(OPERATORS_CHAT_ID, ANNA, file["message_id"])
    edited = await bot.edit_message_text("other words", chat_id=OPERATORS_CHAT_ID, message_id=copied.message_id)
    changed = await bot.edit_message_caption(chat_id=OPERATORS_CHAT_ID, message_id=captioned.message_id, caption="new")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.edit_message_caption(chat_id=OPERATORS_CHAT_ID, message_id=captioned.message_id, caption="a" * 1025)

    assert (edited.text, changed.caption) == ("other words", "new")


async def test_waiting_update_keeps_the_words_of_its_time(bot, people):
    said = await people.say(ANNA, "before")
    await people.edit(said, "after")
    first, second = await bot.get_updates()

    assert first.message.text == "before"
    assert second.edited_message.text == "after"
    assert second.edited_message.edit_date


async def test_press_reaches_the_bot_and_its_answer_reaches_the_person(bot, people):
    await bot.send_message(ANNA, "well?", reply_markup=LIKE)
    [shown] = await people.messages(ANNA)
    pressed = await people.press(shown, "👍")
    [update] = await bot.get_updates()
    unanswered = await people.callback(pressed["callback_query_id"])
    await bot.answer_callback_query(update.callback_query.id, text="Thanks!")

    assert (update.callback_query.data, update.callback_query.from_user.id) == ("like", ANNA)
    assert update.callback_query.message.text == "well?"
    assert unanswered == {"answered": False, "show_alert": False}
    assert await people.callback(pressed["callback_query_id"]) == {
        "answered": True,
        "text": "Thanks!",
        "show_alert": False,
    }
    with pytest.raises(SandboxError, match="has no button"):
        await people.press(shown, "dislike")


async def test_callback_answer_is_checked(bot, people):
    await bot.send_message(ANNA, "well?", reply_markup=LIKE)
    [shown] = await people.messages(ANNA)
    pressed = await people.press(shown, "like")
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(pressed["callback_query_id"], text="a" * 201)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("1")


async def test_deleted_message_is_gone_for_everybody_and_nobody_tells_the_bot(bot, people):
    said = await people.say(ANNA, "oops")
    await bot.get_updates(offset=2)
    await people.delete(said)
    event = await people.wait_for(lambda event: event["type"] == "message_deleted")

    assert event["message_id"] == said["message_id"]
    assert await people.messages(ANNA) == []
    assert await bot.get_updates() == []
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(ANNA, said["message_id"])


async def test_bot_deletes_within_48_hours_only(bot, world):
    sent = await bot.send_message(ANNA, "old")
    now = world.clock()
    world.clock = lambda: now + 48 * 3600 + 2
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await sent.delete()


async def test_others_messages_in_a_group_need_the_right_to_delete(bot, people, world):
    world.add_group(-1002, "Limited", bot_lacks=frozenset({"can_delete_messages", "can_pin_messages"}))
    world.add_member(-1002, MARIA)
    said = await people.say(MARIA, "hello", chat_id=-1002)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await bot.delete_message(-1002, said["message_id"])
    with pytest.raises(TelegramBadRequest, match="not enough rights to manage pinned messages"):
        await bot.pin_chat_message(-1002, said["message_id"])
    assert await bot.delete_messages(-1002, [said["message_id"]])
    assert len(await people.messages(-1002)) == 1


async def test_pin_is_announced_in_its_topic_and_to_the_bot_itself(bot):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=topic.message_thread_id)
    await card.pin()
    updates = await bot.get_updates()
    full = await bot.get_chat(OPERATORS_CHAT_ID)
    await card.unpin()

    assert updates[-1].message.pinned_message.text == "card"
    assert updates[-1].message.message_thread_id == topic.message_thread_id
    assert full.pinned_message.text == "card"
    assert (await bot.get_chat(OPERATORS_CHAT_ID)).pinned_message is None


async def test_bot_has_one_reaction_a_message(bot, people):
    said = await people.say(EMMA, "hi")
    await bot.set_message_reaction(EMMA, said["message_id"], [ReactionTypeEmoji(emoji="👀")])
    await people.react(said, "❤")
    event = await people.wait_for(lambda event: event["type"] == "reaction")
    [shown] = await people.messages(EMMA)

    assert event["reactions"] == [{"user_id": bot.id, "emoji": "👀"}]
    assert {reaction["emoji"] for reaction in shown["reactions"]} == {"👀", "❤"}
    two = [ReactionTypeEmoji(emoji="👀"), ReactionTypeEmoji(emoji="👍")]
    with pytest.raises(TelegramBadRequest, match="REACTIONS_TOO_MANY"):
        await bot.set_message_reaction(EMMA, said["message_id"], two)
    with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
        await bot.set_message_reaction(EMMA, said["message_id"], [ReactionTypeEmoji(emoji="🚀")])
