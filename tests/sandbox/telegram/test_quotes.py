import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaDocument, MessageEntity, ReplyParameters

from sandbox.client import SandboxError
from sandbox.telegram.quotes import find_quote
from sandbox.world import ANNA, JAMES, OPERATORS_CHAT_ID

BOLD = {"type": "bold", "offset": 6, "length": 4}


def test_a_quote_is_placed_in_utf16_units_nearest_to_the_hint():
    said = {"text": "😀 да, да, да"}

    assert find_quote(said, "да", None)["position"] == 3
    assert find_quote(said, "да", None, 8)["position"] == 7
    assert find_quote(said, "да", None, 100)["position"] == 11
    assert find_quote(said, "нет", None) is None
    assert find_quote(said, "", None) is None


def test_a_quote_is_found_in_a_caption_and_takes_its_formatting():
    said = {"caption": "where is 😀 it?", "caption_entities": [BOLD, {"type": "url", "offset": 0, "length": 5}]}
    quote = find_quote(said, "re is", None)

    assert quote == {
        "text": "re is",
        "position": 3,
        "is_manual": True,
        "entities": [{"type": "bold", "offset": 3, "length": 2}],
    }


def test_a_bots_quote_is_formatted_exactly_as_the_words_are():
    said = {"text": "hello bold", "entities": [BOLD]}

    assert find_quote(said, "bold", []) is None
    assert find_quote(said, "bold", [{"type": "italic", "offset": 0, "length": 4}]) is None
    assert find_quote(said, "bold", [{"type": "bold", "offset": 0, "length": 4}]) is not None
    assert find_quote(said, "hello", []) is not None


def test_a_quote_has_at_most_1024_characters():
    said = {"text": "a" * 2000}

    assert find_quote(said, "a" * 1024, None) is not None
    assert find_quote(said, "a" * 1025, None) is None


async def test_a_reply_of_the_bot_carries_its_quote(bot, people):
    entities = [{"type": "bold", "offset": 9, "length": 5}]
    said = await people.say(ANNA, "where is order KD-1 now?", entities=entities)
    answer = await bot.send_message(
        ANNA,
        "here",
        reply_parameters=ReplyParameters(
            message_id=said["message_id"],
            quote="order KD-1",
            quote_entities=[MessageEntity(type="bold", offset=0, length=5)],
            quote_position=9,
        ),
    )
    marked = ReplyParameters(message_id=said["message_id"], quote="<b>order</b> KD-1", quote_parse_mode="HTML")
    again = await bot.send_message(ANNA, "here", reply_parameters=marked)

    assert (answer.quote.text, answer.quote.position, answer.quote.is_manual) == ("order KD-1", 9, True)
    assert answer.quote.entities[0].type == "bold"
    assert again.quote == answer.quote
    assert answer.reply_to_message.message_id == said["message_id"]


async def test_words_that_were_not_said_cannot_be_quoted(bot, people):
    said = await people.say(ANNA, "hello")
    wrong = ReplyParameters(message_id=said["message_id"], quote="goodbye", allow_sending_without_reply=True)
    with pytest.raises(TelegramBadRequest, match="Bad Request: QUOTE_TEXT_INVALID"):
        await bot.send_message(ANNA, "?", reply_parameters=wrong)
    gone = ReplyParameters(message_id=99, quote="goodbye", allow_sending_without_reply=True)
    sent = await bot.send_message(ANNA, "?", reply_parameters=gone)

    assert (sent.quote, sent.reply_to_message) == (None, None)


async def test_albums_and_copies_reply_with_a_quote_in_a_topic(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    card = await bot.send_message(OPERATORS_CHAT_ID, "the card", message_thread_id=thread_id)
    reply = ReplyParameters(message_id=card.message_id, quote="card")
    files = [InputMediaDocument(media=BufferedInputFile(b"a", name)) for name in "ab"]
    album = await bot.send_media_group(OPERATORS_CHAT_ID, files, message_thread_id=thread_id, reply_parameters=reply)
    said = await people.say(ANNA, "words")
    await bot.copy_message(
        OPERATORS_CHAT_ID, ANNA, said["message_id"], message_thread_id=thread_id, reply_parameters=reply
    )
    shown = (await people.messages(OPERATORS_CHAT_ID, thread_id))[2:]

    assert [message.quote.text for message in album] == ["card", "card"]
    assert [message.message_thread_id for message in album] == [thread_id, thread_id]
    assert [(message["quote"]["text"], message["reply_to_message"]["text"]) for message in shown] == [
        ("card", "the card")
    ] * 3


async def test_people_reply_with_a_quote(bot, people):
    sent = await bot.send_message(ANNA, "yes, yes and <i>yes</i>", parse_mode="HTML")
    await people.say(ANNA, "why?", reply_to=sent.message_id, quote="yes", quote_position=13)
    [update] = await bot.get_updates()

    assert (update.message.quote.text, update.message.quote.position) == ("yes", 13)
    assert update.message.quote.entities[0].type == "italic"
    with pytest.raises(SandboxError, match="does not say that"):
        await people.say(ANNA, "why?", reply_to=sent.message_id, quote="no")
    with pytest.raises(SandboxError, match="reply_to"):
        await people.say(ANNA, "why?", quote="yes")


async def test_an_operator_quotes_in_a_topic(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    card = await bot.send_message(OPERATORS_CHAT_ID, "the card", message_thread_id=thread_id)
    said = await people.say(JAMES, "this", chat_id=OPERATORS_CHAT_ID, reply_to=card.message_id, quote="card")

    assert said["message_thread_id"] == thread_id
    assert said["quote"] == {"text": "card", "position": 4, "is_manual": True}
