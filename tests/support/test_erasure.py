import json
from datetime import timedelta

from sqlalchemy import select

from support import erasure
from support.audit_tables import AnswerAuditRow
from support.customers import CustomerRepository, Person
from support.desk_tables import DraftLabelRow, HeldWordsRow, IntentExampleRow
from support.order_tables import OrderGuardRow
from support.privacy_tables import ErasedBanRow, ErasureRow
from support.secret import Secret
from support.tables import AnswerRow, AuditRow, Base, CustomerRow, EscalationRow, MessageRow, TurnRow
from support.transport_tables import CounterpartRow, DeliveryRow, InboxRow, PauseRow

ANNA = 7_001_002_003
SENTINEL = "жирафобегемот"


def call_of(key, now, **more):
    values = {"to_topic": False, "method": "SendMessage", "payload": {"text": SENTINEL}, "priority": 0}
    return DeliveryRow(key=key, created_at=now, state="delivered", finished_at=now, **values, **more)


async def fill(session, now, chat_id=ANNA):
    """Leave the customer's traces in every table; return him."""
    customer = await CustomerRepository(session).get_or_add(Person(chat_id, SENTINEL, "zhirafa", "ru"), now)
    customer.phone, customer.awaiting_order = "79165554433", SENTINEL
    customer.topic_chat_id, customer.topic_id = -100, 7
    customer.proven_orders = [[SENTINEL, now.isoformat()]]
    times = {"opened_at": now, "closes_at": now}
    words = {"text": SENTINEL, "language": "ru", "job": SENTINEL, "trace": {"a": SENTINEL}, "draft": {"a": SENTINEL}}
    done = TurnRow(customer_id=customer.id, state="answered", outcome="answered", **words, **times)
    working = TurnRow(customer_id=customer.id, state="generating", **words, **times)
    suggested = TurnRow(customer_id=customer.id, state="suggesting", **words, **times)
    session.add_all([done, working, suggested])
    await session.flush()
    session.add(
        AnswerRow(turn_id=done.id, text=SENTINEL, draft={"t": SENTINEL}, cache_key="c", rating=1, created_at=now)
    )
    session.add(IntentExampleRow(intent="question", text=SENTINEL, turn_id=done.id, added_by=1, added_at=now))
    talk = EscalationRow(
        customer_id=customer.id,
        reason="complaint",
        question=SENTINEL,
        draft=SENTINEL,
        summary=SENTINEL,
        rating_text=SENTINEL,
        opened_at=now,
    )
    session.add(talk)
    await session.flush()
    label = {"operator_id": 1, "verdict": "edited", "draft": SENTINEL, "sent": SENTINEL, "score": 0.5}
    session.add(DraftLabelRow(turn_id=done.id, escalation_id=talk.id, at=now, **label))
    drawn = {"language": "ru", "score": 0.5, "threshold": 0.7, "sent": False, "version": "v", "one_in": 1}
    drawn |= {"question": SENTINEL, "answer": SENTINEL, "sources": [SENTINEL], "chosen_at": now}
    session.add_all([AnswerAuditRow(turn_id=turn.id, **drawn) for turn in (done, working)])
    for number in range(5):
        message = {"message_id": number, "speaker": "customer", "kind": "text", "text": SENTINEL}
        session.add(MessageRow(customer_id=customer.id, chat_id=chat_id, created_at=now, **message))
        where = {"source_chat_id": chat_id, "source_id": number, "copy_chat_id": -100, "copy_id": number}
        session.add(CounterpartRow(customer_id=customer.id, **where))
    session.add_all(
        [
            OrderGuardRow(customer_id=customer.id, wrong_tries=1, window_started_at=now),
            HeldWordsRow(customer_id=customer.id, operator_id=1, messages=[1], asked_at=now),
            PauseRow(chat_id=chat_id, told_at=now, retry_after_s=1),
            InboxRow(
                bot_id=1, update_id=1, lane=chat_id, payload=SENTINEL, received_at=now, handled_at=now, error="failed"
            ),
            AuditRow(at=now, actor_id=1, action="x", detail={"customer_id": customer.id, "word": SENTINEL}),
            call_of(f"turn:{done.id}:1:Answered", now, customer_id=customer.id, chat_id=chat_id, peer_id=chat_id),
            call_of("press:1", now, chat_id=chat_id, peer_id=chat_id),
            call_of(f"board:{customer.id}:card:1", now, chat_id=-100),
            call_of(f"answer-audit:{customer.id}:1:post:1", now, chat_id=-100),
            call_of("digest:-100:1", now, chat_id=-100),
            call_of("delivery:1:admins:5", now, chat_id=5),
        ]
    )
    await session.flush()
    return customer


async def everything(session):
    """Every table's values, as text."""
    rows = [
        (table.name, [str(value) for value in row])
        for table in Base.metadata.sorted_tables
        for row in await session.execute(select(table))
    ]
    return json.dumps(rows, ensure_ascii=False)


async def erase(database, now, *, until_zero=True):
    """Go on with the erasure in transactions of their own, as the loop does."""
    done = 1
    while done:
        async with database.writing() as session:
            row = await session.scalar(select(ErasureRow))
            done = await erasure.sweep(session, row, now)
        if not until_zero:
            return


async def test_wherever_it_is_cut_short_nothing_is_left_in_the_end(database, now, tmp_path, monkeypatch):
    monkeypatch.setattr(erasure, "BATCH", 2)
    async with database.writing() as session:
        anna = await fill(session, now)
        begun = await erasure.begin(session, anna, asked_by=erasure.HIMSELF, now=now)
        assert await erasure.begin(session, anna, asked_by=erasure.HIMSELF, now=now) is None
    assert begun.was_open
    assert begun.topics == ((-100, 7),)
    assert [job.split("-")[:2] for job in begun.cancelled] == [["t", "2"], ["t", "3"]]
    # A process that dies after any transaction leaves the rest to the next one.
    await erase(database, now, until_zero=False)
    await erase(database, now)
    async with database.writing() as session:
        row = await session.scalar(select(ErasureRow))
        assert not await erasure.is_busy(session, row)
        await erasure.prove(session, row, Secret(tmp_path).digest(ANNA), now + timedelta(seconds=5))
    async with database.reading() as session:
        left = await everything(session)
        proof = await session.scalar(select(AuditRow).where(AuditRow.action == erasure.ACTION))
        shell = await session.scalar(select(CustomerRow))
        answer = await session.scalar(select(AnswerRow))
        verdicts = set(await session.scalars(select(AnswerAuditRow.verdict)))
        turns = list(await session.scalars(select(TurnRow.state).order_by(TurnRow.id)))
    assert SENTINEL not in left
    assert str(ANNA) not in left
    assert "zhirafa" not in left
    assert "79165554433" not in left
    assert verdicts == {"erased"}, "what waited to be judged is lost, and counts"
    assert proof.detail["counts"]["message"] == 5
    assert proof.detail["counts"]["counterpart"] == 5
    assert proof.detail["chat_hmac_sha256"] == Secret(tmp_path).digest(ANNA)
    assert (shell.chat_id, shell.name, answer.rating) == (-shell.id, "", 1)
    # A late result of its worker finds the turn moved on.
    assert turns == ["answered", "superseded", "suggested"]


async def test_somebody_elses_data_stay(database, now):
    async with database.writing() as session:
        anna = await fill(session, now)
        emma = await CustomerRepository(session).get_or_add(Person(55, "Emma", "emma", "en"), now)
        session.add(call_of("turn:9:1:Answered", now, customer_id=emma.id, chat_id=55, peer_id=55))
        session.add(InboxRow(bot_id=1, update_id=2, lane=55, payload="", received_at=now, handled_at=now))
        await erasure.begin(session, anna, asked_by=1, now=now)
    await erase(database, now)
    async with database.reading() as session:
        call = await session.scalar(select(DeliveryRow).where(DeliveryRow.customer_id == emma.id))
        lanes = set(await session.scalars(select(InboxRow.lane)))
    assert (call.key, call.payload, call.peer_id) == ("turn:9:1:Answered", {"text": SENTINEL}, 55)
    assert lanes == {0, 55}


async def test_a_ban_outlives_the_person_as_a_hash(database, now, tmp_path):
    digest = Secret(tmp_path).digest(ANNA)
    async with database.writing() as session:
        anna = await fill(session, now)
        anna.banned_at = now
        await erasure.begin(session, anna, asked_by=1, now=now)
    await erase(database, now)
    async with database.writing() as session:
        await erasure.prove(session, await session.scalar(select(ErasureRow)), digest, now)
        again = await CustomerRepository(session).get_or_add(Person(ANNA, "Анна", None, "ru"), now)
        assert await erasure.has_bans(session)
        await erasure.restore_ban(session, again, digest)
        assert again.banned_at == now
        assert (await session.get(ErasedBanRow, digest)).banned_at == now


def test_a_second_process_uses_the_secret_that_the_first_has_made(tmp_path):
    first = Secret(tmp_path).digest(ANNA)
    assert Secret(tmp_path).digest(ANNA) == first != Secret(tmp_path / "other").digest(ANNA)
    assert (tmp_path / "erasure.key").stat().st_mode & 0o077 == 0
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["erasure.key"]
