"""What a language model is asked to read out of a message, and what is known about it before the bot decides.

A reading only helps to route and to search: see ADR 0019. Imports neither SQLAlchemy nor aiogram.
"""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from support.jobs import Exchange, Language


class Wanted(StrEnum):
    """What may be read out of a message."""

    INTENT = "intent"
    ORDER_NUMBER = "order_number"
    CONTACT = "contact"
    QUESTION = "question"


class _Value(BaseModel):
    # Errors are logged, and the input is customers' words.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Choice(_Value):
    """An intent that may be chosen."""

    name: str
    meaning: str
    """Its label and an example, in the customer's language."""


class ReadingRequest(_Value):
    """One message for a worker to read. Travels through Redis as JSON."""

    id: str
    """Names the job and the reply."""
    text: str
    history: tuple[Exchange, ...] = ()
    choices: tuple[Choice, ...] = ()
    wanted: tuple[Wanted, ...]
    language: Language
    deadline: float
    """Unix time, seconds: after it the bot has gone on without."""


class Reading(_Value):
    """What a model read; None where it was not asked, or found nothing."""

    intent: str | None = None
    order_number: str | None = None
    contact: str | None = None
    question: str | None = None
    """The follow-up as a question that stands alone."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who would write an answer now; another one would write another answer."""

    engine: str
    model: str
    prompt_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was found out about a turn before the transaction in which it is decided."""

    writers: frozenset[Writer] = frozenset()
    reading: Reading | None = None
    epoch: int = 0
    """The turn's, when it was read."""
    text: str = ""

    def of(self, epoch: int, text: str) -> "Understood":
        """Return what holds for a turn as it is now: a reading of other words says nothing about it."""
        return self if (epoch, text) == (self.epoch, self.text) else Understood(writers=self.writers)
