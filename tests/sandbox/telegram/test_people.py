import pytest
from aiogram.exceptions import TelegramBadRequest

from sandbox.client import SandboxError
from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID

PREMIUM_CAPTION = "ж" * 4096


async def test_a_captions_words_are_edited_and_taken_away(bot, people):
    said = await people.say(ANNA, media={"kind": "photo"}, caption="one")
    edited = await people.edit(said, "two", entities=[{"type": "bold", "offset": 0, "length": 3}])
    await people.edit(said, "")
    _, second, third = await bot.get_updates()

    assert (edited["caption"], edited["caption_entities"][0]["type"]) == ("two", "bold")
    assert second.edited_message.caption == "two"
    assert third.edited_message.caption is None
    assert third.edited_message.photo


async def test_an_operators_edit_reaches_the_bot_as_long_as_it_hears_the_group(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    said = await people.in_topic(JAMES, OPERATORS_CHAT_ID, thread_id, "one")
    await people.edit(said, "two")
    updates = await bot.get_updates()
    await people.group(OPERATORS_CHAT_ID, "demote_bot")
    await people.edit(said, "three")
    later = await bot.get_updates(offset=updates[-1].update_id + 1)

    assert updates[-1].edited_message.text == "two"
    assert updates[-1].edited_message.message_thread_id == thread_id
    assert [update.event_type for update in later] == ["my_chat_member"]


async def test_only_ones_own_words_are_edited(people):
    forwarded = await people.say(ANNA, "not mine", forwarded=True)
    thrown = await people.say(ANNA, media={"kind": "dice"})
    with pytest.raises(SandboxError, match="only one's own"):
        await people.edit(forwarded, "mine")
    with pytest.raises(SandboxError, match="no words to edit"):
        await people.edit(thrown, "six")
    words = await people.say(ANNA, "words")
    with pytest.raises(SandboxError, match="nothing to send"):
        await people.edit(words, "")


async def test_a_premium_caption_is_longer_than_a_bot_may_copy_or_send(bot, people):
    said = await people.say(ANNA, media={"kind": "photo"}, caption=PREMIUM_CAPTION)
    [update] = await bot.get_updates()
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(OPERATORS_CHAT_ID, update.message.photo[-1].file_id, caption=PREMIUM_CAPTION[:1025])
    await bot.send_photo(OPERATORS_CHAT_ID, update.message.photo[-1].file_id, caption=PREMIUM_CAPTION[:1024])

    assert update.message.caption == PREMIUM_CAPTION
    with pytest.raises(SandboxError, match="at most 4096"):
        await people.say(ANNA, media={"kind": "photo"}, caption=PREMIUM_CAPTION + "ж")


@pytest.mark.parametrize(("size", "fits"), [(20 * 2**20, True), (20 * 2**20 + 1, False)])
async def test_a_file_weighs_what_it_is_declared_to(bot, people, size, fits):
    await people.say(ANNA, media={"kind": "video", "file_size": size})
    [update] = await bot.get_updates()
    video = update.message.video
    if fits:
        assert (await bot.get_file(video.file_id)).file_size == size
    else:
        with pytest.raises(TelegramBadRequest, match="Bad Request: file is too big"):
            await bot.get_file(video.file_id)

    assert video.file_size == size
    assert (await bot.send_video(OPERATORS_CHAT_ID, video.file_id)).video.file_size == size


async def test_a_contact_is_shared_in_a_topic_as_a_reply(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=thread_id)
    shared = await people.share_contact(
        MARIA, own=False, chat_id=OPERATORS_CHAT_ID, thread_id=thread_id, reply_to=card.message_id
    )

    assert shared["message_thread_id"] == thread_id
    assert shared["reply_to_message"]["text"] == "card"


@pytest.mark.parametrize(
    ("media", "said"),
    [
        ({"kind": "dice", "emoji": "👍"}, "EMOTICON_INVALID"),
        ({"kind": "poll", "question": "?", "options": ["a"]}, "at least 2"),
        ({"kind": "video", "file_size": 0}, "file_size"),
    ],
)
async def test_impossible_media_gets_a_sentence(people, media, said):
    with pytest.raises(SandboxError, match=said):
        await people.say(ANNA, media=media)
