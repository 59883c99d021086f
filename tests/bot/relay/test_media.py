"""Media of every kind, both ways, by file id."""

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID

pytestmark = pytest.mark.e2e

BOLD = [
    {"type": "bold", "offset": 0, "length": 3},
    {"type": "text_link", "offset": 4, "length": 4, "url": "https://a.b/"},
]
WITH_CAPTION = ["photo", "voice", "audio", "video", "document", "animation"]


def file_id(message, kind):
    media = message[kind]
    return (media[-1] if isinstance(media, list) else media)["file_id"]


def entities(message):
    found = message.get("entities") or message.get("caption_entities") or []
    return [{name: value for name, value in one.items() if value is not None} for one in found]


async def test_files_arrive_by_their_id_with_caption_and_entities(talk):
    for say, side in talk.both_ways():
        said = [await say(media={"kind": kind}, caption="вот файл", entities=BOLD) for kind in WITH_CAPTION]
        copies = await talk.until(side, lambda all_of: len(all_of) == len(WITH_CAPTION))
        for original, copy, kind in zip(said, copies, WITH_CAPTION, strict=True):
            assert copy["caption"] == "вот файл"
            assert entities(copy) == BOLD
            assert file_id(copy, kind) == file_id(original, kind)


async def test_what_has_no_words_arrives_as_what_it_is(talk):
    place = {"latitude": 55.7, "longitude": 37.6}
    sent = [
        {"kind": "sticker", "emoji": "🙂"},
        {"kind": "video_note"},
        {"kind": "location", **place},
        {"kind": "venue", **place, "title": "Склад", "address": "Лесная, 5"},
        {"kind": "dice"},
        {"kind": "poll", "question": "Когда удобно?", "options": ["Утром", "Вечером"]},
    ]
    topic = {"chat_id": OPERATORS_CHAT_ID, "thread_id": talk.thread_id, "phone": "+79990000000"}
    contacts = ((ANNA, {}), (MARIA, topic))
    for (say, side), (person, where) in zip(talk.both_ways(), contacts, strict=True):
        *_, rolled, _ = [await say(media=media) for media in sent]
        await talk.product.people.share_contact(person, **where)

        copies = await talk.until(side, lambda all_of: len(all_of) == len(sent) + 1)

        for copy, media in zip(copies, sent[:-2], strict=False):
            assert media["kind"] in copy
        assert copies[3]["venue"]["title"] == "Склад"
        # Thrown again it would show another number.
        assert copies[4]["text"] == f"{rolled['dice']['emoji']} {rolled['dice']['value']}"
        # Nobody would see the votes under a copy.
        assert copies[5]["text"] == "📊 Когда удобно?\n• Утром\n• Вечером"
        assert "contact" in copies[6]


async def test_what_was_deleted_meanwhile_arrives_all_the_same(talk):
    people = talk.product.people
    await people.fault("sendPhoto", retry_after=1)
    said = await talk.customer(media={"kind": "photo"}, caption="дыра")
    poll = await talk.customer(media={"kind": "poll", "question": "Вернёте?", "options": ["Да", "Нет"]})
    for one in (said, poll):
        await people.delete(one)

    copies = await talk.until(talk.in_topic, lambda all_of: len(all_of) == 2)

    assert "photo" in copies[0]
    assert copies[1]["text"] == "📊 Вернёте?\n• Да\n• Нет"


async def test_protected_content_arrives_all_the_same(talk):
    await talk.customer(media={"kind": "photo"}, caption="не пересылать", has_protected_content=True)

    assert "photo" in await talk.first(talk.in_topic, "не пересылать")


async def test_what_a_customer_showed_before_he_called_a_person_is_shown_with_the_card(product, begin_talk):
    await product.people.say(ANNA, media={"kind": "photo"})
    await product.answer(ANNA, "Вижу файл")
    for _ in range(2):
        await product.people.say(ANNA, media={"kind": "document", "file_name": "чек.pdf"}, album="чеки")

    talk = await begin_talk(product)

    copies = await talk.until(talk.in_topic, lambda all_of: len(all_of) == 3)
    assert "photo" in copies[0]
    assert [one["media_group_id"] for one in copies[1:]] == [copies[1]["media_group_id"]] * 2
    await talk.operator("/close")
    await talk.first(talk.in_chat, "окончен")
    await product.people.say(ANNA, "/operator")
    await product.in_group("Почему")
    # Shown once is enough.
    await talk.nothing_more(talk.in_topic, 4)


async def test_words_keep_their_entities(talk):
    text = "жирно ссылка код тайна цитата 🙂"
    marks = [
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "text_link", "offset": 6, "length": 6, "url": "https://example.com/"},
        {"type": "code", "offset": 13, "length": 3},
        {"type": "spoiler", "offset": 17, "length": 5},
        {"type": "blockquote", "offset": 23, "length": 6},
        {"type": "custom_emoji", "offset": 30, "length": 2, "custom_emoji_id": "5368324170671202286"},
    ]

    for say, side in talk.both_ways():
        await say(text, entities=marks)
        assert entities(await talk.first(side, text)) == marks
