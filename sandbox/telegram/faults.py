"""Faults ordered by a test: what becomes of the next calls of a method, before their effect or after it.

error, error_after      the ordered refusal is answered; after the effect it is a 502 that hides a success
reset, reset_after      the connection is torn down without an answer
hang, hang_after        silence for ``hang_s`` seconds, then the connection is torn down
slow                    takes effect at once, answers properly after ``hang_s`` seconds
garbage, garbage_after  200 with an HTML page where JSON was expected
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Literal

from sandbox.telegram.errors import ActionError, ApiError, Json

Kind = Literal[
    "error", "error_after", "reset", "reset_after", "hang", "hang_after", "slow", "garbage", "garbage_after"
]  # fmt: skip
EVERY_METHOD = "*"
HANG_S = 30.0
TOO_MANY = 429
# A long poll is always under way and would swallow a fault that is meant for what the bot does next.
_NOT_MEANT_BY_STAR = frozenset({"getUpdates"})
_WITHOUT_EFFECT = frozenset({"error", "reset", "hang", "garbage"})
_WITH_ERROR = frozenset({"error", "error_after"})
_DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(slots=True)
class Fault:
    """One order; ``chat_id`` limits it to calls for that chat, ``times=None`` lets it stand until it is cleared."""

    method: str | Sequence[str]
    kind: Kind = "error"
    times: int | None = 1
    probability: float = 1.0
    """0..1: how often a call that is meant is struck; one that is spared does not use the order up."""
    error_code: int | None = None
    description: str | None = None
    parameters: Json | None = None
    retry_after: int | None = None
    chat_id: int | None = None
    hang_s: float = HANG_S
    html: bool = False
    """The error comes as a proxy's page instead of JSON."""

    def __post_init__(self) -> None:
        """Fill in what Telegram would say.

        Raises:
            ActionError: an error without a code.
        """
        if self.error_code is None and self.retry_after is not None:
            self.error_code = TOO_MANY
        if self.kind not in _WITH_ERROR:
            return
        if self.error_code is None:
            raise ActionError("error_code: say which error, or give retry_after for a 429")
        if self.error_code == TOO_MANY and self.parameters is None and (self.retry_after or self.description is None):
            self.retry_after = self.retry_after or 1
            self.parameters = {"retry_after": self.retry_after}
        if self.description is None:
            seconds = (self.parameters or {}).get("retry_after")
            flood = f"Too Many Requests: retry after {seconds}"
            self.description = flood if self.error_code == TOO_MANY else _DESCRIPTIONS.get(self.error_code, "Error")

    @property
    def takes_effect(self) -> bool:
        """Whether the call does what it should before things go wrong."""
        return self.kind not in _WITHOUT_EFFECT

    @property
    def refusal(self) -> ApiError | None:
        """The error that is answered; None for the kinds that answer something else, or nothing."""
        if self.kind not in _WITH_ERROR or self.error_code is None:
            return None
        return ApiError(self.error_code, self.description or "", self.parameters)

    def meets(self, method: str, chat_id: int | None) -> bool:
        """Whether this call is one of those that are meant."""
        if self.method == EVERY_METHOD:
            named = method not in _NOT_MEANT_BY_STAR
        else:
            named = method == self.method if isinstance(self.method, str) else method in self.method
        return named and (self.chat_id is None or self.chat_id == chat_id)

    def view(self) -> Json:
        """The order as the client API shows it."""
        return {name: value for name, value in asdict(self).items() if value is not None or name == "times"}


class Faults:
    """Standing orders, used up in the order in which they were given."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ordered: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Take all orders back."""
        self._ordered.clear()

    def ordered(self) -> list[Fault]:
        """What is still to come."""
        return list(self._ordered)

    def strike(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that meets this call, if one does; it is used up by that."""
        for fault in self._ordered:
            if not fault.meets(method, chat_id) or self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
            return fault
        return None
