"""What the bot called, when, and what came of it: a test proves by it what the bot did and did not do."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from itertools import islice

from sandbox.telegram.errors import Json

KEPT_CALLS = 200_000


@dataclass(slots=True)
class Changes:
    """What one call changed in what people see."""

    seen: bool = False
    message_ids: list[int] = field(default_factory=list)
    """Messages that the call made, service messages included."""


@dataclass(slots=True)
class Entry:
    """One call; ``at`` is the world's clock when it arrived."""

    at: float
    method: str
    chat_id: int | None = None
    thread_id: int | None = None
    text: str | None = None
    """Text or caption as the bot gave it; of an album the first caption."""
    about: list[int] = field(default_factory=list)
    """Messages that the call names: what it edits, deletes, pins, copies or forwards."""
    from_chat_id: int | None = None
    in_pause: bool = False
    """It came before the ``retry_after`` of a 429 for its chat (without a chat: for its method) had passed."""
    ok: bool = False
    """Whether the bot was answered ``ok: true``."""
    error_code: int | None = None
    description: str | None = None
    retry_after: int | None = None
    effect: bool = False
    """Whether it changed anything that people see."""
    fault: str | None = None
    message_ids: list[int] = field(default_factory=list)
    n: int = 0

    def view(self) -> Json:
        """The call as the client API shows it."""
        return {name: getattr(self, name) for name in _SHOWN}


_SHOWN = tuple(spec.name for spec in fields(Entry))


class Journal:
    """Calls in the order in which they were decided, the last ``kept`` of them, and the pauses that 429s began."""

    def __init__(self, clock: Callable[[], float], kept: int = KEPT_CALLS) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._last = 0
        self._pauses: dict[int | str, float] = {}

    def paused(self, method: str, chat_id: int | None) -> bool:
        """Whether a call has been told to wait at this moment."""
        return self._clock() < self._pauses.get(method if chat_id is None else chat_id, 0.0)

    def record(self, entry: Entry) -> None:
        """Keep a call; a 429 begins a pause."""
        self._last += 1
        entry.n = self._last
        self._entries.append(entry)
        if entry.retry_after is not None:
            key = entry.method if entry.chat_id is None else entry.chat_id
            self._pauses[key] = max(self._pauses.get(key, 0.0), self._clock() + entry.retry_after)

    def after(self, n: int) -> list[Json]:
        """Calls later than number ``n``."""
        skipped = max(0, n + 1 - self._entries[0].n) if self._entries else 0
        return [entry.view() for entry in islice(self._entries, skipped, None)]

    def pauses(self) -> list[Json]:
        """Pauses that have not passed."""
        now = self._clock()
        return [
            {
                "chat_id": key if isinstance(key, int) else None,
                "method": key if isinstance(key, str) else None,
                "until": until,
            }
            for key, until in self._pauses.items()
            if until > now
        ]
