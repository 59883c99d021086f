"""The digest in General: the ledger instead of Telegram."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from sandbox.world import ANNA, EMMA, MARIA, OLEG, OPERATORS_CHAT_ID
from support.deliveries import DeliveryState
from support.desk_file import DeskFile
from support.desk_tables import DigestRow
from support.tables import CustomerRow
from support.transport_tables import DeliveryRow
from tests.bot.office import NOW, Office


@pytest.fixture
async def office(database, desk):
    office = Office(database, desk)
    await office.lease.beat()
    return office


async def arrive(office, chat_id):
    """A customer asks for a person and his card arrives; return his escalation."""
    escalation = await office.escalate(chat_id)
    await office.deliver("escalation:%")
    return escalation


async def posted(office):
    """Let somebody wait until the digest stands; return his escalation."""
    escalation = await arrive(office, ANNA)
    await office.later(119)
    assert await digests(office) == []
    await office.later(2)
    await office.deliver(message_id=77)
    return escalation


async def digests(office):
    """Return the digest's posts and edits, oldest first."""
    return [await office.row(key) for key in await office.keys("digest:") if ":former:" not in key]


async def test_who_is_answered_at_once_needs_no_digest(office):
    await office.reply(await arrive(office, ANNA))

    await office.later(600)

    assert await digests(office) == []


async def test_a_digest_says_who_waits_the_urgent_and_the_overdue_first_with_links_to_their_topics(office, database):
    waiting, late, urgent = await arrive(office, 2000), await arrive(office, 2001), await arrive(office, 2002)
    await office.change(late, waiting_since=NOW - timedelta(minutes=37))
    await office.change(urgent, priority=1)
    await office.change(waiting, assignee_id=(await office.hire()).user_id)
    async with database.writing() as session:
        here = update(CustomerRow).where(CustomerRow.chat_id == 2001)
        await session.execute(here.values(topic_chat_id=OPERATORS_CHAT_ID, topic_id=55))

    await office.later(121)

    [post] = await digests(office)
    head, *lines = post.payload["text"].splitlines()[:4]
    assert head == "📋 Ждут ответа: 3, из них дольше обещанного: 1"
    assert lines == [
        "🆕❗️ Клиент 2002 · меньше 5 мин",
        "🔥 Клиент 2001 · 35 мин",
        "🆕 Клиент 2000 · меньше 5 мин · Мария",
    ]
    assert [mark["url"] for mark in post.payload["entities"] if mark["type"] == "text_link"] == [
        "https://t.me/c/1000000001/55"
    ]
    assert "Сегодня разговоров: 3, закрыто: 0, ответов бота: 0" in post.payload["text"]


async def test_a_digest_is_pinned_and_edited_in_place_at_most_once_a_minute_and_only_when_something_changed(office):
    await posted(office)
    await office.later(2)
    [pin] = await office.keys(f"pin:{OPERATORS_CHAT_ID}:77")
    assert (await office.row(pin)).payload["disable_notification"]

    second = await arrive(office, EMMA)
    await office.later(50)
    assert len(await digests(office)) == 1
    await office.later(75)
    _, edit = await digests(office)
    assert (edit.method, edit.payload["message_id"]) == ("EditMessageText", 77)
    assert "Ждут ответа: 2" in edit.payload["text"]

    await office.deliver()
    # After five minutes that is shown, and nothing more in the next one.
    for _ in range(2):
        await office.later(61)
        await office.deliver()
        assert len(await digests(office)) == 3
    await office.reply(second)
    await office.later(61)
    *_, last = await digests(office)
    assert "Ждут ответа: 1" in last.payload["text"]


async def test_todays_numbers_alone_are_shown_a_quarter_of_an_hour_later(office):
    await office.reply(await posted(office))
    await office.later(61)
    await office.deliver()
    assert len(await digests(office)) == 2

    await office.close(await arrive(office, EMMA))
    await office.later(600)
    assert len(await digests(office)) == 2
    await office.later(301)

    *_, last = await digests(office)
    assert "Никто не ждёт" in last.payload["text"]
    assert "Сегодня разговоров: 2, закрыто: 1" in last.payload["text"]
    assert "Первый ответ оператора: 3 мин (медиана)" in last.payload["text"]


async def test_a_digest_whose_last_change_still_waits_is_left_alone(office):
    await arrive(office, ANNA)
    await office.later(121)
    await arrive(office, EMMA)

    await office.later(180)

    assert len(await digests(office)) == 1


async def test_a_fresh_process_edits_the_same_digest(office):
    await posted(office)

    office.start()
    await arrive(office, EMMA)
    await office.later(59)
    assert len(await digests(office)) == 1
    await office.later(62)

    _, edit = await digests(office)
    assert (edit.method, edit.payload["message_id"]) == ("EditMessageText", 77)


async def test_a_digest_whose_call_was_emptied_by_forget_is_edited_all_the_same(office, database):
    escalation = await posted(office)
    await office.later(2)
    async with database.writing() as session:
        emptied = update(DeliveryRow).where(DeliveryRow.key.like("digest:%"))
        await session.execute(emptied.values(key="erased", payload={}, message_id=None))

    await office.reply(escalation)
    await office.later(61)

    [edit] = await digests(office)
    assert (edit.method, edit.payload["message_id"]) == ("EditMessageText", 77)


async def test_a_digest_that_somebody_deleted_is_posted_anew(office):
    await posted(office)
    await arrive(office, EMMA)
    await office.later(121)
    await office.deliver("digest:%", state=DeliveryState.FAILED)

    await office.later(61)

    assert [row.method for row in await digests(office)] == ["SendMessage", "EditMessageText", "SendMessage"]


async def test_a_group_that_is_out_of_order_gets_no_digest(office):
    await arrive(office, ANNA)
    office.groups.fail(OPERATORS_CHAT_ID, "kicked")

    await office.later(120)

    assert await digests(office) == []


async def test_a_digest_says_that_cards_wait_for_telegrams_limit_and_goes_out_before_them(office, database):
    for number in range(11):
        await office.escalate(2000 + number)
    await office.later(2)

    [post] = await digests(office)
    assert (post.chat_id, post.to_topic, post.payload.get("message_thread_id")) == (OPERATORS_CHAT_ID, False, None)
    assert f"Ждут 11 карточек, самая давняя — с {NOW.astimezone():%H:%M}" in post.payload["text"]
    assert "• клиент попросил человека: 11" in post.payload["text"]
    async with database.reading() as session:
        query = select(DeliveryRow).where(DeliveryRow.key.like("digest:%") | DeliveryRow.key.like("%:card"))
        rows = list(await session.scalars(query))
    assert min(rows, key=lambda row: (row.priority, row.id)).key == post.key


async def test_a_former_digest_too_old_to_be_deleted_is_emptied_of_customers_names(office):
    await posted(office)
    async with office.database.writing() as session:
        await session.execute(update(DigestRow).values(posted_at=NOW - timedelta(hours=48)))

    await office.later(9 * 60)

    gone = [await office.row(key) for key in await office.keys(":former:77:")]
    assert [row.method for row in gone] == ["UnpinChatMessage", "EditMessageText"]
    assert gone[1].payload["text"] == "📋 Сводка теперь ниже."


async def test_everybody_is_reminded_once_by_a_digest_that_notifies_and_takes_the_former_ones_place(office):
    await office.hire()
    away = await office.hire(OLEG, "Олег")
    async with office.database.writing() as session:
        (await session.merge(away)).away_since = NOW
    nobodys = await posted(office)
    assert (await digests(office))[0].payload["disable_notification"]

    await office.later(9 * 60)

    *_, call = await digests(office)
    assert call.method == "SendMessage"
    assert "disable_notification" not in call.payload
    assert "📣 Мария: эти клиенты ждут дольше обещанного." in call.payload["text"]
    assert [mark["user"]["id"] for mark in call.payload["entities"] if mark["type"] == "text_mention"] == [MARIA]
    gone = [await office.row(key) for key in await office.keys(":former:77:")]
    assert [(row.method, row.payload["message_id"]) for row in gone] == [
        ("UnpinChatMessage", 77),
        ("DeleteMessage", 77),
    ]
    assert (await office.escalation(nobodys)).reminded == 2

    await office.deliver(message_id=78)
    office.start()
    await office.later(3600)
    assert [row.method for row in await digests(office)].count("SendMessage") == 2

    await office.reply(nobodys)
    assert (await office.escalation(nobodys)).reminded == 0


async def test_the_assignee_is_reminded_first_and_everybody_only_when_he_keeps_silent(office):
    maria = await office.hire()
    escalation = await arrive(office, ANNA)
    await office.change(escalation, assignee_id=maria.user_id)

    await office.later(9 * 60 + 50)
    assert await office.keys("remind:") == []
    await office.deliver(message_id=77)
    await office.later(15)
    office.start()
    await office.later(15)

    [key] = await office.keys("remind:")
    reminder = await office.row(key)
    assert (reminder.to_topic, reminder.payload["text"]) == (True, "⏰ Мария, клиент ждёт ответа уже 10 минут.")
    assert [(mark["type"], mark["user"]["id"]) for mark in reminder.payload["entities"]] == [("text_mention", MARIA)]
    await office.deliver()
    await office.later(9 * 60)
    assert not any("📣" in row.payload["text"] for row in await digests(office))
    await office.deliver()
    await office.later(61)
    assert "📣 Мария" in (await digests(office))[-1].payload["text"]
    assert len(await office.keys("remind:")) == 1

    await office.reply(escalation)
    await office.hear(escalation)
    await office.later(20 * 60 + 1)
    assert len(await office.keys("remind:")) == 2


async def test_who_takes_an_overdue_conversation_has_the_whole_time_before_anybody_is_reminded(office):
    maria = await office.hire()
    escalation = await arrive(office, ANNA)
    await office.later(9 * 60)
    await office.deliver(message_id=77)
    await office.later(15 * 60)
    await office.deliver(message_id=78)
    assert (await office.escalation(escalation)).reminded == 2
    posts = len(await digests(office))

    # What support.assignment.give notes.
    await office.change(escalation, assignee_id=maria.user_id, assigned_at=office.time.wall(), reminded=0)
    for _ in range(9):
        await office.later(61)
        await office.deliver()
    assert await office.keys("remind:") == []
    assert [row.method for row in (await digests(office))[posts:]].count("SendMessage") == 0

    await office.later(61)
    assert len(await office.keys("remind:")) == 1


async def test_nobody_is_reminded_while_the_desk_is_closed_and_the_night_does_not_count(database, desk):
    hours = {
        "zone": "UTC",
        "week": {"thu": [{"begins": "09:00", "ends": "12:05"}], "fri": [{"begins": "09:00", "ends": "18:00"}]},
    }
    office = Office(database, desk, file=DeskFile.model_validate({"hours": hours}))
    await office.lease.beat()
    escalation = await arrive(office, ANNA)

    await office.later(10 * 3600)
    await office.deliver(message_id=77)
    [post] = await digests(office)
    assert (await office.escalation(escalation)).reminded == 0
    assert "🆕 Клиент 101 · 5 мин" in post.payload["text"]
    assert "Закрыто, откроемся завтра в 9:00" in post.payload["text"]

    await office.later(11 * 3600 + 6 * 60)

    *_, call = await digests(office)
    assert (await office.escalation(escalation)).reminded == 2
    assert "📣 Всем" in call.payload["text"]
    assert "Открыто до 18:00" in call.payload["text"]
