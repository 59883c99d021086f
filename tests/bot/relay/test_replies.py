"""Replies and quotes, both ways."""

import pytest

from sandbox.world import ANNA

pytestmark = pytest.mark.e2e


def replied(message):
    target = message.get("reply_to_message", {})
    return None if "forum_topic_created" in target else target.get("message_id")


async def test_replies_and_quotes_meet_their_counterparts_on_the_other_side(talk):
    mine = await talk.customer("Палатка пришла с дырой на боку")
    copy = await talk.first(talk.in_topic, "с дырой")
    await talk.operator("Где именно дыра?", reply_to=copy["message_id"], quote="с дырой", quote_position=15)
    asked = await talk.first(talk.in_chat, "Где именно")
    assert replied(asked) == mine["message_id"]
    assert asked["quote"]["text"] == "с дырой"

    await talk.customer("Слева", reply_to=asked["message_id"])
    answer = await talk.first(talk.in_topic, "Слева")
    operators = [one for one in await talk.product.people.messages(-1001000000001) if not one["from"]["is_bot"]]
    assert replied(answer) == operators[-1]["message_id"]

    await talk.customer(media={"kind": "photo"}, reply_to=mine["message_id"], quote="дырой", caption="вот")
    assert (await talk.first(talk.in_topic, "вот"))["quote"]["text"] == "дырой"

    for name in ("левая", "правая"):
        await talk.customer(media={"kind": "photo"}, album="a", caption=name, reply_to=mine["message_id"], quote="боку")
    assert (await talk.first(talk.in_topic, "левая"))["quote"]["text"] == "боку"


async def test_a_reply_to_what_the_other_side_does_not_have_is_left_out(talk):
    told = next(one for one in await talk.product.people.messages(ANNA) if one["from"]["is_bot"])

    await talk.customer("Это вы мне?", reply_to=told["message_id"], quote="Зову")

    copy = await talk.first(talk.in_topic, "Это вы мне?")
    assert replied(copy) is None
    assert "quote" not in copy


async def test_words_arrive_without_what_telegram_refuses_of_them(talk):
    await talk.customer("Палатка пришла с дырой")
    copy = await talk.first(talk.in_topic, "с дырой")
    people = talk.product.people
    await people.fault("sendMessage", 400, "Bad Request: QUOTE_TEXT_INVALID", chat_id=ANNA)
    await talk.operator("Покажите", reply_to=copy["message_id"], quote="с дырой")
    shown = await talk.first(talk.in_chat, "Покажите")
    assert shown["reply_to_message"]["text"] == "Палатка пришла с дырой"
    assert "quote" not in shown
    await talk.product.answer(ANNA, "Вам отвечает")

    await people.fault("sendMessage", 400, "Bad Request: can't parse entities: unsupported", chat_id=ANNA)
    await talk.operator("Жирно", entities=[{"type": "bold", "offset": 0, "length": 5}])
    assert "entities" not in await talk.first(talk.in_chat, "Жирно")
