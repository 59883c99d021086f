"""Updates as Telegram sends them, through the real dispatcher and handlers; what would be sent lies in the ledger."""

import asyncio

import pytest
from sqlalchemy import select

from bot.cancellations import Cancellations
from bot.dispatch import Updates
from bot.erasing import Erasing
from bot.groups import Groups
from bot.inbox import Inbox
from bot.rendering import Renderer
from bot.services import Services
from bot.texts import Library
from bot.unit import Units
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository
from support.desk_file import DeskFile
from support.secret import Secret
from support.tables import EscalationRow, TurnRow
from support.transport_tables import InboxRow
from support.turns import TurnRepository

TOPIC = 77


class Clock:
    """Turns stay open: nothing closes them."""

    def schedule(self, turn_id, closes_at):
        pass


@pytest.fixture
async def inbox(connect, database, desk, tmp_path):
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        anna.topic_chat_id, anna.topic_id = OPERATORS_CHAT_ID, TOPIC
    library = Library()
    units, groups = Units(database, lambda: None), Groups((OPERATORS_CHAT_ID,))
    services = Services(
        desk=desk,
        clock=Clock(),
        renderer=Renderer(library, "ru", Cancellations(None)),
        cancellations=Cancellations(None),
        library=library,
        knowledge=None,
        received=None,
        erasing=Erasing(units, None, None, groups, Secret(tmp_path), library.of("ru")),
        groups=groups,
        topics=None,
        admins=(MARIA,),
        company="",
        quarantine=None,
        learning=None,
        watching=None,
        order_views=None,
        file=DeskFile(),
    )
    bot = connect("http://127.0.0.1:9")
    updates = Updates(bot, services)
    inbox = Inbox(1, database, units, updates.handle, updates.give_up, retry_pause_s=0.01)
    task = asyncio.create_task(inbox.run())
    yield inbox
    await inbox.stop(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bot.session.close()


@pytest.fixture
def receive(inbox, database, eventually):
    """Store an update and wait until it has been handled; return its row."""
    numbers = iter(range(1, 1000))

    async def receive(**content):
        number = next(numbers)
        await inbox.store([{"update_id": number, **content}])

        async def handled():
            async with database.reading() as session:
                query = select(InboxRow).where(InboxRow.update_id == number, InboxRow.handled_at.is_not(None))
                return (await session.scalars(query)).one_or_none()

        return await eventually(handled)

    return receive


MESSAGE_IDS = iter(range(100, 10_000))


def private(text=None, **more):
    sender = {"id": ANNA, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    chat = {"id": ANNA, "type": "private", "first_name": "Анна"}
    message = {"message_id": next(MESSAGE_IDS), "date": 1, "chat": chat, "from": sender, **more}
    return message | ({"text": text} if text is not None else {})


def command(text):
    length = len(text.split()[0])
    return private(text, entities=[{"type": "bot_command", "offset": 0, "length": length}])


def in_topic(text=None, *, thread_id=TOPIC, sender=None, **more):
    sender = sender or {"id": MARIA, "is_bot": False, "first_name": "Мария"}
    chat = {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "Операторы", "is_forum": True}
    message = {"message_id": next(MESSAGE_IDS), "date": 1, "chat": chat, "from": sender, **more}
    message |= {"message_thread_id": thread_id, "is_topic_message": True}
    return message | ({"text": text} if text is not None else {})


async def escalated(database):
    async with database.reading() as session:
        return list(await session.scalars(select(EscalationRow).where(EscalationRow.closed_at.is_(None))))


async def sent(deliveries, *, to_topic):
    return [row for row in await deliveries() if row.to_topic == to_topic]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"poll": {"id": "5"}},
        {"message": None},
        {"message": "odd"},
        {"message": {"message_id": "odd"}},
        {"unheard_of": {"chat": {"id": 1}}},
        {"callback_query": {"id": "1"}},
        {"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "channel"}, "text": "новость"}},
        {"message": {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"}, "text": "в чужой группе"}},
        {"message_reaction": {"chat": {"id": ANNA, "type": "private"}, "message_id": 1}},
    ],
)
async def test_odd_updates_do_no_harm(receive, deliveries, content):
    row = await receive(**content)

    assert row.handled_at
    assert await deliveries() == []


async def test_a_private_message_that_cannot_be_read_goes_to_a_person_with_its_copy(receive, database, deliveries):
    await receive(message=private("важные слова", photo="a shape nobody knows"))

    assert [row.reason for row in await escalated(database)] == ["error"]
    assert [row.method for row in await sent(deliveries, to_topic=True)] == ["SendMessage", "CopyMessage"]


async def test_a_message_that_no_handler_can_deal_with_goes_to_a_person_with_its_copy(receive, deliveries):
    half_a_character = "\ud83d"
    row = await receive(message=private(f"важные слова {half_a_character}"))

    assert row.error == "given up"
    assert [one.method for one in await sent(deliveries, to_topic=True)] == ["SendMessage", "CopyMessage"]
    assert "сломалось" in (await sent(deliveries, to_topic=False))[0].payload["text"]


async def test_who_calls_a_person_in_the_middle_of_a_thought_takes_his_words_along(receive, deliveries):
    await receive(message=private("у палатки порвался тент"))
    await receive(message=command("/operator"))

    [card] = await sent(deliveries, to_topic=True)
    assert "у палатки порвался тент" in card.payload["text"]


async def test_words_after_the_command_reach_the_operator(receive, deliveries):
    await receive(message=command("/operator у палатки порвался тент"))

    [card] = await sent(deliveries, to_topic=True)
    assert "порвался тент" in card.payload["text"]


async def test_an_operator_who_writes_first_sees_what_was_being_asked(receive, database, deliveries):
    question = private("сколько дней на возврат товара?")
    await receive(message=question)
    await receive(message=in_topic("Здравствуйте! Я уже смотрю."))

    copies = [row for row in await sent(deliveries, to_topic=True) if row.source_ids]
    assert [row.source_ids for row in copies] == [[question["message_id"]]]
    async with database.reading() as session:
        assert (await session.scalars(select(TurnRow))).one().state == "escalated"


async def test_a_contact_sent_to_an_operator_reaches_him(receive, deliveries):
    await receive(message=command("/operator"))
    contact = private(contact={"phone_number": "+79161234501", "first_name": "Анна", "user_id": ANNA})
    await receive(message=contact)

    relayed = (await sent(deliveries, to_topic=True))[-1]
    assert (relayed.method, relayed.payload["phone_number"]) == ("SendContact", "+79161234501")


@pytest.mark.parametrize(
    "note",
    [
        {"text": "// клиент нервничает"},
        {"text": "//клиент нервничает"},
        {"caption": "// видно царапину", "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
        {"caption": "/note царапина", "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
        {"caption": "/clsoe", "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
        {"text": "/clsoe"},
    ],
)
async def test_what_is_for_operators_never_reaches_the_customer(receive, deliveries, note):
    await receive(message=in_topic(**note))

    assert await sent(deliveries, to_topic=False) == []


@pytest.mark.parametrize(
    "message",
    [
        in_topic("в чужой теме", thread_id=5),
        in_topic("слова бота", sender={"id": 1, "is_bot": True, "first_name": "Bot"}),
        in_topic(forum_topic_edited={"name": "Новое имя"}),
        in_topic(forum_topic_closed={}),
    ],
)
async def test_what_is_no_operators_word_to_a_customer_is_left_alone(receive, database, deliveries, message):
    await receive(message=message)

    assert await deliveries() == []
    assert await escalated(database) == []


async def test_an_operators_last_words_come_before_the_farewell(receive, deliveries):
    await receive(message=in_topic("Всё сделано."))
    closing = in_topic("/close", entities=[{"type": "bot_command", "offset": 0, "length": 6}])
    await receive(message=closing)

    words, who, farewell = [row for row in await sent(deliveries, to_topic=False) if row.method == "SendMessage"]
    assert (who.payload["text"], words.payload["text"]) == ("Вам отвечает Мария.", "Всё сделано.")
    assert "окончен" in farewell.payload["text"]
    assert words.priority <= who.priority <= farewell.priority


@pytest.mark.parametrize(
    "data", ["", "rate:1:5", "rate:x:1", "intent:5:question", "op:99", "lang:de", "💥", "rate:7:1"]
)
async def test_a_stale_or_odd_button_is_answered(receive, deliveries, data):
    sender = {"id": ANNA, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    press = {"id": "q1", "from": sender, "chat_instance": "c", "message": private("старое сообщение"), "data": data}
    await receive(callback_query=press)

    assert "AnswerCallbackQuery" in [row.method for row in await deliveries()]


async def test_an_edit_of_an_open_question_changes_it(receive, database):
    question = private("сколько дней на возврат тавара?")
    await receive(message=question)
    await receive(edited_message=question | {"text": "сколько дней на возврат товара?", "edit_date": 2})

    async with database.reading() as session:
        assert (await session.scalars(select(TurnRow))).one().text == "сколько дней на возврат товара?"


async def test_an_album_is_one_turn(receive, database):
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    for caption in ("вот такая дыра", None, None):
        more = {"caption": caption} if caption else {}
        await receive(message=private(photo=photo, media_group_id="1", **more))

    async with database.reading() as session:
        [turn] = (await session.scalars(select(TurnRow))).all()
        assert turn.text == "вот такая дыра"
        assert len(await TurnRepository(session).messages_of(turn.id)) == 3
