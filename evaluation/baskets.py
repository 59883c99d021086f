"""The basket: what customers may write, and what would be right. Loading and validation.

A basket is a folder of JSON Lines files: ``questions.jsonl``, ``unanswerable.jsonl``, ``routing.jsonl`` and, where
dialogues are to be measured, ``order_dialogues.jsonl`` and ``followups.jsonl``; ``evaluation/basket`` is ours, a shop
may keep its own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from support.jobs import Language

OWN_BASKET = Path(__file__).resolve().parent / "basket"

Route = Literal["question", "order_status", "operator", "complaint", "greeting", "out_of_scope"]
Outcome = Literal["found", "refused", "locked", "ask_number", "ask_proof"]
ROUTES: tuple[str, ...] = get_args(Route)

Text = Annotated[str, Field(min_length=1)]


class BasketError(Exception):
    """A basket cannot be used; the message names the file, the line and what is wrong with it."""


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Text
    language: Language


class Question(_Item):
    """A question that the knowledge base answers."""

    question: Text
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Every document that truly answers it, as paths below the sources' folder."""


class Unanswerable(_Item):
    """A question that no document answers."""

    question: Text


class RoutingMessage(_Item):
    """A message with the intent that is right for it."""

    text: Text
    route: Route


class Customer(BaseModel):
    """Who writes in an order dialogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone: Text | None
    """What sharing one's own contact reveals; None for a customer who never shares it."""


class Step(BaseModel):
    """One thing that the customer does: writes, or shares a contact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: Text | None = None
    contact: Literal["own", "stranger"] | None = None
    phone: Text | None = None
    """The number in a stranger's contact card."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.say is None) == (self.contact is None):
            raise ValueError('a step needs either "say" or "contact"')
        if (self.contact == "stranger") != (self.phone is not None):
            raise ValueError('"phone" belongs to {"contact": "stranger"}, and is needed there')
        return self


class OrderDialogue(_Item):
    """A conversation about an order, with how it must end."""

    customer: Customer
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    expect: Outcome
    order: Text | None
    """The order whose data must be shown; None when none may be."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.expect == "found") != (self.order is not None):
            raise ValueError('"order" names what is shown when "found" is expected, and is null otherwise')
        if self.customer.phone is None and any(step.contact == "own" for step in self.steps):
            raise ValueError("a customer who shares their own contact needs a phone")
        return self


class FollowUp(_Item):
    """Two turns; the second means little without the first."""

    first: Text
    """A question that the knowledge base answers."""
    then: Text
    sources: tuple[Text, ...]
    """Every document that answers the second turn as it is meant; none when no document does."""


class Basket(BaseModel):
    """Everything that one evaluation asks."""

    model_config = ConfigDict(frozen=True)

    questions: tuple[Question, ...]
    unanswerable: tuple[Unanswerable, ...]
    routing: tuple[RoutingMessage, ...]
    order_dialogues: tuple[OrderDialogue, ...]
    followups: tuple[FollowUp, ...] = ()


ItemT = TypeVar("ItemT", bound=_Item)


def load(folder: Path = OWN_BASKET) -> Basket:
    """Read and validate a basket.

    Raises:
        BasketError: a file is missing or empty, a line is malformed, or an id occurs twice.
    """
    dialogues, followups = folder / "order_dialogues.jsonl", folder / "followups.jsonl"
    basket = Basket(
        questions=load_items(folder / "questions.jsonl", Question),
        unanswerable=load_items(folder / "unanswerable.jsonl", Unanswerable),
        routing=load_items(folder / "routing.jsonl", RoutingMessage),
        # The rules for orders are deterministic: a basket that measures wording only needs none.
        order_dialogues=load_items(dialogues, OrderDialogue) if dialogues.exists() else (),
        followups=load_items(followups, FollowUp) if followups.exists() else (),
    )
    seen: set[str] = set()
    for item in (
        *(*basket.questions, *basket.unanswerable, *basket.routing),
        *(*basket.order_dialogues, *basket.followups),
    ):
        if item.id in seen:
            raise BasketError(f"{folder}: the id {item.id!r} occurs twice; every item needs its own")
        seen.add(item.id)
    return basket


def load_items(path: Path, kind: type[ItemT]) -> tuple[ItemT, ...]:
    """Read one file of a basket.

    Raises:
        BasketError: it is missing or empty, or a line is malformed.
    """
    items = tuple(_parse(path, number, line, kind) for number, line in _lines(path))
    if not items:
        raise BasketError(f"{path}: holds no items")
    return items


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BasketError(f"{path}: no such file; a basket needs it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BasketError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _parse(path: Path, number: int, line: str, kind: type[ItemT]) -> ItemT:
    try:
        return kind.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise BasketError(f"{path}, line {number}: not JSON: {error.msg} at character {error.pos}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'item'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise BasketError(f"{path}, line {number}: {problems}") from error
