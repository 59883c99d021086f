"""Do dialogues about orders end as they must, and does nobody see a stranger's order? Runs the support desk itself."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evaluation.baskets import OrderDialogue, Outcome, Step
from evaluation.figures import Share
from evaluation.report import Failure, OrdersReport, by_language
from evaluation.timings import Stopwatch
from knowledge.current import CurrentKnowledge
from support import outcomes, schema
from support.customers import CustomerRepository, Person
from support.database import Database
from support.desk import Collected, Desk
from support.intents.classifier import IntentClassifier
from support.order_desk import OrderDesk
from support.orders.importing import import_orders, read_orders
from support.orders.lookup import AskNumber, AskProof, Found, LockedOut, OrderLookup, Refused
from support.orders.sql import SqlOrders
from support.turns import Words

# Longer than any debounce, so that each message is a turn of its own.
_PAUSE: Final = timedelta(seconds=20)
_DEADLINE: Final = timedelta(seconds=60)

_EXPECTED: Final[dict[type, Outcome]] = {
    Found: "found",
    Refused: "refused",
    LockedOut: "locked",
    AskNumber: "ask_number",
    AskProof: "ask_proof",
}


@dataclass(frozen=True, slots=True)
class Played:
    """How a dialogue went."""

    dialogue: OrderDialogue
    outcomes: tuple[str, ...]
    """Step by step: what the dialogue could have been expected to end with, or the name of another outcome."""
    shown: tuple[str, ...]
    """Numbers of the orders whose data the customer saw."""

    @property
    def leaked(self) -> bool:
        """Whether an order was shown that this customer must not see."""
        return any(number != self.dialogue.order for number in self.shown)

    @property
    def passed(self) -> bool:
        """Whether it ended as expected and nothing leaked."""
        if self.dialogue.expect == "found":
            return self.dialogue.order in self.shown and not self.leaked
        return not self.shown and self.outcomes[-1] == self.dialogue.expect


@dataclass(slots=True)
class OrderStage:
    """A desk over a database of its own. Time is simulated."""

    desk: Desk
    database: Database
    now: datetime

    async def play(self, dialogue: OrderDialogue, chat_id: int, stopwatch: Stopwatch) -> Played:
        """Let the customer of one private chat say everything."""
        ends: list[str] = []
        shown: list[str] = []
        for number, step in enumerate(dialogue.steps, start=1):
            with stopwatch.stage("order step"):
                outcome = await self._take(dialogue, chat_id, number, step)
            ends.append(_name(outcome))
            if isinstance(outcome, Found):
                shown.append(outcome.order.number)
        return Played(dialogue, tuple(ends), tuple(shown))

    async def _take(self, dialogue: OrderDialogue, chat_id: int, number: int, step: Step) -> outcomes.Outcome | None:
        self.now += _PAUSE
        person = Person(chat_id, "Customer", None, dialogue.language)
        async with self.database.writing() as session:
            customer = await CustomerRepository(session).get_or_add(person, self.now)
            if step.contact == "own":
                return await self.desk.own_contact(session, customer, dialogue.customer.phone or "", self.now)
            # Telegram says whose contact it is: a stranger's is media like any other and its phone goes nowhere.
            words = Words(number, "contact" if step.contact else "text", step.say or "")
            received = await self.desk.receive(session, customer, words, self.now)
            if not isinstance(received, Collected):
                return None
            self.now = max(self.now, received.closes_at)
            return await self.desk.close(session, received.turn_id, self.now)


@asynccontextmanager
async def order_stage(
    orders_file: Path, classifier: IntentClassifier, knowledge: CurrentKnowledge
) -> AsyncIterator[OrderStage]:
    """Import the orders into a database that is thrown away afterwards.

    Raises:
        OrdersFileError: the file cannot be read.
    """
    orders = read_orders(orders_file).orders
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'orders.db'}"
        await schema.upgrade(url)
        database = Database(url)
        try:
            async with database.writing() as session:
                await import_orders(session, orders)
            desk = Desk(
                classifier=classifier,
                intents={intent.name: intent for intent in classifier.intents},
                knowledge=knowledge,
                orders=OrderDesk(OrderLookup(SqlOrders(database.reading))),
                threshold=1.0,
                deadline=_DEADLINE,
            )
            yield OrderStage(desk, database, datetime.now(UTC))
        finally:
            await database.close()


async def measure_orders(dialogues: Sequence[OrderDialogue], stage: OrderStage, stopwatch: Stopwatch) -> OrdersReport:
    """Play every dialogue, each by a customer of its own."""
    return summarise([await stage.play(one, chat_id, stopwatch) for chat_id, one in enumerate(dialogues, start=1)])


def summarise(played: Sequence[Played]) -> OrdersReport:
    """Count what passed and what leaked."""
    return OrdersReport(
        passed=by_language(((one.dialogue.language, one.passed) for one in played), Share.of),
        shown_to_stranger=sum(one.leaked for one in played),
        failures=tuple(_failure(one) for one in played if not one.passed),
    )


def _name(outcome: outcomes.Outcome | None) -> str:
    if outcome is None:
        return "silence"
    if isinstance(outcome, outcomes.MediaNotUnderstood) and outcome.kind == "contact":
        return "refused"
    return _EXPECTED.get(type(outcome), type(outcome).__name__)


def _failure(one: Played) -> Failure:
    dialogue = one.dialogue
    leak = f"; SHOWN TO A STRANGER: {', '.join(one.shown)}" if one.leaked else ""
    return Failure(
        id=dialogue.id,
        language=dialogue.language,
        text=" / ".join(step.say or f"({step.contact} contact)" for step in dialogue.steps),
        wanted=" ".join((dialogue.expect, dialogue.order or "")).strip(),
        got=" → ".join(one.outcomes) + leak,
    )
