import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from otvet.cli import otvet
from otvet.errors import CommandError
from support.customers import CustomerRepository, Person
from support.deliveries import Delivery, DeliveryRepository, DeliveryState, Priority
from support.escalations import EscalationReason, EscalationRepository
from support.leases import this_process
from support.pauses import PauseRepository
from support.tables import AuditRow
from support.transport_tables import DeliveryRow, LeaseRow
from tests.otvet.beside import Beside

GROUP = -1001000000001
WORDS = "my number is +79161234501"


class Ledger(Beside):
    """The ledger of a bot that runs: its lease is held by this process."""

    def add(self, key, *, age=timedelta(seconds=5), **changes):
        """Add a call to the ledger; ``changes`` are columns. Returns its id."""
        given = {"method": "SendMessage", "payload": {"text": WORDS}, "priority": Priority.ANSWER, "chat_id": 101}
        place = {name: changes.pop(name) for name in ("customer_id", "to_topic", "chat_id") if name in changes}

        async def work(session):
            delivery = Delivery(key=key, **(given | place))
            await DeliveryRepository(session).add(delivery, datetime.now(UTC) - age)
            row = (await session.scalars(select(DeliveryRow).where(DeliveryRow.key == key))).one()
            for name, value in changes.items():
                setattr(row, name, value)
            return row.id

        return self.do(work)

    def add_customer(self, *, topic=None):
        async def work(session):
            customer = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), datetime.now(UTC))
            customer.topic_chat_id, customer.topic_id = (GROUP, topic) if topic else (None, None)
            return customer.id

        return self.do(work)

    def row(self, delivery_id):
        async def work(session):
            return await session.get_one(DeliveryRow, delivery_id)

        return self.do(work)


@pytest.fixture
def ledger(database_url):
    ledger = Ledger(database_url)

    async def hold(session):
        session.add(LeaseRow(name="telegram:1", owner=this_process(), fence=1, beat=1))

    ledger.do(hold)
    return ledger


@pytest.fixture
def outbox(database_url, tmp_path, monkeypatch):
    """Run ``otvet outbox …`` over the ledger's database; returns what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments):
        result = CliRunner().invoke(otvet, ["outbox", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def lines_of(output):
    """Return the lines of the calls by their ids, in order."""
    lines = output.splitlines()
    heading = next(number for number, line in enumerate(lines) if line.startswith("id "))
    return {int(line.split()[0]): line for line in lines[heading + 1 :] if line[0].isdecimal()}


def line_of(output, delivery_id):
    return lines_of(output)[delivery_id]


def test_an_empty_ledger_says_that_nothing_waits(outbox, ledger):
    output = outbox()

    assert "0 wait" in output
    assert "Nothing waits." in output


def test_every_state_is_counted_and_what_is_done_is_not_listed(outbox, ledger):
    waiting = ledger.add("a")
    ledger.add("b", state=DeliveryState.DELIVERED)
    ledger.add("c", state=DeliveryState.FAILED, finished_at=datetime.now(UTC))

    output = outbox()

    assert "1 wait" in output
    assert "1 delivered" in output
    assert "1 failed" in output
    assert list(lines_of(output)) == [waiting]


def test_a_line_says_where_what_and_how_long_but_nobodys_words(outbox, ledger):
    anna = ledger.add_customer(topic=17)
    to_chat = ledger.add("a", age=timedelta(minutes=3, seconds=5))
    to_topic = ledger.add("b", chat_id=None, customer_id=anna, to_topic=True)

    output = outbox()

    assert line_of(output, to_chat).split()[1:8] == ["3", "min", "chat", "101", "SendMessage", "answer", "0"]
    assert f"customer {anna}: topic 17 in {GROUP}" in line_of(output, to_topic)
    assert "number" not in output
    assert "7916" not in output


def test_a_chat_that_telegram_wants_left_alone_is_named_with_the_time(outbox, ledger):
    stuck = ledger.add("a", error="429, retry after 600 s")
    now = datetime.now(UTC)
    ledger.do(lambda session: PauseRepository(session).add(101, 600, now))

    until = (now + timedelta(seconds=600)).astimezone()
    assert f"left alone until {until:%H:%M}" in line_of(outbox(), stuck)


def test_a_pause_that_has_passed_is_no_reason(outbox, ledger):
    waiting = ledger.add("a", error="429, retry after 60 s")
    ledger.do(lambda session: PauseRepository(session).add(101, 60, datetime.now(UTC) - timedelta(minutes=2)))

    assert "its turn is next" in line_of(outbox(), waiting)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"error": "Forbidden: bot was kicked from the supergroup chat", "to_topic": True}, "its group refuses: Forb"),
        ({"error": "OperationalError"}, "the database was away"),
        ({"error": "Telegram does not answer"}, "Telegram cannot be reached"),
        ({"error": "Bad Request: something new"}, "last error: Bad Request: something new"),
        ({"not_before": datetime.now(UTC) + timedelta(hours=1)}, "an album is still gathering"),
        ({"state": DeliveryState.ATTEMPTING, "attempted_at": datetime.now(UTC)}, "being made since"),
        (
            {"state": DeliveryState.ATTEMPTING, "attempted_at": datetime.now(UTC) - timedelta(minutes=5)},
            "its process is gone",
        ),
    ],
)
def test_what_is_stuck_says_why(outbox, ledger, changes, reason):
    anna = ledger.add_customer()
    place = {"chat_id": None, "customer_id": anna} if changes.get("to_topic") else {}
    stuck = ledger.add("a", **place, **changes)

    assert reason in line_of(outbox(), stuck)


def test_a_place_in_a_groups_queue_is_told(outbox, ledger):
    for number in range(3):
        last = ledger.add(f"note:{number}", chat_id=GROUP)

    assert "waits its turn: 2 before it; a group takes 20 a minute" in line_of(outbox(), last)


def test_a_ledger_without_a_bot_says_so(outbox, ledger):
    async def die(session):
        (await session.get_one(LeaseRow, "telegram:1")).owner = ""

    ledger.do(die)
    stuck = ledger.add("a")

    assert "no bot runs" in line_of(outbox(), stuck)


def test_more_than_the_limit_is_counted(outbox, ledger):
    for number in range(4):
        ledger.add(f"a:{number}")

    assert "… and 2 more: --limit 4" in outbox("--limit", 2)


def test_failures_of_the_last_day_are_listed_newest_first(outbox, ledger):
    now = datetime.now(UTC)
    failed = ledger.add("a", state=DeliveryState.FAILED, finished_at=now, error="Forbidden: bot was blocked")
    unknown = ledger.add("b", state=DeliveryState.UNKNOWN, finished_at=now)
    old = ledger.add("c", state=DeliveryState.FAILED, finished_at=now - timedelta(days=2), error="old")
    ledger.add("d")

    output = outbox("--failed")

    assert list(lines_of(output)) == [unknown, failed]
    assert "Forbidden: bot was blocked" in line_of(output, failed)
    assert "old" in line_of(outbox("--since", "3d"), old)


def test_machines_read_the_same_as_json(outbox, ledger):
    stuck = ledger.add("a", error="OperationalError")

    read = json.loads(outbox("--json"))

    assert read["counts"]["pending"] == 1
    (call,) = read["calls"]
    assert (call["id"], call["chat_id"], call["state"], call["priority"]) == (stuck, 101, "pending", "answer")
    assert call["age_s"] >= 5
    assert "database" in call["reason"]
    assert WORDS not in json.dumps(read)


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNKNOWN])
def test_a_call_that_failed_can_be_put_back_and_the_audit_knows(outbox, ledger, state):
    bad = ledger.add("a", state=state, attempts=2, finished_at=datetime.now(UTC))

    outbox("retry", bad, "--yes")

    row = ledger.row(bad)
    assert (row.state, row.attempts, row.finished_at) == (DeliveryState.PENDING, 0, None)
    audit = ledger.do(lambda session: session.scalars(select(AuditRow)))
    assert [(one.action, one.detail) for one in audit] == [("delivery_retried", {"delivery_id": bad})]


def test_without_yes_and_without_a_terminal_nothing_is_changed_but_said_what_would_be(outbox, ledger):
    bad = ledger.add("a", state=DeliveryState.UNKNOWN, finished_at=datetime.now(UTC))

    with pytest.raises(CommandError, match=r"may be seen twice.*--yes"):
        outbox("retry", bad)

    assert ledger.row(bad).state == DeliveryState.UNKNOWN


def test_an_answer_is_not_put_back_when_a_person_has_the_conversation(outbox, ledger):
    anna = ledger.add_customer()
    bad = ledger.add("turn:1:1:Answered", customer_id=anna, state=DeliveryState.FAILED, finished_at=datetime.now(UTC))
    reason = EscalationReason.NOT_DELIVERED
    ledger.do(lambda session: EscalationRepository(session).open(anna, reason, datetime.now(UTC)))

    with pytest.raises(CommandError, match="does not talk over"):
        outbox("retry", bad, "--yes")


def test_a_call_that_waits_can_be_dropped(outbox, ledger):
    waiting = ledger.add("a")

    with pytest.raises(CommandError, match="cannot be taken back"):
        outbox("drop", waiting)
    outbox("drop", waiting, "--yes")

    assert ledger.row(waiting).state == DeliveryState.WITHDRAWN


@pytest.mark.parametrize(
    ("command", "state"),
    [("retry", "pending"), ("retry", "delivered"), ("retry", "attempting"), ("drop", "attempting"), ("drop", "failed")],
)
def test_what_stands_otherwise_is_left_alone(outbox, ledger, command, state):
    call = ledger.add("a", state=state)

    with pytest.raises(CommandError, match=f"is {state}"):
        outbox(command, call, "--yes")

    assert ledger.row(call).state == state


def test_a_call_that_is_not_there_is_said(outbox, ledger):
    with pytest.raises(CommandError, match="no call 77"):
        outbox("drop", 77, "--yes")


def test_an_age_that_is_none_is_said(outbox, ledger):
    with pytest.raises(CommandError, match="30m, 12h or 3d"):
        outbox("--since", "yesterday")
