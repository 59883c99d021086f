"""The basket: what customers may write, and what would be right.

A basket is one JSON Lines file, or a folder of them: ``questions.jsonl`` and, where they are to be measured,
``unanswerable.jsonl``, ``routing.jsonl``, ``order_dialogues.jsonl`` and ``followups.jsonl``. ``evaluation/basket`` is
ours, a company keeps its own. Reading: ``evaluation/baskets.py``.
"""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from support.jobs import Language
from support.masking import mask

OWN_BASKET = Path(__file__).resolve().parent / "basket"

Route = Literal["question", "order_status", "operator", "complaint", "greeting", "out_of_scope"]
Outcome = Literal["found", "refused", "locked", "ask_number", "ask_proof"]
Origin = Literal["", "knowledge", "conversation"]
ROUTES: tuple[str, ...] = get_args(Route)

Text = Annotated[str, Field(min_length=1)]
Fact = Text | Annotated[tuple[Text, ...], Field(min_length=1)]
"""What must stand in an answer; of several alternatives one."""


class BasketError(Exception):
    """A basket cannot be used; a sentence for each mistake names the file, the line and what to do."""


class Item(BaseModel):
    """What every item has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Text
    language: Language
    draft: bool = False
    """Made by ``otvet eval draft`` and not yet looked at by a person: not measured."""
    origin: Origin = ""
    """``conversation``: customers' words, masked wherever they are shown."""
    note: str = ""
    """For the people who edit the basket; never measured."""

    def shown(self, text: str) -> str:
        """Return a text of this item as a report may show it: real customers' words masked."""
        return mask(text) if self.origin == "conversation" else text


class Question(Item):
    """A question that the knowledge base answers."""

    question: Text
    sources: tuple[Text, ...] = ()
    """Every document that truly answers it, as paths below the sources' folder."""
    facts: tuple[Fact, ...] = ()
    """Short texts that a right answer holds, every one."""
    forbidden: tuple[Text, ...] = ()
    """Short texts that a right answer does not hold."""

    @model_validator(mode="after")
    def _says_what_is_right(self) -> Self:
        if not (self.draft or self.sources or self.facts or self.forbidden):
            raise ValueError('say what would be right: "sources" (articles) or "facts" (short texts of the answer)')
        return self


class Unanswerable(Item):
    """A question that no document answers."""

    question: Text


class RoutingMessage(Item):
    """A message with the intent that is right for it."""

    text: Text
    route: Route


class Asked(Item):
    """A line of a company's own basket: a question with whatever its author knows about the right answer."""

    question: Text
    sources: tuple[Text, ...] = ()
    facts: tuple[Fact, ...] = ()
    forbidden: tuple[Text, ...] = ()
    route: Route | None = None
    answerable: bool = True
    """False: no article answers it, and a person must."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        expects = bool(self.sources or self.facts or self.forbidden)
        if expects and not self.answerable:
            raise ValueError('"answerable" is false, so take out "sources", "facts" and "forbidden"')
        if expects and self.route not in {None, "question"}:
            raise ValueError(f"a message for {self.route} is not answered from articles: take out what it expects")
        return self

    def items(self) -> "tuple[Question | Unanswerable | RoutingMessage, ...]":
        """Return what is measured: an answer, a refusal, a route; a question with a route is two of them."""
        own = self.model_dump(include=set(Item.model_fields))
        routed = () if self.route is None else (RoutingMessage(**own, text=self.question, route=self.route),)
        if not self.answerable:
            return (Unanswerable(**own, question=self.question), *routed)
        if self.route not in {None, "question"} or (self.route and not (self.sources or self.facts or self.forbidden)):
            return routed
        expected = self.model_dump(include={"question", "sources", "facts", "forbidden"})
        return (Question(**own, **expected), *routed)


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


class OrderDialogue(Item):
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


class FollowUp(Item):
    """Two turns; the second means little without the first."""

    first: Text
    """A question that the knowledge base answers."""
    then: Text
    sources: tuple[Text, ...]
    """Every document that answers the second turn as it is meant; none when no document does."""


class Basket(BaseModel):
    """Everything that one evaluation asks."""

    model_config = ConfigDict(frozen=True)

    questions: tuple[Question, ...] = ()
    unanswerable: tuple[Unanswerable, ...] = ()
    routing: tuple[RoutingMessage, ...] = ()
    order_dialogues: tuple[OrderDialogue, ...] = ()
    followups: tuple[FollowUp, ...] = ()
    left_out: int = 0
    """Items still marked as drafts."""
    digest: str = ""
    """sha256 over the files' bytes."""
