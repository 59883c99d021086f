"""Who has a conversation, and who may do what with it: whole conversations over HTTP."""

import pytest
from sqlalchemy import select

from sandbox.world import EMMA, JAMES, MARIA, OLEG, OPERATORS_CHAT_ID
from support.desk_tables import OperatorRow
from support.tables import AuditRow
from tests.bot.desk.topics import OLGA, PETR, begin, desk_world, until

pytestmark = pytest.mark.e2e
BILLING = -1001000000002
DESK = """
[assignment]
way = "round_robin"
most_each = 1
[subjects.billing]
group = -1001000000002
label_ru = "Оплата"
label_en = "Payments"
[subjects.general]
group = -1001000000001
label_ru = "Общее"
label_en = "General"
"""


def member_change(user, status):
    """A chat_member update's body."""
    change = {"user": user, "status": status}
    if status == "kicked":
        change["until_date"] = 0
    return {
        "chat": {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "x", "is_forum": True},
        "from": user,
        "date": 1_790_000_000,
        "old_chat_member": {"user": user, "status": "member"},
        "new_chat_member": change,
    }


async def actions(product):
    async with product.database.reading() as session:
        return list(await session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


async def test_a_conversation_is_taken_released_and_handed_over_and_only_seniors_reach_into_a_colleagues(run_product):
    async with run_product(desk_world()) as product:
        talk = await begin(product)
        people = product.people
        # Of people who have not written yet the bot knows nothing.
        assert "состоит в этой группе" in await talk.press(talk.card, "✋ Взять", PETR)
        hello = await talk.write(PETR, "// я на месте")
        assert await talk.press(talk.card, "✋ Взять", PETR) == "Разговор ваш."
        taken = await talk.card_reads("Отвечает: Пётр")
        assert "reply_markup" not in taken

        refused = await talk.write(OLGA, "/take")
        await until(lambda: talk.answers("Разговор ведёт Пётр"))
        await talk.write(OLGA, "/transfer @petr_support")
        for number, command in enumerate(("/close", "/bot"), start=2):
            await until(lambda: talk.answers("Разговор ведёт Пётр"), lambda said, known=number: len(said) == known)
            await talk.write(OLGA, command)
        await until(lambda: talk.answers("Разговор ведёт Пётр"), lambda said: len(said) == 4)
        await talk.write(OLGA, "/ban")
        await until(lambda: talk.answers("для старших"))
        await talk.write(OLGA, "/senior @petr_support")
        await until(lambda: talk.answers("для администраторов"))
        assert await talk.reaction(refused) == ""

        await talk.write(PETR, "/transfer @OLGA_support")
        [call] = await until(lambda: talk.answers("Ольга, этот разговор теперь ваш"))
        assert [one["user"]["id"] for one in call["entities"]] == [OLGA]
        await talk.card_reads("Отвечает: Ольга")
        # A senior takes a colleague's, and everybody becomes one by an administrator's word.
        await talk.write(MARIA, "/senior", reply_to=hello["message_id"])
        await until(lambda: talk.answers("⭐ Пётр"))
        await talk.write(PETR, "/take")
        await talk.card_reads("Отвечает: Пётр")
        released = await talk.write(JAMES, "/release")
        await talk.card_reads("Пока никто не взял")
        assert await until(lambda: talk.reaction(released)) == "👌"

        urgent = await talk.write(OLGA, "/urgent")
        assert await until(lambda: talk.reaction(urgent)) == "🔥"
        await talk.card_reads("❗️ Анна Смирнова")
        # Who answers what nobody has takes it by that.
        await talk.write(OLGA, "Здравствуйте! Чем помочь?")
        await until(talk.assignee, lambda assignee: assignee == OLGA)
        assert await actions(product) == [
            "conversation_taken",
            "conversation_transferred",
            "senior_made",
            "conversation_taken",
            "conversation_released",
            "conversation_urgent",
            "conversation_taken",
        ]
        assert len(await people.messages(OPERATORS_CHAT_ID)) < 25


async def test_who_has_left_the_group_commands_nothing_and_his_conversations_are_free(run_product):
    async with run_product(desk_world()) as product:
        talk = await begin(product)
        await talk.write(PETR, "Здравствуйте!")
        await until(talk.assignee, lambda assignee: assignee == PETR)
        petr = product.world.users[PETR]

        await product.people.put_update("chat_member", member_change(petr, "left"))

        await until(talk.assignee, lambda assignee: assignee is None)
        await talk.write(PETR, "Ещё слово")
        await until(lambda: talk.answers("Вас нет в этой группе"))
        await talk.write(PETR, "/close")
        await until(lambda: talk.answers("Вас нет в этой группе"), lambda said: len(said) == 2)
        assert "состоит в этой группе" in await talk.press(await talk.shown(talk.card), "✋ Взять", PETR)
        assert "Ещё слово" not in await talk.heard()
        # Back again he works as before.
        await product.people.put_update("chat_member", member_change(petr, "member"))
        await talk.write(PETR, "Я снова здесь")
        await until(talk.heard, lambda said: "Я снова здесь" in said)
        # An administrator who hides his name speaks to the customer, and takes nothing under it.
        message = {
            "message_id": 9000,
            "date": 1_790_000_000,
            "chat": {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "x", "is_forum": True},
            "from": {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
            "sender_chat": {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "x"},
            "message_thread_id": talk.card["message_thread_id"],
            "is_topic_message": True,
        }
        await product.people.put_update("message", {**message, "text": "Слово от имени группы"})
        await until(talk.heard, lambda said: "Слово от имени группы" in said)
        command = {"entities": [{"type": "bot_command", "offset": 0, "length": 5}], "text": "/take"}
        await product.people.put_update("message", {**message, "message_id": 9001, **command})
        await until(lambda: talk.answers("Отключите анонимность"))
        assert "operator_left" in await actions(product)
        # Who left while the bot was away is known after the next start.
        await product.stop_bot()
        product.world.chat(OPERATORS_CHAT_ID).members[PETR]["status"] = "left"
        await product.start_bot()

        async def gone():
            async with product.database.reading() as session:
                return (await session.get_one(OperatorRow, PETR)).left_at

        await until(gone)


async def test_conversations_are_given_out_by_turns_and_move_to_the_group_of_a_subject(run_product, tmp_path):
    desk_file = tmp_path / "desk.toml"
    desk_file.write_text(DESK, encoding="utf-8")
    world = desk_world()
    world.add_group(BILLING, "Оплата")
    world.add_member(BILLING, JAMES, "creator")
    groups = f"{OPERATORS_CHAT_ID},{BILLING}"
    async with run_product(world, desk_file=desk_file, operators_chat_id=groups) as product:
        people = product.people
        general = {"chat_id": OPERATORS_CHAT_ID}
        for user_id in (OLGA, PETR):
            await people.say(user_id, "/languages ru", **general)
        away = await people.say(MARIA, "/away", **general)
        english = await people.say(JAMES, "/languages en", **general)

        async def known():
            async with product.database.reading() as session:
                rows = list(await session.scalars(select(OperatorRow)))
            return {row.user_id: (row.languages, row.away_since is not None) for row in rows}

        expected = {MARIA: ("", True), JAMES: ("en", False), OLGA: ("ru", False), PETR: ("ru", False)}
        await until(known, lambda rows: rows == expected)

        anna = await begin(product)
        assert "Отвечает: Ольга" in anna.card["text"]
        assert [one["user"]["id"] for one in anna.card["entities"] if one["type"] == "text_mention"] == [OLGA]
        oleg = await begin(product, OLEG)
        assert "Отвечает: Пётр" in oleg.card["text"]
        emma = await begin(product, EMMA, BILLING)
        assert "Отвечает: James" in emma.card["text"]
        assert await anna.reaction(away) == "😴"
        assert await anna.reaction(english) == "👌"

        # She goes: who waits for her goes to nobody, for everybody else has enough to do.
        await anna.write(OLGA, "/away")
        await anna.card_reads("Пока никто не взял")
        await oleg.write(PETR, "/transfer billing")
        moved = await product.heard(lambda one: one["chat"]["id"] == BILLING, "Олег", 15)
        assert moved["chat"]["id"] == BILLING
        await until(lambda: oleg.shown(oleg.card), lambda card: "передан в другую группу" in card["text"])

        async def topics(group=OPERATORS_CHAT_ID):
            return {one["thread_id"]: (one["name"], one["closed"]) for one in await people.topics(group)}

        thread_id = oleg.card["message_thread_id"]
        await until(topics, lambda shown: shown[thread_id] == ("➡️ Олег", True))
        history = [one["text"] for one in await people.messages(BILLING) if "Прежняя" in one.get("text", "")]
        assert len(history) == 1
        await people.say(OLEG, "Где мои деньги?")
        await product.heard(lambda one: one["chat"]["id"] == BILLING, "Где мои деньги", 15)

        # Back again the old topic is used, and its operator is free.
        await people.in_topic(JAMES, BILLING, moved["message_thread_id"], "/transfer general")
        again = await product.heard(lambda one: one["chat"]["id"] == OPERATORS_CHAT_ID, "Почему", 15)
        assert again["message_thread_id"] == thread_id
        assert "Отвечает: Пётр" in again["text"]

        await until(topics, lambda shown: shown[thread_id][0].startswith("Олег") and not shown[thread_id][1])
        await until(lambda: topics(BILLING), lambda shown: shown[moved["message_thread_id"]] == ("➡️ Олег", True))
