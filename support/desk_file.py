"""The desk file: opening hours, how soon operators answer, who gets a conversation, when a person is called. TOML."""

import tomllib
from datetime import date, time
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

BUNDLED_FILE: Final = Path(__file__).with_name("desk.toml")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DeskFileError(Exception):
    """The desk file cannot be used; the message names the place and says what to do, one problem a line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone; it looks like Europe/Moscow") from None
    return name


class Opening(_Part):
    """From one time of day until another; one that ends at or before its beginning ends on the next day."""

    begins: time
    ends: time


class Hours(_Part):
    """When operators work. Without any day the desk is always open."""

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], tuple[Opening, ...]] = {}
    closed_on: tuple[date, ...] = ()
    """Holidays."""


class Sla(_Part):
    """How soon operators answer, in minutes of opening hours."""

    first_reply_min: int = Field(default=10, ge=1)
    next_reply_min: int = Field(default=20, ge=1)
    remind_all_after_min: int = Field(default=10, ge=1)
    """So long after the assignee was reminded, everybody is."""


class Assignment(_Part):
    """Who gets a new conversation."""

    way: Literal["none", "round_robin", "least_busy"] = "none"
    most_each: int = Field(default=20, ge=1)
    """Nobody gets more open conversations than this by himself."""
    show_names: bool = True
    """Whether the customer sees who answers."""


class Closing(_Part):
    """When a conversation closes by itself, in hours of the customer's silence after an operator's words; 0: never."""

    warn_after_h: float = Field(default=20, ge=0)
    close_after_warning_h: float = Field(default=4, gt=0)
    reopen_min: int = Field(default=10, ge=0)
    """So long after an operator has closed, what the customer writes goes to him again, thanks left out; 0: never."""
    ask_rating: bool = True
    reasons_ru: tuple[str, ...] = ()
    reasons_en: tuple[str, ...] = ()
    """Offered on the card of a conversation that was closed without one."""

    def reasons(self, language: str) -> tuple[str, ...]:
        """Return the reasons that operators choose from, in their language."""
        return self.reasons_ru if language == "ru" else self.reasons_en


class Retention(_Part):
    """After how many days what is kept about customers goes; 0: never."""

    messages_days: int = Field(default=365, ge=0)
    """Words of closed conversations, drafts and answers."""
    updates_days: int = Field(default=7, ge=0)
    """Raw updates and finished calls to Telegram."""


class Subject(_Part):
    """What a group is for: /transfer billing moves a conversation there."""

    group: int
    """One of OPERATORS_CHAT_ID."""
    label_ru: str
    label_en: str


class Rule(_Part):
    """Calls a person when everything that it names holds; the names of its conditions are explained in desk.toml."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = ()
    """Any of these, in any form of the word."""
    intents: tuple[str, ...] = ()
    anger: bool | None = None
    repeated_question: int | None = Field(default=None, ge=2)
    """The same question so many times within an hour."""
    repeated_abuse: int | None = Field(default=None, ge=1)
    """So many messages with abuse within an hour."""
    amount_over: float | None = Field(default=None, gt=0)
    """A sum of money in the message above this."""
    out_of_hours: bool | None = None
    urgent: bool = False
    subject: str | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> "Rule":
        repeated = (self.repeated_question, self.repeated_abuse)
        conditions = (self.words, self.intents, self.anger, *repeated, self.amount_over)
        if not any(conditions) and self.out_of_hours is None:
            raise ValueError(
                "has no condition: give words, intents, anger, repeated_question, repeated_abuse, amount_over or …"
            )
        return self


class DeskFile(_Part):
    """The whole file; every part may be left out."""

    hours: Hours = Hours()
    sla: Sla = Sla()
    assignment: Assignment = Assignment()
    closing: Closing = Closing()
    retention: Retention = Retention()
    subjects: dict[Annotated[str, Field(max_length=32)], Subject] = {}
    rule: tuple[Rule, ...] = ()


def load(path: Path | None = None) -> DeskFile:
    """Read and check the desk file; the bundled one unless the company has its own (DESK_FILE).

    Raises:
        DeskFileError: the file is missing or malformed.
    """
    file = path or BUNDLED_FILE
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DeskFileError(
            f"{file.name}: cannot be read ({error.strerror or 'no access'}). Check DESK_FILE."
        ) from error
    except UnicodeDecodeError as error:
        raise DeskFileError(f"{file.name}: is not UTF-8 text. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise DeskFileError(f"{file.name}: is not valid TOML: {error}.") from error
    try:
        return DeskFile.model_validate(content)
    except ValidationError as error:
        lines = [f"{file.name}: {_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        raise DeskFileError("\n".join(lines)) from None


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in parts)
