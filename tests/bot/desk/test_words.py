"""Words on their way: held where a colleague has the conversation, taken back, reacted to."""

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, MARIA
from support.tables import MessageRow
from tests.bot.desk.topics import OLGA, PETR, begin, desk_world, until

pytestmark = pytest.mark.e2e


async def test_the_second_writer_is_asked_and_nothing_of_his_is_lost_or_sent_twice(run_product):
    async with run_product(desk_world()) as product:
        talk = await begin(product)
        before = len(await talk.heard())

        async def said():
            return (await talk.heard())[before:]

        # Within a second of each other, and nobody had it.
        await talk.write(OLGA, "Здравствуйте, уже смотрю")
        first = await talk.write(PETR, "Здравствуйте, чем помочь")
        await talk.write(PETR, media={"kind": "photo"}, caption="фото 0", album="а")
        await talk.write(PETR, media={"kind": "photo"}, caption="фото 1", album="а")
        await talk.write(PETR, "// спрошу Ольгу")
        [question] = await until(lambda: talk.answers("Разговор ведёт Ольга"))
        assert question["reply_to_message"]["message_id"] == first["message_id"]
        assert await until(lambda: talk.reaction(first)) == "🤔"
        await product.people.edit(first, "Здравствуйте! Чем помочь?")
        assert await said() == ["Здравствуйте, уже смотрю"]
        await product.stop_bot()
        await product.start_bot()
        assert "тот, кто это написал" in await talk.press(question, "📤 Отправить", OLGA)

        # An impatient finger.
        pressed = [await product.people.press(question, "📤 Отправить", user_id=PETR) for _ in range(2)]
        toasts = [
            (await until(lambda: product.people.callback(press), "answered"))["text"]  # noqa: B023  # awaited at once
            for press in (one["callback_query_id"] for one in pressed)
        ]
        assert toasts == ["📤 Отправлено клиенту.", "Эта кнопка устарела."]

        everything = ["Здравствуйте, уже смотрю", "Здравствуйте! Чем помочь?", "фото 0", "фото 1"]
        await until(said, lambda heard: heard == everything)
        decided = await until(lambda: talk.shown(question), lambda shown: "Отправлено" in shown["text"])
        assert "reply_markup" not in decided
        assert await until(lambda: talk.reaction(first), lambda emoji: emoji == "👌")
        # He has stepped in: he is not asked about each of his words, and she still has the conversation.
        await talk.write(PETR, "Сейчас проверю")
        await until(said, lambda heard: heard == [*everything, "Сейчас проверю"])
        assert await talk.assignee() == OLGA

        # An administrator is asked as well, and what he keeps inside stays there.
        await talk.write(MARIA, "Это брак, верните деньги")
        [asked] = await until(lambda: talk.answers("Разговор ведёт Ольга"))
        assert await talk.press(asked, "🙊 Оставить здесь", MARIA) == "🙊 Осталось здесь, клиент этого не видит."
        await talk.write(OLGA, "Готово")
        await until(said, lambda heard: heard == [*everything, "Сейчас проверю", "Готово"])


async def test_words_are_taken_back_and_reactions_travel_both_ways(run_product):
    async with run_product(desk_world()) as product:
        talk = await begin(product)
        people = product.people
        said = await talk.write(OLGA, "Вернём завтра")
        await until(talk.heard, lambda heard: "Вернём завтра" in heard)
        [copy] = [one for one in await people.messages(ANNA) if one.get("text") == "Вернём завтра"]
        asked = await people.say(ANNA, "Точно?")
        [shown] = await until(lambda: talk.answers("Точно?"))

        await people.react(copy, "👍")
        assert await until(lambda: talk.reaction(said)) == "👍"
        await people.react(copy, "")
        await until(lambda: talk.reaction(said), lambda emoji: emoji == "")
        await people.react(shown, "🙏", user_id=PETR)
        assert await until(lambda: talk.reaction(asked, ANNA)) == "🙏"

        await talk.write(PETR, "/delete", reply_to=said["message_id"])
        await until(lambda: talk.answers("чужое удаляет старший"))
        await talk.write(OLGA, "/delete", reply_to=shown["message_id"])
        await until(lambda: talk.answers("на своё сообщение клиенту"))
        await talk.write(OLGA, "/delete", reply_to=said["message_id"])
        await until(lambda: talk.shown(copy, ANNA), lambda message: message is None)
        assert await until(lambda: talk.reaction(said)) == "🙈"
        # A senior takes a colleague's back; of what has not gone out nothing is seen.
        await people.fault("sendMessage", retry_after=2, chat_id=ANNA)
        slip = await talk.write(OLGA, "Пароль 12345")
        await until(lambda: stored(product, slip))
        await until(lambda: refused(people))
        await talk.write(MARIA, "/delete", reply_to=slip["message_id"])
        assert await until(lambda: talk.reaction(slip)) == "🙈"
        await talk.write(OLGA, "Извините")
        await until(talk.heard, lambda heard: "Извините" in heard)
        assert not any("Пароль" in words for words in await talk.heard())


async def refused(people):
    return [call for call in (await people.journal())["calls"] if call["retry_after"]]


async def stored(product, message):
    async with product.database.reading() as session:
        query = select(MessageRow.speaker).where(MessageRow.message_id == message["message_id"])
        return await session.scalar(query.where(MessageRow.chat_id == message["chat"]["id"]))
