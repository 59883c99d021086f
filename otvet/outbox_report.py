"""What ``otvet outbox`` shows: each call of the ledger with the reason why it has not been made, in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from otvet.logs import mask
from support.deliveries import DeliveryState, Priority
from support.leases import is_dead
from support.ledger import Call, Surroundings

PER_MINUTE: Final = 20
"""What Telegram allows a group."""
SILENT_S: Final = 60
"""No call lasts so long: who made it is gone."""
DATABASE_ERRORS: Final = ("OperationalError", "InterfaceError", "DBAPIError")
NETWORK_ERRORS: Final = (
    "Telegram does not answer",
    "TimeoutError",
    "ClientConnectorError",
    "ClientOSError",
    "ServerDisconnectedError",
    "TelegramNetworkError",
    "TelegramServerError",
    "ClientDecodeError",
)
STATES: Final = {
    DeliveryState.PENDING: "wait",
    DeliveryState.ATTEMPTING: "being made",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNKNOWN: "with unknown outcome",
    DeliveryState.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A call and why it stands where it stands."""

    call: Call
    reason: str


def explain(calls: Sequence[Call], around: Surroundings, now: datetime) -> list[Shown]:
    """Say of each call why it stands where it stands. ``calls``: oldest first, as far as places in a queue count."""
    before: Counter[int | None] = Counter()
    nobody = nobody_sends(around)
    shown = []
    for call in calls:
        shown.append(Shown(call, _reason(call, around, now, before[call.peer], nobody=nobody)))
        if call.state == DeliveryState.PENDING:
            before[call.peer] += 1
    return shown


def nobody_sends(around: Surroundings) -> bool:
    """Whether no bot process holds the lease, as far as this machine can tell."""
    return all(owner == "" or is_dead(owner) for owner in around.senders)


def summary(counts: dict[str, int]) -> list[str]:
    """Return a line a state."""
    width = max(len(str(number)) for number in counts.values())
    return [f"{counts[state]:>{width}} {words}" for state, words in STATES.items()]


def table(shown: Sequence[Shown], now: datetime) -> list[str]:
    """Return a heading and a line a call, in columns."""
    head = ("id", "age", "where", "call", "priority", "tries", "state", "why")
    rows = [head, *(_cells(one, now) for one in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]


def as_json(shown: Sequence[Shown], counts: dict[str, int], now: datetime) -> dict[str, Any]:
    """Return the same for machines; ages in seconds, times in UTC."""
    return {"counts": counts, "calls": [_object(one, now) for one in shown]}


def where(call: Call) -> str:
    """Name the chat, or the topic of a customer."""
    if not call.to_topic:
        return f"chat {call.peer}"
    place = f"topic {call.thread}" if call.thread else "a topic still to be made"
    group = f" in {call.peer}" if call.peer else ""
    return f"customer {call.customer_id}: {place}{group}"


def _reason(call: Call, around: Surroundings, now: datetime, before: int, *, nobody: bool) -> str:
    if call.state == DeliveryState.ATTEMPTING:
        return _attempting(call, now)
    if call.state != DeliveryState.PENDING:
        return mask(call.error or ("the connection broke during the call" if call.state == "unknown" else ""))
    if nobody:
        return "no bot runs: otvet run, or otvet bot"
    if call.not_before is not None and call.not_before > now:
        return "an album is still gathering"
    if call.peer is not None and (left_s := around.paused.get(call.peer)) is not None:
        until = datetime.fromtimestamp(now.timestamp() + left_s, tz=now.tzinfo).astimezone()
        return f"Telegram wants this chat left alone until {until:%H:%M:%S} (429)"
    return _last_error(call) or _place(call, before)


def _attempting(call: Call, now: datetime) -> str:
    since = call.attempted_at
    if since is None:
        return "being made"
    silent = (now - since).total_seconds() > SILENT_S
    more = "; its process is gone, and the next one decides about it" if silent else ""
    return f"being made since {since.astimezone():%H:%M:%S}{more}"


def _last_error(call: Call) -> str:
    error = mask(call.error or "")
    if not error or error.startswith("429"):
        return ""
    if error in DATABASE_ERRORS:
        return f"the database was away ({error}); goes out again by itself"
    if error in NETWORK_ERRORS:
        return f"Telegram cannot be reached ({error}); goes out again by itself"
    if call.to_topic:
        return f"its group refuses: {error}"
    return f"goes out again; last error: {error}"


def _place(call: Call, before: int) -> str:
    if not before:
        return "its turn is next"
    in_group = call.to_topic or (call.peer or 0) < 0
    limit = f"; a group takes {PER_MINUTE} a minute" if in_group else ""
    return f"waits its turn: {before} before it{limit}"


def _cells(one: Shown, now: datetime) -> tuple[str, ...]:
    call = one.call
    state, priority = STATES[DeliveryState(call.state)], Priority(call.priority).name.lower()
    state = "waits" if call.state == DeliveryState.PENDING else state
    age = age_in_words((now - call.created_at).total_seconds())
    return (str(call.id), age, where(call), call.method, priority, str(call.attempts), state, one.reason)


def _object(one: Shown, now: datetime) -> dict[str, Any]:
    call = one.call
    return {
        "id": call.id,
        "age_s": round((now - call.created_at).total_seconds(), 1),
        "chat_id": call.peer,
        "topic_id": call.thread,
        "customer_id": call.customer_id,
        "method": call.method,
        "priority": Priority(call.priority).name.lower(),
        "attempts": call.attempts,
        "state": call.state,
        "created_at": call.created_at.isoformat(),
        "reason": one.reason,
    }


def age_in_words(seconds: float) -> str:
    """Return an age in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
