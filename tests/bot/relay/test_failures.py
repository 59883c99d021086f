"""What cannot be passed on is explained to whoever sent it, and the conversation goes on."""

import asyncio

import pytest

from sandbox.world import ANNA, OPERATORS_CHAT_ID

pytestmark = pytest.mark.e2e


async def test_an_operator_sees_why_his_message_did_not_arrive(talk):
    people = talk.product.people
    for method, kind, error, reason in (
        ("sendVoice", "voice", "Bad Request: VOICE_MESSAGES_FORBIDDEN", "запретил присылать ему голосовые"),
        ("sendDocument", "document", "Bad Request: file is too big", "больше, чем Telegram разрешает"),
    ):
        await people.fault(method, 400, error, chat_id=ANNA)
        said = await talk.operator(media={"kind": kind})
        note = await talk.first(talk.in_topic, reason)
        assert note["text"].startswith("⚠️ Не доставлено")
        assert note["reply_to_message"]["message_id"] == said["message_id"]
    await people.fault("sendVideo", 413, "Request Entity Too Large", chat_id=ANNA)
    await talk.operator(media={"kind": "video"})
    await talk.until(talk.in_topic, lambda all_of: len(all_of) == 3)
    await talk.operator("Тогда словами")

    await talk.all_words(talk.in_chat, ["Тогда словами"])


async def test_a_customer_sees_why_his_file_did_not_arrive(talk):
    await talk.product.people.fault("sendDocument", 400, "Bad Request: file is too big", chat_id=OPERATORS_CHAT_ID)
    said = await talk.customer(media={"kind": "document"})

    told = await talk.first(talk.in_chat, "не дошло до оператора: файл больше")
    assert told["reply_to_message"]["message_id"] == said["message_id"]
    await talk.first(talk.in_topic, "не удалось показать: файл больше")
    await talk.customer("Опишу словами")
    await talk.first(talk.in_topic, "Опишу словами")


async def test_a_block_is_seen_and_its_end_too(talk):
    people = talk.product.people
    await people.block(ANNA)
    await talk.first(talk.in_topic, "Клиент заблокировал бота")
    said = await talk.operator("Вы здесь?")
    note = await talk.first(talk.in_topic, "Не доставлено: клиент заблокировал бота")
    assert note["reply_to_message"]["message_id"] == said["message_id"]

    await people.block(ANNA, blocked=False)

    await talk.first(talk.in_topic, "снова разрешил")
    await talk.operator("Рады видеть")
    await talk.first(talk.in_chat, "Рады видеть")
    await talk.nothing_more(talk.in_topic, 3, for_s=0.3)


async def test_a_kind_that_nobody_can_pass_on_is_explained_on_both_sides(talk):
    people = talk.product.people
    person = {"id": ANNA, "is_bot": False, "first_name": "Анна"}
    letter = {"message_id": 9000, "date": 1_790_000_000, "chat": {"id": ANNA, "type": "private"}, "from": person}

    for number, content in enumerate(({"paid_media": {"star_count": 5, "paid_media": []}}, {"hologram": {"id": 1}})):
        await people.put_update("message", {**letter, "message_id": 9000 + number, **content})

    for side, told in ((talk.in_chat, "не дошло до оператора"), (talk.in_topic, "не удалось показать")):
        written = await talk.until(side, lambda all_of: len(all_of) == 2)
        assert all(told in one["text"] for one in written)


async def test_an_edit_that_is_refused_is_seen(talk):
    people = talk.product.people
    mine, theirs = await talk.customer("раз"), await talk.operator("два")
    await talk.first(talk.in_topic, "раз")
    await talk.first(talk.in_chat, "два")
    await people.fault("editMessageText", 400, "Bad Request: message can't be edited", times=2)

    await people.edit(mine, "раз и")
    await talk.first(talk.in_topic, "✏️ Клиент изменил сообщение: раз и")
    await people.edit(theirs, "два и")

    note = await talk.first(talk.in_topic, "⚠️ Не доставлено")
    assert note["reply_to_message"]["message_id"] == theirs["message_id"]


async def test_telegrams_own_notes_are_no_words_of_the_customer(talk):
    people = talk.product.people
    person = {"id": ANNA, "is_bot": False, "first_name": "Анна"}
    letter = {"date": 1_790_000_000, "chat": {"id": ANNA, "type": "private"}, "from": person}
    for number, note in enumerate(
        ({"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}}, {"write_access_allowed": {}})
    ):
        await people.put_update("message", {**letter, "message_id": 9000 + number, **note})
    await talk.customer("а это слова")

    await talk.first(talk.in_topic, "а это слова")
    await talk.nothing_more(talk.in_topic, 1, for_s=0.3)
    assert await talk.in_chat() == []


async def test_a_card_whose_outcome_stays_unknown_comes_once_more_and_says_so(product):
    await product.people.fault("sendMessage", kind="reset", times=2, chat_id=OPERATORS_CHAT_ID)
    await product.people.say(ANNA, "/operator")

    card = await product.in_group("возможно, уже есть выше", timeout_s=30)

    assert "Почему" in card["text"]
    assert "/close" in card["text"]


async def test_a_question_whose_answer_was_held_back_is_shown_to_the_operator_who_wrote(talk):
    await talk.operator("/close")
    await talk.first(talk.in_chat, "окончен")
    await talk.product.people.fault("sendMessage", retry_after=4, chat_id=ANNA)
    await talk.customer("Сколько дней есть на возврат товара?")
    await asyncio.sleep(2)  # it is answered, and the answer waits for the pause to pass
    assert any(call["retry_after"] for call in (await talk.product.people.journal(0))["calls"])

    await talk.operator("Добрый день, это Мария")

    await talk.first(talk.in_topic, "Сколько дней есть на возврат")
    written = await talk.first(talk.in_chat, "Добрый день")
    assert "Источник" not in str(await talk.nothing_more(talk.in_chat, 2, for_s=2))
    assert written["text"] == "Добрый день, это Мария"
