"""Do dialogues about orders end as they must, and does nobody see a stranger's order? Runs the support desk itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.baskets import OrderDialogue, Outcome, Step
from evaluation.desk_stage import DeskStage
from evaluation.figures import Share
from evaluation.report import Failure, OrdersReport, by_language
from evaluation.timings import Stopwatch
from support import outcomes
from support.orders.lookup import AskNumber, AskProof, Found, LockedOut, Refused

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


async def play(stage: DeskStage, dialogue: OrderDialogue, chat_id: int, stopwatch: Stopwatch) -> Played:
    """Let the customer of one private chat say everything."""
    ends: list[str] = []
    shown: list[str] = []
    for step in dialogue.steps:
        with stopwatch.stage("order step"):
            outcome = await _take(stage, dialogue, chat_id, step)
        ends.append(_name(outcome))
        if isinstance(outcome, Found):
            shown.append(outcome.order.number)
    return Played(dialogue, tuple(ends), tuple(shown))


async def _take(stage: DeskStage, dialogue: OrderDialogue, chat_id: int, step: Step) -> outcomes.Outcome | None:
    if step.contact == "own":
        return await stage.own_contact(chat_id, dialogue.language, dialogue.customer.phone or "")
    # Telegram says whose contact it is: a stranger's is media like any other and its phone goes nowhere.
    kind = "contact" if step.contact else "text"
    return await stage.hear(chat_id, dialogue.language, step.say or "", kind=kind)


async def measure_orders(dialogues: Sequence[OrderDialogue], stage: DeskStage, stopwatch: Stopwatch) -> OrdersReport:
    """Play every dialogue, each by a customer of its own."""
    return summarise([await play(stage, one, chat_id, stopwatch) for chat_id, one in enumerate(dialogues, start=1)])


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
