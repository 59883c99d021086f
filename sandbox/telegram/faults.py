"""Errors ordered by a test: the next calls of a method fail in a given way."""

from dataclasses import dataclass

from sandbox.telegram.errors import ApiError, Json

EVERY_METHOD = "*"
# A long poll is always under way and would swallow a fault that is meant for what the bot does next.
_NOT_MEANT_BY_STAR = frozenset({"getUpdates"})


@dataclass(slots=True)
class Fault:
    """One ordered error; ``chat_id`` limits it to calls for that chat."""

    method: str
    times: int
    error_code: int
    description: str
    parameters: Json | None = None
    chat_id: int | None = None

    def meets(self, method: str, chat_id: object) -> bool:
        """Whether this call is one of those that shall fail."""
        named = self.method == method or (self.method == EVERY_METHOD and method not in _NOT_MEANT_BY_STAR)
        return named and (self.chat_id is None or self.chat_id == chat_id)


class Faults:
    """Ordered errors, used up in the order in which they were given."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order an error."""
        self._ordered.append(fault)

    def strike(self, method: str, chat_id: object) -> None:
        """Raise the error that is ordered for this call, if there is one.

        Raises:
            ApiError: as ordered.
        """
        for fault in self._ordered:
            if fault.meets(method, chat_id):
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                raise ApiError(fault.error_code, fault.description, fault.parameters)
