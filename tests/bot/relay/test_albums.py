"""Albums as albums, captions of any length, and everything in its order."""

import asyncio

import pytest

pytestmark = pytest.mark.e2e

PARAGRAPH = "Палатка пришла с дырой, и я очень расстроилась. "


def words(message):
    return message.get("text") or message.get("caption") or ""


async def test_an_album_arrives_as_one_in_its_order_and_holds_its_place(talk):
    bold = [{"type": "bold", "offset": 0, "length": 5}]
    for say, _ in talk.both_ways():
        await say("до")
        await say(media={"kind": "photo"}, album="a", caption="раз и", entities=bold)
        await say(media={"kind": "video"}, album="a", caption="два")
        await say(media={"kind": "photo"}, album="a")
        await say("после")
        for number in range(2):
            await say(media={"kind": "document", "file_name": f"{number}.pdf"}, album="b")

    for _, side in talk.both_ways():
        copies = await talk.until(side, lambda all_of: len(all_of) == 7)
        assert [words(one) for one in copies] == ["до", "раз и", "два", "", "после", "", ""]
        assert ["photo" in copies[1], "video" in copies[2], "photo" in copies[3]] == [True] * 3
        assert len({one["media_group_id"] for one in copies[1:4]}) == 1
        assert copies[1]["caption_entities"] == bold
        assert [one["document"]["file_name"] for one in copies[5:]] == ["0.pdf", "1.pdf"]
        assert len({one["media_group_id"] for one in copies[5:]}) == 1


async def test_parts_that_come_over_time_are_one_album_and_a_late_one_goes_alone(talk):
    await talk.customer(media={"kind": "photo"}, album="a", caption="первая")
    await asyncio.sleep(0.7)
    await talk.customer(media={"kind": "photo"}, album="a", caption="вторая")
    await talk.customer("после")
    copies = await talk.until(talk.in_topic, lambda all_of: len(all_of) == 3)
    assert [words(one) for one in copies] == ["первая", "вторая", "после"]
    assert copies[0]["media_group_id"] == copies[1]["media_group_id"]

    await talk.customer(media={"kind": "photo"}, album="a", caption="опоздала")

    late = await talk.last_words(talk.in_topic, "опоздала")
    assert "media_group_id" not in late


async def test_a_long_caption_follows_its_file_whole_and_with_its_entities(talk):
    caption = (PARAGRAPH * 80).strip()
    # The first words and the last ones.
    marks = [{"type": "bold", "offset": 0, "length": 7}, {"type": "italic", "offset": len(caption) - 12, "length": 11}]
    before = await talk.customer("раньше")
    await talk.customer(media={"kind": "photo"}, caption=caption, entities=marks, reply_to=before["message_id"])

    copies = await talk.until(talk.in_topic, lambda all_of: len(all_of) >= 3 and not all_of[-1].get("photo"))

    assert "photo" in copies[1]
    assert "caption" not in copies[1]
    assert copies[1]["reply_to_message"]["text"] == "раньше"
    assert " ".join(words(one) for one in copies[2:]) == caption
    assert copies[2]["entities"][0]["type"] == "bold"
    assert copies[-1]["entities"][-1]["type"] == "italic"
    assert all(words(one.get("reply_to_message", {})) != "раньше" for one in copies[2:])


async def test_an_album_with_long_captions_loses_no_word(talk):
    captions = [(f"{number} " + PARAGRAPH * 30).strip() for number in range(2)]
    for caption in captions:
        await talk.operator(media={"kind": "photo"}, album="a", caption=caption)

    copies = await talk.until(talk.in_chat, lambda all_of: len(all_of) == 4)

    assert [("photo" in one) for one in copies] == [True, True, False, False]
    assert [words(one) for one in copies[2:]] == captions


async def test_ten_forwarded_messages_arrive_in_order_and_each_once(talk):
    for number in range(10):
        await talk.customer(f"письмо {number}", forwarded=True)
    await talk.customer(media={"kind": "voice"})
    await talk.customer("и всё")

    copies = await talk.until(talk.in_topic, lambda all_of: len(all_of) >= 12)

    assert [words(one) for one in copies] == [*(f"письмо {number}" for number in range(10)), "", "и всё"]
