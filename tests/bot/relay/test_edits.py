"""Edits, both ways; notes and commands stay inside whatever becomes of them."""

import pytest

from sandbox.world import ANNA, OPERATORS_CHAT_ID

pytestmark = pytest.mark.e2e

LONG = ("Очень длинная подпись о палатке. " * 40).strip()


async def test_edits_of_words_and_of_captions_travel_and_a_customers_are_marked(talk):
    people = talk.product.people
    for (say, side), mark in zip(talk.both_ways(), ("✏️ ", ""), strict=True):
        said = await say("Приеду завтра")
        photo = await say(media={"kind": "photo"}, caption="левый бок")
        album = [await say(media={"kind": "photo"}, album="a", caption=f"фото {number}") for number in range(2)]
        # Before it was passed on: it waits for the rest of its album.
        await people.edit(album[1], "фото второе")
        await people.edit(said, "Приеду в пятницу", entities=[{"type": "bold", "offset": 0, "length": 6}])
        await people.edit(photo, "правый бок")

        expected = [f"{mark}Приеду в пятницу", f"{mark}правый бок", "фото 0", f"{mark}фото второе"]
        written = await talk.all_words(side, expected)

        assert written[0]["entities"][0]["type"] == "bold"
        # An edit that finds no room under the file follows as an answer to it.
        await people.edit(photo, LONG)
        follows = await talk.first(side, "✏️ Очень длинная")
        assert follows["text"].removeprefix("✏️ ") == LONG
        assert follows["reply_to_message"]["message_id"] == written[1]["message_id"]


async def test_quick_edits_and_one_before_its_message_was_passed_on_end_in_the_last_words(talk):
    people = talk.product.people
    await people.fault("sendMessage", retry_after=1, chat_id=OPERATORS_CHAT_ID)
    said = await talk.customer("раз")
    for text in ("два", "три", "четыре"):
        await people.edit(said, text)

    await talk.all_words(talk.in_topic, ["✏️ четыре"])

    calls = [one for one in (await people.journal())["calls"] if one["method"] == "editMessageText"]
    assert [one["text"] for one in calls] == ["✏️ четыре"]


async def test_an_edit_of_what_only_the_card_shows_is_shown(product, begin_talk):
    said = await product.people.say(ANNA, "позовите оператора")
    card = await product.in_group("Почему")
    talk = await begin_talk(product, card)

    await product.people.edit(said, "позовите оператора, палатка с дырой")

    await talk.all_words(talk.in_topic, ["✏️ Клиент изменил сообщение: позовите оператора, палатка с дырой"])


async def test_notes_and_commands_stay_inside_whatever_they_are_edited_to(talk):
    people = talk.product.people
    note = await talk.operator("// клиент нервничает")
    command = await talk.operator("/clsoe потом")
    said = await talk.operator("Здравствуйте")
    greeting = await talk.first(talk.in_chat, "Здравствуйте")

    await people.edit(note, "клиент нервничает")
    await people.edit(command, "потом закрою")
    await people.edit(said, "// тайное")

    held = await talk.first(talk.in_topic, "Правка осталась здесь")
    assert held["reply_to_message"]["message_id"] == said["message_id"]
    assert [one["text"] for one in await talk.nothing_more(talk.in_chat, 1)] == [greeting["text"]]


async def test_an_operators_edit_that_overtakes_its_message_is_not_lost_and_betrays_no_note(talk):
    people = talk.product.people
    for number, (first, then) in enumerate((("Склад открыт", "Склад закрыт"), ("// вредный", "вредный"))):
        message = {
            "message_id": 9000 + number,
            "date": 1_790_000_000,
            "chat": {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "x", "is_forum": True},
            "from": {"id": 9001, "is_bot": False, "first_name": "Мария"},
            "message_thread_id": talk.thread_id,
            "is_topic_message": True,
        }
        await people.put_update("edited_message", {**message, "edit_date": 1_790_000_005, "text": then})
        await people.put_update("message", {**message, "text": first})

    await talk.all_words(talk.in_chat, ["Склад закрыт"])
    await talk.nothing_more(talk.in_chat, 1)


async def test_a_replaced_file_is_replaced_in_the_copy(talk):
    people = talk.product.people
    said = await talk.customer(media={"kind": "photo"}, caption="не та")
    other = await talk.customer(media={"kind": "photo"}, caption="та")
    await talk.until(talk.in_topic, lambda all_of: len(all_of) == 2)
    replaced = {**said, "photo": other["photo"], "caption": "исправлено", "edit_date": said["date"] + 5}

    await people.put_update("edited_message", replaced)

    copies = await talk.all_words(talk.in_topic, ["✏️ исправлено", "та"])
    assert copies[0]["photo"][-1]["file_id"] == copies[1]["photo"][-1]["file_id"]
