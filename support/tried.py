"""What the bot tried before a person was called, read from the traces of turns: values for a card's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from support.jobs import CheckName, Doubt, DoubtName
from support.tables import TurnRow

_ORDERS: Final = frozenset({"order_number_asked", "order_proof_asked", "order_refused", "order_locked", "order_shown"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a message was taken for."""

    intent: str
    """Its name."""
    source: str
    """rule, model, language_model or button."""
    confidence: float
    """0..1, the classifier's."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the bot tried."""

    name: str
    """Names the words: ``tried-<name>``."""
    detail: str = ""


def steps(turns: Sequence[TurnRow]) -> tuple[Step, ...]:
    """Return what was tried in these turns, oldest first; what repeats stands once."""
    return tuple(dict.fromkeys(step for turn in turns for step in _steps(turn)))


def guess(trace: Mapping[str, Any]) -> Guess | None:
    """Return what the turn was taken for; None when it ended before anybody asked."""
    told = trace.get("intent", {})
    if not told.get("name") or not told.get("source"):
        return None
    return Guess(told["name"], told["source"], float(told.get("confidence", 1.0)))


def failed_checks(trace: Mapping[str, Any]) -> tuple[tuple[CheckName, str], ...]:
    """Return the checks that the turn's draft failed, with what exactly."""
    found = []
    for reason in trace.get("draft", {}).get("reasons", ()):
        name, _, detail = reason.partition(": ")
        if name in {check.value for check in CheckName}:
            found.append((CheckName(name), detail))
    return tuple(found)


def doubts(trace: Mapping[str, Any]) -> tuple[Doubt, ...]:
    """Return what took most from the draft's score, the heaviest first."""
    told = trace.get("draft", {}).get("doubts", ())
    known = {one.value for one in DoubtName}
    return tuple(Doubt(name=DoubtName(name), detail=detail) for name, detail in told if name in known)


def score(trace: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the draft's score and the threshold, both 0..1; None without a draft."""
    draft = trace.get("draft")
    return None if draft is None else (float(draft["score"]), float(draft["threshold"]))


def _steps(turn: TurnRow) -> list[Step]:
    trace, found = turn.trace, []
    chosen = trace.get("intent", {}).get("source") == "button"
    if chosen or turn.outcome == "clarify":
        found.append(Step("clarified" if chosen else "asked"))
    if turn.outcome in _ORDERS:
        found.append(Step(turn.outcome.replace("_", "-")))
    if turn.outcome == "answered":
        found.append(Step("answered"))
    search, draft = trace.get("search"), trace.get("draft")
    if turn.outcome == "answered":
        return found
    if search is not None and draft is None:
        found.append(Step("searched", _nearest(search)) if turn.job is None else Step("unwritten"))
    if draft is not None:
        failed, scored = failed_checks(trace), score(trace)
        below = scored is not None and scored[0] < scored[1]
        found.append(Step("failed") if failed else Step("low" if below else "wrote"))
    return found


def _nearest(search: Mapping[str, Any]) -> str:
    """Return the heading of the best passage that did not suffice."""
    for part in search.get("parts", ()):
        for passage in part.get("passages", ()):
            return str(passage["heading"])
    return ""
