import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge, TelegramForbiddenError
from aiogram.methods import DeleteEphemeralMessage, SendMessageDraft
from aiogram.types import (
    BufferedInputFile,
    EphemeralMessageParameters,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from sandbox.world import ANNA, MARIA, OLEG, OPERATORS_CHAT_ID

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02"


def inline(*buttons):
    return InlineKeyboardMarkup(inline_keyboard=[[button] for button in buttons])


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "message text is empty"), (" \n ", "message text is empty"), ("а" * 4097, "message is too long")],
)
async def test_text_has_one_to_4096_characters(bot, text, said):
    with pytest.raises(TelegramBadRequest, match=said):
        await bot.send_message(ANNA, text)


async def test_characters_outside_the_basic_plane_count_twice(bot):
    await bot.send_message(ANNA, "😀" * 2048)
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(ANNA, "😀" * 2049)


async def test_html_arrives_as_entities(bot, people):
    sent = await bot.send_message(ANNA, "<b>да</b>", parse_mode="HTML")
    [shown] = await people.messages(ANNA)

    assert (sent.text, sent.entities[0].type) == ("да", "bold")
    assert shown["entities"] == [{"type": "bold", "offset": 0, "length": 2}]


@pytest.mark.parametrize("chat_id", [5, -100500, "@nobody"])
async def test_unknown_chat_is_not_found(bot, chat_id):
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(chat_id, "hello")


async def test_blocked_bot_is_forbidden_until_it_is_started_again(bot, people):
    await people.block(ANNA)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(ANNA, "hello")
    await people.block(ANNA, blocked=False)
    blocked, started = await bot.get_updates()
    await bot.send_message(ANNA, "hello")

    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert started.my_chat_member.new_chat_member.status == "member"


@pytest.mark.parametrize(("status", "said"), [("left", "not a member"), ("kicked", "bot was kicked")])
async def test_bot_outside_of_the_group_is_forbidden(bot, world, status, said):
    world.add_group(-1009, "Closed", bot_status=status)
    with pytest.raises(TelegramForbiddenError, match=said):
        await bot.send_message(-1009, "hello")


async def test_group_that_moved_says_where_to(bot, world):
    world.add_group(-55, "Old", forum=False).migrated_to = OPERATORS_CHAT_ID
    with pytest.raises(Exception, match="upgraded to a supergroup") as caught:
        await bot.send_message(-55, "hello")

    assert caught.value.migrate_to_chat_id == OPERATORS_CHAT_ID


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        (inline(InlineKeyboardButton(text="a", callback_data="ж" * 33)), "BUTTON_DATA_INVALID"),
        (inline(InlineKeyboardButton(text="a")), "text buttons are unallowed"),
        (inline(InlineKeyboardButton(text="a", url="example")), "BUTTON_URL_INVALID"),
        (inline(InlineKeyboardButton(text=" ", callback_data="a")), "button text must be non-empty"),
        (inline(InlineKeyboardButton(text="a", callback_data="a", url="https://b")), "exactly one action"),
    ],
)
async def test_buttons_are_checked(bot, markup, said):
    with pytest.raises(TelegramBadRequest, match=said):
        await bot.send_message(ANNA, "choose", reply_markup=markup)


async def test_contact_can_be_asked_for_in_private_only(bot, people):
    markup = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Share", request_contact=True)]])
    with pytest.raises(TelegramBadRequest, match="private chats only"):
        await bot.send_message(OPERATORS_CHAT_ID, "who?", reply_markup=markup)
    asked = await bot.send_message(ANNA, "who?", reply_markup=markup)
    [shown] = await people.messages(ANNA)
    await people.press(shown, "Share")
    [update] = await bot.get_updates()

    assert asked.reply_markup is None
    assert update.message.contact.user_id == ANNA
    assert update.message.contact.phone_number == "+79161234501"


async def test_reply_carries_the_message_it_answers(bot, people):
    said = await people.say(ANNA, "where?")
    answer = await bot.send_message(ANNA, "here", reply_parameters=ReplyParameters(message_id=said["message_id"]))

    assert answer.reply_to_message.text == "where?"
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(ANNA, "here", reply_parameters=ReplyParameters(message_id=999))
    lenient = ReplyParameters(message_id=999, allow_sending_without_reply=True)
    assert (await bot.send_message(ANNA, "here", reply_parameters=lenient)).reply_to_message is None


async def test_upload_can_be_downloaded_and_sent_again_by_its_id(bot):
    sent = await bot.send_document(
        ANNA, BufferedInputFile(b"bill", "bill.pdf"), caption="<i>счёт</i>", parse_mode="HTML"
    )
    file = await bot.get_file(sent.document.file_id)
    content = await bot.download_file(file.file_path)
    again = await bot.send_document(OLEG, sent.document.file_id)

    assert (sent.document.file_name, sent.caption) == ("bill.pdf", "счёт")
    assert content.read() == b"bill"
    assert again.document.file_unique_id == sent.document.file_unique_id


async def test_photo_has_its_own_size(bot):
    sent = await bot.send_photo(ANNA, BufferedInputFile(PNG, "a.png"))

    assert (sent.photo[-1].width, sent.photo[-1].height) == (3, 2)


@pytest.mark.parametrize("kind", ["voice", "audio", "video", "video_note", "sticker", "animation"])
async def test_every_kind_of_file_is_sent(bot, kind):
    sent = await getattr(bot, f"send_{kind}")(ANNA, BufferedInputFile(b"bytes", "file.bin"))

    assert getattr(sent, kind).file_size == 5


@pytest.mark.parametrize(
    ("photo", "said"),
    [
        ("nonsense", "wrong file identifier"),
        ("https://example.com/a.png", "failed to get HTTP URL content"),
        (BufferedInputFile(b"", "a.png"), "file must be non-empty"),
        (BufferedInputFile(b"text", "a.png"), "IMAGE_PROCESS_FAILED"),
        (BufferedInputFile(PNG + bytes(10 * 2**20), "a.png"), "too big for a photo"),
    ],
)
async def test_bad_photo_is_refused(bot, photo, said):
    with pytest.raises(TelegramBadRequest, match=said):
        await bot.send_photo(ANNA, photo)


async def test_file_of_another_kind_is_refused(bot):
    voice = (await bot.send_voice(ANNA, BufferedInputFile(b"bytes", "a.oga"))).voice
    with pytest.raises(TelegramBadRequest, match="can't use file of type Voice as Photo"):
        await bot.send_photo(ANNA, voice.file_id)


async def test_files_over_the_limits_are_refused(bot, people):
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(ANNA, BufferedInputFile(bytes(50 * 2**20 + 1), "huge.bin"))
    sent = await bot.send_document(ANNA, BufferedInputFile(bytes(20 * 2**20 + 1), "big.bin"))
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(sent.document.file_id)


async def test_caption_has_at_most_1024_characters(bot):
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_document(ANNA, BufferedInputFile(b"a", "a"), caption="a" * 1025)


async def test_album_shares_one_group_id(bot):
    album = [
        InputMediaDocument(media=BufferedInputFile(b"a", "a.txt"), caption="two files"),
        InputMediaDocument(media=BufferedInputFile(b"b", "b.txt")),
    ]
    sent = await bot.send_media_group(ANNA, album)

    assert sent[0].media_group_id == sent[1].media_group_id is not None
    assert [message.document.file_name for message in sent] == ["a.txt", "b.txt"]
    with pytest.raises(TelegramBadRequest, match="2-10 items"):
        await bot.send_media_group(ANNA, [InputMediaPhoto(media=BufferedInputFile(PNG, "a.png"))])


async def test_copy_has_no_sender_and_forward_has_one(bot, people):
    said = await people.say(ANNA, "look")
    copy = await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])
    forward = await bot.forward_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])
    copied, forwarded = await people.messages(OPERATORS_CHAT_ID)

    assert (copied["message_id"], copied["text"]) == (copy.message_id, "look")
    assert "forward_origin" not in copied
    assert forwarded["message_id"] == forward.message_id
    assert forward.forward_origin.sender_user.id == ANNA


async def test_copies_of_several_skip_what_is_gone(bot, people):
    one, two = await people.say(ANNA, "one"), await people.say(ANNA, "two")
    await people.delete(one)
    copies = await bot.copy_messages(OPERATORS_CHAT_ID, ANNA, [one["message_id"], two["message_id"]])

    assert len(copies) == 1
    with pytest.raises(TelegramBadRequest, match="message to copy not found"):
        await bot.copy_message(OPERATORS_CHAT_ID, ANNA, one["message_id"])
    with pytest.raises(TelegramBadRequest, match="strictly increasing"):
        await bot.forward_messages(OPERATORS_CHAT_ID, ANNA, [two["message_id"], one["message_id"]])


async def test_albums_stay_together_when_copied_and_forwarded(bot, people):
    album = [await people.say(ANNA, media={"kind": "document"}, album="x") for _ in range(2)]
    ids = [message["message_id"] for message in album]
    await bot.copy_messages(OPERATORS_CHAT_ID, ANNA, ids)
    await bot.forward_messages(OPERATORS_CHAT_ID, ANNA, ids)
    groups = [message["media_group_id"] for message in await people.messages(OPERATORS_CHAT_ID)]

    assert groups[0] == groups[1] != groups[2] == groups[3]


async def test_caption_longer_than_a_bots_cannot_be_copied(bot, people):
    said = await people.say(ANNA, media={"kind": "document"}, caption="a" * 1025)
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])


async def test_protected_words_can_be_neither_copied_nor_forwarded(bot, people):
    said = await people.say(ANNA, "a secret", has_protected_content=True)
    [update] = await bot.get_updates()
    with pytest.raises(TelegramBadRequest, match="message can't be copied"):
        await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])
    with pytest.raises(TelegramBadRequest, match="message can't be forwarded"):
        await bot.forward_message(OPERATORS_CHAT_ID, ANNA, said["message_id"])

    assert update.message.has_protected_content


@pytest.mark.parametrize(("kinds", "alone"), [(("document", "photo"), "document"), (("video", "audio"), "audio")])
async def test_documents_and_sounds_have_albums_of_their_own(bot, people, kinds, alone):
    files = [(await people.say(ANNA, media={"kind": kind}))[kind] for kind in kinds]
    ids = [(one[-1] if isinstance(one, list) else one)["file_id"] for one in files]
    types = {
        "document": InputMediaDocument,
        "photo": InputMediaPhoto,
        "video": InputMediaVideo,
        "audio": InputMediaAudio,
    }
    album = [types[kind](media=file_id) for kind, file_id in zip(kinds, ids, strict=True)]
    with pytest.raises(TelegramBadRequest, match=f"{alone} can't be mixed with other media types"):
        await bot.send_media_group(ANNA, album)


async def test_service_messages_cannot_be_copied(bot):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    with pytest.raises(TelegramBadRequest, match="message can't be copied"):
        await bot.copy_message(ANNA, OPERATORS_CHAT_ID, topic.message_thread_id)


async def test_caption_of_a_copied_file_can_be_replaced(bot, people):
    said = await people.say(ANNA, media={"kind": "document"}, caption="old")
    await bot.copy_message(OPERATORS_CHAT_ID, ANNA, said["message_id"], caption="new")
    [copied] = await people.messages(OPERATORS_CHAT_ID)

    assert copied["caption"] == "new"


async def test_preview_is_seen_but_not_kept(bot, people):
    await bot(SendMessageDraft(chat_id=ANNA, draft_id=7, text="Thinking", can_stop=True))
    preview = await people.wait_for(lambda event: event["type"] == "preview")
    await people.post("stops", chat_id=ANNA, user_id=ANNA, draft_id=7)
    [update] = await bot.get_updates()

    assert (preview["chat_id"], preview["text"], preview["can_stop"]) == (ANNA, "Thinking", True)
    assert await people.messages(ANNA) == []
    assert update.stopped_message_generation.draft_id == 7


async def test_typing_is_shown_until_the_bot_has_written(bot, people):
    await bot.send_chat_action(ANNA, "typing")
    event = await people.wait_for(lambda event: event["type"] == "typing")
    before = (await people.state())["typing"]
    await bot.send_message(ANNA, "done")

    assert (event["chat_id"], event["action"]) == (ANNA, "typing")
    assert [typing["chat_id"] for typing in before] == [ANNA]
    assert (await people.state())["typing"] == []


async def test_unknown_chat_action_is_refused(bot):
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await bot.send_chat_action(ANNA, "sleeping")


async def test_own_messages_are_no_updates(bot):
    await bot.send_message(ANNA, "a")
    await bot.send_message(OPERATORS_CHAT_ID, "b")

    assert await bot.get_updates() == []


async def test_message_ids_run_through_all_private_chats_and_apart_in_a_group(bot):
    private = [(await bot.send_message(chat_id, "a")).message_id for chat_id in (ANNA, OLEG, MARIA)]
    group = (await bot.send_message(OPERATORS_CHAT_ID, "a")).message_id

    assert private == [1, 2, 3]
    assert group == 2


async def test_an_ephemeral_message_is_for_one_member_of_a_group(bot, people):
    only_him = EphemeralMessageParameters(receiver_user_id=MARIA)
    sent = await bot.send_message(OPERATORS_CHAT_ID, "secret", ephemeral_message_parameters=only_him)
    (shown,) = await people.messages(OPERATORS_CHAT_ID)

    assert (sent.message_id, sent.receiver_user.id) == (0, MARIA)
    assert (shown["text"], shown["receiver_user"]["id"]) == ("secret", MARIA)
    stranger = EphemeralMessageParameters(receiver_user_id=ANNA)
    with pytest.raises(TelegramBadRequest, match="PARTICIPANT_ID_INVALID"):
        await bot.send_message(OPERATORS_CHAT_ID, "secret", ephemeral_message_parameters=stranger)
    delete = DeleteEphemeralMessage(
        chat_id=OPERATORS_CHAT_ID, receiver_user_id=MARIA, ephemeral_message_id=sent.ephemeral_message_id
    )
    assert await bot(delete)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot(delete)
    assert await people.messages(OPERATORS_CHAT_ID) == []
