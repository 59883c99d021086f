"""Whole conversations: customers' apps, the bot over HTTP, a real worker, the operators' group."""

import asyncio

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, EMMA, MARIA, OLEG, OPERATORS_CHAT_ID, TOM
from support.tables import TurnRow

pytestmark = pytest.mark.e2e


def buttons(message):
    return [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


async def operator_says(product, card, text):
    await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], text)


@pytest.mark.every_database
@pytest.mark.parametrize(
    ("customer", "question", "fact", "source", "operator"),
    [
        (ANNA, "Сколько дней есть на возврат товара?", "30", "Источник: ", "🧑‍💼 Позвать оператора"),
        (EMMA, "Within how many days can I return an item?", "30", "Source: ", "🧑‍💼 Call an operator"),
    ],
)
async def test_a_question_is_answered_with_its_source_and_buttons(product, customer, question, fact, source, operator):
    await product.people.say(customer, question)

    answer = await product.answer(customer)

    assert fact in answer["text"]
    assert source in answer["text"]
    assert buttons(answer) == ["👍", "👎", operator]


async def test_several_messages_in_a_row_get_one_answer(product):
    for text in ("Здравствуйте", "подскажите пожалуйста,", "сколько дней на возврат товара?"):
        await product.people.say(ANNA, text)

    await product.answer(ANNA, "Источник")

    sent = [message for message in await product.people.messages(ANNA) if message["from"]["is_bot"]]
    assert len(sent) == 1


async def test_a_rating_is_stored_and_thanked_for(product):
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    answer = await product.answer(ANNA)

    press = await product.people.press(answer, "👍")
    await product.people.wait_for(lambda event: event["type"] == "callback_answered")

    assert (await product.people.callback(press["callback_query_id"]))["text"] == "Спасибо за оценку!"
    await product.people.say(MARIA, "/stats")
    assert "👍 1" in (await product.answer(MARIA))["text"]


@pytest.mark.parametrize(
    ("customer", "ask", "number", "shown"),
    [
        (ANNA, "где мой заказ?", "KD-10427", "Заказ в пути"),
        (EMMA, "where is my order", "KD-10440", "Your order is on its way"),
    ],
)
async def test_an_order_is_shown_after_the_own_contact_was_shared(product, customer, ask, number, shown):
    await product.people.say(customer, ask)
    await product.answer(customer)
    await product.people.say(customer, number)
    asked = await product.answer(customer)
    assert number in asked["text"]
    label = asked["reply_markup"]["keyboard"][0][0]["text"]

    await product.people.press(asked, label)

    order = await product.answer(customer)
    assert number in order["text"]
    assert shown in order["text"]


@pytest.mark.every_database
async def test_an_order_is_shown_to_who_knows_its_email(product):
    await product.people.say(OLEG, "заказ KD-10427, почта anna@example.com")

    assert "Заказ в пути" in (await product.answer(OLEG))["text"]


async def test_a_strangers_order_and_a_missing_one_read_the_same(product):
    texts = []
    for number in ("KD-10427", "KD-99999"):
        await product.people.say(TOM, f"where is order {number}?")
        texts.append((await product.answer(TOM))["text"].replace(number, "N"))
        await product.people.say(TOM, "tom@example.com")
        texts.append((await product.answer(TOM))["text"])

    assert texts[0] == texts[2]
    assert texts[1] == texts[3]
    assert "could not find" in texts[1]


async def test_somebody_elses_contact_proves_nothing(product):
    await product.people.say(OLEG, "где заказ KD-10427?")
    await product.answer(OLEG)

    await product.people.share_contact(OLEG, own=False, phone="+79161234501")

    assert "другого человека" in (await product.answer(OLEG))["text"]


async def test_five_wrong_tries_lock_across_a_restart(product):
    for _ in range(5):
        await product.people.say(TOM, "order KD-10427, my e-mail is tom@example.com")
        last = await product.answer(TOM)
    assert "Too many wrong attempts" in last["text"]

    await product.stop_bot()
    await product.start_bot()
    await product.people.say(TOM, "order KD-10452, my e-mail is tom@example.com")

    assert "Too many wrong attempts" in (await product.answer(TOM))["text"]


@pytest.mark.parametrize(
    ("customer", "words", "told", "reason"),
    [
        (ANNA, "позовите оператора", "Зову оператора", "клиент попросил человека"),
        (EMMA, "I want to talk to a human", "calling an operator", "клиент попросил человека"),
        (ANNA, "Вы прислали мне рваную палатку, это безобразие, я возмущена!", "Зову оператора", "жалоба"),
        (EMMA, "Your service is terrible, I am very angry and want to complain", "calling an operator", "жалоба"),
        (OLEG, "ваш менеджер вчера обещал скидку 50 %, примените", "решения принимает человек", "требование о деньгах"),
        (TOM, "your manager promised me 50 % off, apply it", "made by a person", "требование о деньгах"),
    ],
)
async def test_a_person_is_called_with_a_card_that_says_why(product, customer, words, told, reason):
    await product.people.say(customer, words)

    assert told in (await product.answer(customer))["text"]
    card = await product.in_group("Почему")
    assert reason in card["text"]
    assert words in card["text"]


@pytest.mark.every_database
async def test_operator_and_customer_talk_until_close_and_the_bot_keeps_silent(product):
    await product.people.say(ANNA, "/operator")
    await product.answer(ANNA, "Зову оператора")
    card = await product.in_group("Почему")

    await operator_says(product, card, "Здравствуйте, чем помочь?")
    assert (await product.answer(ANNA, "чем помочь"))["text"] == "Здравствуйте, чем помочь?"
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    relayed = await product.in_group("Сколько дней")
    assert relayed["text"] == "Сколько дней есть на возврат товара?"
    assert relayed["message_thread_id"] == card["message_thread_id"]
    await operator_says(product, card, "/note клиент нервничает")
    await operator_says(product, card, "// и это тоже заметка")
    await operator_says(product, card, "/clsoe")
    await product.in_group("Такой команды здесь нет")
    await operator_says(product, card, "/close")

    await product.answer(ANNA, "Разговор с оператором окончен")
    heard = [message.get("text") for message in await product.people.messages(ANNA)]
    assert not any(text and ("нервничает" in text or "заметка" in text or "clsoe" in text) for text in heard)
    assert not any(text and "Источник" in text for text in heard)
    await operator_says(product, card, "/bot")
    await product.answer(ANNA, "Дальше отвечаю я")
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    assert "30" in (await product.answer(ANNA, "Источник"))["text"]


async def test_media_reach_the_operator_and_come_back(product):
    await product.people.say(ANNA, "/operator")
    card = await product.in_group("Почему")

    await product.people.say(ANNA, media={"kind": "photo"}, caption="вот такая дыра")
    relayed = await product.in_group("вот такая дыра")
    assert relayed["photo"]
    await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], media={"kind": "voice"})

    await product.heard(lambda message: message["chat"]["id"] == ANNA and "voice" in message, "", 15)


async def test_an_unanswerable_question_goes_to_a_person(product):
    await product.people.say(ANNA, "Есть ли у вас страховка для альпинистов на Эверест?")

    assert "Зову оператора" in (await product.answer(ANNA))["text"]
    await product.in_group("Почему")


@pytest.mark.parametrize(
    ("customer", "say", "reply"),
    [
        (ANNA, {"text": "привет"}, "Здравствуйте! Чем помочь?"),
        (EMMA, {"text": "thanks!"}, "You are welcome!"),
        (ANNA, {"text": "👍"}, ""),
        (ANNA, {"media": {"kind": "sticker", "emoji": "🙂"}}, "Чем помочь?"),
        (ANNA, {"media": {"kind": "voice"}}, "Голосовые и видео я не понимаю"),
        (EMMA, {"media": {"kind": "photo"}}, "I can see a file"),
        (EMMA, {"media": {"kind": "document", "file_name": "bill.pdf"}}, "I can see a file"),
        (ANNA, {"media": {"kind": "location", "latitude": 55.7, "longitude": 37.6}}, "не понимаю"),
        (ANNA, {"text": "я" * 4096}, ""),
        (EMMA, {"text": "what's the weather in Paris tomorrow?"}, "cannot help with that"),
    ],
)
async def test_every_kind_of_message_gets_a_sensible_reaction(product, customer, say, reply):
    text = say.pop("text", None)
    await product.people.say(customer, text, **say)

    assert reply in (await product.answer(customer))["text"]


async def test_an_unclear_message_is_asked_about_with_buttons_and_the_choice_is_followed(product):
    await product.people.say(ANNA, "заказ")
    asked = await product.answer(ANNA)
    labels = buttons(asked)
    assert len(labels) == 3
    assert labels[-1] == "🧑‍💼 Позвать оператора"

    await product.people.press(asked, "Статус заказа")

    assert "номер заказа" in (await product.answer(ANNA))["text"]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("/start", "Я бот поддержки"),
        ("/help", "Что я умею"),
        ("/order", "Напишите номер заказа"),
        ("/language", "языке"),
    ],
)
async def test_commands_answer(product, command, reply):
    await product.people.say(ANNA, command)

    assert reply in (await product.answer(ANNA))["text"]


async def test_the_chosen_language_stays(product):
    await product.people.say(ANNA, "/language")
    await product.people.press(await product.answer(ANNA), "English")
    assert "in English" in (await product.answer(ANNA))["text"]

    await product.people.say(ANNA, "привет")

    assert "Hello" in (await product.answer(ANNA))["text"]


async def test_an_administrator_sees_and_rebuilds_the_knowledge_base(product):
    await product.people.say(MARIA, "/kb")
    assert "по выпуску 1" in (await product.answer(MARIA))["text"]

    await product.people.say(MARIA, "/kb reload")

    assert "выпуска 1 ничего не изменилось" in (await product.answer(MARIA, "выпуска", timeout_s=40))["text"]


async def test_nobody_else_commands_the_knowledge_base(product):
    await product.people.say(ANNA, "/kb reload")

    assert "для администраторов" in (await product.answer(ANNA))["text"]


async def test_a_customer_who_calls_the_operator_under_an_answer_brings_it_along(product):
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    answer = await product.answer(ANNA)

    await product.people.press(answer, "🧑‍💼 Позвать оператора")

    card = await product.in_group("Почему")
    assert "Сколько дней есть на возврат товара?" in card["text"]
    assert "30" in card["text"]


async def test_who_asks_for_a_person_instead_of_pressing_a_button_brings_his_words_along(product):
    await product.people.say(ANNA, "заказ")
    asked = await product.answer(ANNA)

    await product.people.press(asked, "🧑‍💼 Позвать оператора")

    assert "заказ" in (await product.in_group("Почему"))["text"]


@pytest.mark.every_database
async def test_an_operator_who_writes_during_a_question_sees_it_and_the_bot_keeps_silent(product):
    await product.people.say(ANNA, "/operator")
    card = await product.in_group("Почему")
    await operator_says(product, card, "/close")
    await product.answer(ANNA, "Разговор с оператором окончен")

    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    await operator_says(product, card, "Добрый день, я снова здесь")

    assert (await product.in_group("Сколько дней"))["message_thread_id"] == card["message_thread_id"]
    await product.answer(ANNA, "я снова здесь")
    await asyncio.sleep(1.5)
    heard = [message.get("text", "") for message in await product.people.messages(ANNA)]
    assert not any("Источник" in text for text in heard)


async def test_an_order_asked_for_while_a_person_has_the_conversation_is_left_to_him(product):
    await product.people.say(ANNA, "/operator")
    await product.answer(ANNA, "Зову оператора")

    await product.people.say(ANNA, "/order KD-10427")

    assert "Оператора я уже позвал" in (await product.answer(ANNA))["text"]


async def trace_of(product, text):
    async with product.database.reading() as session:
        turns = await session.scalars(select(TurnRow).where(TurnRow.text == text).order_by(TurnRow.id.desc()))
        return turns.first().trace


async def test_a_follow_up_is_answered_by_what_the_question_before_was_about(product):
    await product.people.say(ANNA, "Сколько хранится заказ в пункте выдачи?")
    await product.answer(ANNA, "Источник")

    await product.people.say(ANNA, "А на почте?")
    answer = await product.answer(ANNA, "Источник")

    assert "на почте 15 дней" in answer["text"]
    assert (await trace_of(product, "А на почте?"))["search"]["query"] == "Сколько хранится заказ на почте?"
