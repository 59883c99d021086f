"""From a message to the call that sends it again, and what is enqueued to pass it on; nothing is sent here."""

import pytest
from aiogram.types import Message

from bot import relay
from bot.incoming import content_of, is_service, kind_of, words_of
from bot.unit import Units
from sandbox.world import ANNA, OPERATORS_CHAT_ID
from support.counterparts import CounterpartRepository
from support.customers import CustomerRepository
from support.deliveries import DeliveryState
from support.transport_tables import DeliveryRow

PHOTO = [
    {"file_id": "small", "file_unique_id": "1", "width": 9, "height": 9},
    {"file_id": "large", "file_unique_id": "2", "width": 90, "height": 90},
]
VOICE = {"file_id": "voice", "file_unique_id": "3", "duration": 2}
BOLD = [{"type": "bold", "offset": 0, "length": 2}]
MARKED_BOLD = [{"type": "bold", "offset": 3, "length": 2}]
STORY = {"chat": {"id": 5, "type": "private"}, "id": 3}
POLL = {
    "id": "1",
    "question": "Когда?",
    "options": [{"persistent_id": str(n), "text": f"{n}", "voter_count": 2} for n in range(2)],
    "total_voter_count": 2,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}


def message(message_id=7, **content):
    letter = {"message_id": message_id, "date": 1_790_000_000, "chat": {"id": ANNA, "type": "private"}}
    return Message.model_validate({**letter, "from": {"id": ANNA, "is_bot": False, "first_name": "А"}, **content})


def test_plain_words_need_no_call():
    assert content_of(message(text="да")) is None


def test_a_voice_keeps_its_caption():
    call = content_of(message(voice=VOICE, caption="да", caption_entities=BOLD))

    assert call == {"method": "SendVoice", "voice": "voice", "caption": "да", "caption_entities": BOLD}


def test_a_hidden_photo_stays_hidden_and_leaves_effects_and_buttons_behind():
    buttons = {"inline_keyboard": [[{"text": "да", "url": "https://a.b"}]]}
    shown = message(photo=PHOTO, has_media_spoiler=True, show_caption_above_media=True, caption="да")
    call = content_of(shown.model_copy(update={"effect_id": "5", "reply_markup": buttons}))

    assert call == {
        "method": "SendPhoto",
        "photo": "large",
        "caption": "да",
        "has_spoiler": True,
        "show_caption_above_media": True,
    }


def test_dice_are_told_and_a_poll_is_shown_in_words():
    assert content_of(message(dice={"emoji": "🎲", "value": 5})) == {"method": "SendMessage", "text": "🎲 5"}
    assert content_of(message(poll=POLL)) == {"method": "SendMessage", "text": "📊 Когда?\n• 0\n• 1"}


@pytest.mark.parametrize(
    ("content", "method"),
    [
        ({"story": STORY}, "ForwardMessage"),
        ({"paid_media": {"star_count": 1, "paid_media": []}}, "CopyMessage"),
        ({"hologram": {}}, "CopyMessage"),
    ],
)
def test_what_has_no_file_id_telegram_passes_on_itself(content, method):
    assert content_of(message(**content)) == {"method": method, "from_chat_id": ANNA, "message_id": 7}
    assert kind_of(message(**content)) == "other"
    assert not is_service(message(**content))


@pytest.mark.parametrize("name", ["write_access_allowed", "video_chat_started", "delete_chat_photo"])
def test_a_note_of_telegram_is_nothing_that_anybody_said(name):
    assert is_service(message(**{name: True if name == "delete_chat_photo" else {}}))


def test_a_quote_is_kept_with_its_reply_and_only_with_one():
    quote = {"text": "часть", "position": 4, "is_manual": True, "entities": BOLD}
    target = message(5, text="одна часть").model_dump(mode="json", by_alias=True, exclude_none=True)

    answer = message(text="да", reply_to_message=target, quote=quote)
    assert content_of(answer)["reply_parameters"] == {
        "message_id": 0,
        "quote": "часть",
        "quote_entities": BOLD,
        "quote_position": 4,
    }
    assert words_of(answer).reply_to_id == 5
    assert content_of(message(text="да", quote=quote)) is None
    assert content_of(message(text="да", reply_to_message=target, quote={**quote, "is_manual": False})) is None


@pytest.fixture
def units(database):
    return Units(database, lambda: None)


@pytest.fixture
def to_operators(units):
    """Pass messages on, each in a unit of its own as updates come."""

    async def pass_on(*messages):
        for one in messages:
            async with units.open() as unit:
                anna = await CustomerRepository(unit.session).by_chat(ANNA)
                await relay.to_operators(unit, anna, relay.Relayed(one.chat.id, words_of(one)))

    return pass_on


@pytest.fixture
def edit(units):
    """Pass an edit on; return the call, or None."""

    async def edit(edited, before=None, *, copies=1):
        async with units.open() as unit:
            anna = await CustomerRepository(unit.session).by_chat(ANNA)
            for number in range(copies):
                await CounterpartRepository(unit.session).add(
                    anna.id, (ANNA, edited.message_id), (OPERATORS_CHAT_ID, 50 + number)
                )
            content = None if before is None else content_of(before)
            await relay.edit(unit, anna, edited, "edit", before=content, to_topic=True)

    return edit


def part(message_id, **more):
    return message(message_id, photo=PHOTO, media_group_id="a", caption=f"{message_id}", **more)


async def test_an_album_is_in_the_order_of_its_messages_and_has_each_once(to_operators, deliveries):
    await to_operators(part(8), part(7), part(9), part(8))

    [row] = await deliveries()
    assert row.source_ids == [7, 8, 9]
    assert [item["caption"] for item in row.payload["media"]] == ["7", "8", "9"]
    assert all(item["media"] == "large" and item["type"] == "photo" for item in row.payload["media"])


@pytest.mark.parametrize("state", [DeliveryState.ATTEMPTING, DeliveryState.DELIVERED])
async def test_a_part_that_comes_after_its_album_went_goes_alone_and_a_known_one_not_again(
    to_operators, deliveries, units, state
):
    await to_operators(part(7))
    async with units.open() as unit:
        (await unit.session.get_one(DeliveryRow, 1)).state = state

    await to_operators(part(7), part(8), part(8), part(9))

    assert [row.source_ids for row in await deliveries()] == [[7], [8], [9]]


async def test_an_album_replies_as_its_first_part_does(to_operators, deliveries):
    target = message(5, text="одна часть").model_dump(mode="json", by_alias=True, exclude_none=True)
    await to_operators(part(7, reply_to_message=target, quote={"text": "часть", "position": 0, "is_manual": True}))

    [row] = await deliveries()
    assert (row.about_chat_id, row.about_id) == (ANNA, 5)
    assert row.payload["reply_parameters"]["quote"] == "часть"


async def test_a_long_caption_follows_its_file_without_replying_to_anything(to_operators, deliveries):
    target = message(5, text="раньше").model_dump(mode="json", by_alias=True, exclude_none=True)
    caption = "слово " * 800
    await to_operators(message(photo=PHOTO, caption=caption.strip(), reply_to_message=target))

    photo, *words = await deliveries()
    assert photo.payload == {"chat_id": 0, "photo": "large"}
    assert photo.about_id == 5
    assert " ".join(row.payload["text"] for row in words) == caption.strip()
    assert [row.about_id for row in words] == [None] * len(words)


@pytest.mark.parametrize(
    ("edited", "method", "payload"),
    [
        ({"text": "нет", "entities": BOLD}, "EditMessageText", {"text": "✏️ нет", "entities": MARKED_BOLD}),
        ({"text": "н" * 4095}, "EditMessageText", {"text": "н" * 4095}),
        ({"photo": PHOTO, "caption": "нет"}, "EditMessageCaption", {"caption": "✏️ нет"}),
        ({"photo": PHOTO}, "EditMessageCaption", {}),
        ({"voice": VOICE, "caption": "нет"}, "EditMessageCaption", {"caption": "✏️ нет"}),
    ],
)
async def test_an_edit_of_a_customer_changes_words_and_captions_and_is_marked_where_there_is_room(
    edit, deliveries, edited, method, payload
):
    before = message(**{**edited, "caption": "да"}) if "text" not in edited else None
    await edit(message(**edited), before)

    [row] = await deliveries()
    assert (row.method, row.about_chat_id, row.about_id) == (method, ANNA, 7)
    assert row.payload == {"chat_id": 0, "message_id": 0, **payload}


async def test_a_file_that_was_replaced_is_replaced(edit, deliveries):
    other = [{**PHOTO[1], "file_id": "other"}]
    await edit(message(photo=other, caption="нет", caption_entities=BOLD), message(photo=PHOTO, caption="да"))

    [row] = await deliveries()
    assert row.method == "EditMessageMedia"
    assert row.payload["media"] == {
        "type": "photo",
        "media": "other",
        "caption": "✏️ нет",
        "caption_entities": MARKED_BOLD,
    }


async def test_words_that_became_a_file_are_replaced_by_it(edit, deliveries):
    await edit(message(photo=PHOTO, caption="вот"))

    assert [row.method for row in await deliveries()] == ["EditMessageMedia"]


async def test_an_edited_caption_that_stands_in_messages_of_its_own_follows_as_an_answer(edit, deliveries):
    await edit(message(photo=PHOTO, caption="нет", caption_entities=BOLD), message(photo=PHOTO, caption="да"), copies=3)

    [row] = await deliveries()
    assert (row.method, row.payload["text"], row.about_id) == ("SendMessage", "✏️ нет", 7)
    assert row.payload["entities"] == [{"type": "bold", "offset": 3, "length": 2}]


async def test_a_place_that_moves_changes_nothing(edit, deliveries):
    await edit(message(location={"latitude": 1.0, "longitude": 2.0}))

    assert await deliveries() == []


async def test_a_message_is_being_passed_on_until_its_call_has_ended(to_operators, units):
    await to_operators(part(7), part(8), message(9, text="да"))
    async with units.open() as unit:
        anna = await CustomerRepository(unit.session).by_chat(ANNA)
        assert [await relay.is_passed_on(unit, anna, ANNA, one) for one in (7, 8, 9, 10)] == [True, True, True, False]
        for row_id in (1, 2):
            (await unit.session.get_one(DeliveryRow, row_id)).state = DeliveryState.FAILED
        await unit.session.flush()
        assert not await relay.is_passed_on(unit, anna, ANNA, 8)
