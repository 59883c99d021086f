"""What became of every item, and which stage is to blame when it went wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from evaluation.answers import Attempt
from evaluation.baskets import Basket, Item, Question, Unanswerable
from evaluation.routing import Routed


class Kind(StrEnum):
    """What an item measures."""

    QUESTION = "question"
    UNANSWERABLE = "unanswerable"
    ROUTING = "routing"
    ORDERS = "order_dialogue"
    FOLLOW_UP = "follow_up"


class Stage(StrEnum):
    """Where an item failed: what would have to be different for it to go well."""

    ARTICLE = "article"
    """None of the expected articles is in the knowledge base."""
    SEARCH = "search"
    """The right article was not among the passages."""
    NO_ANSWER = "no_answer"
    """It was, and the no-answer model refused, or let a question without an answer pass."""
    ENGINE = "engine"
    """The engine had it and wrote from another one, without what was expected, or nothing."""
    CHECK = "check"
    """A right draft failed a deterministic check."""
    RISK = "risk"
    """A right draft was kept back because the message demands a decision."""
    JUDGE_STRICT = "judge_strict"
    """A right draft stayed below the threshold."""
    JUDGE_LAX = "judge_lax"
    """A wrong draft reached it, and was sent."""
    ROUTE = "route"
    """The message was taken for something else."""
    ORDERS = "orders"
    FOLLOW_UP = "follow_up"


class Result(BaseModel):
    """One item; what an item of its kind has no use for is None or empty."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    language: str
    text: str
    """Masked where it comes from a real conversation."""
    intent: str = ""
    """What the classifier takes it for."""
    sources: tuple[str, ...] = ()
    """The expected articles."""
    rank: int | None = None
    """1-based place of the first of them among ten; None: not among them."""
    answerable: float | None = None
    """The no-answer model's probability, 0..1."""
    score: float | None = None
    """The judge's, 0..1; None: nothing was written."""
    answer: str = ""
    """The draft, sent or not."""
    cited: tuple[str, ...] = ()
    wanted: str = ""
    """Of a dialogue: how it must end."""
    expects_facts: bool = False
    """Whether the answer is held against facts, not only against sources."""
    missing: tuple[str, ...] = ()
    """Expected facts that the draft lacks."""
    forbidden: tuple[str, ...] = ()
    sent: bool | None = None
    right: bool | None = None
    """Of a question: whether the draft is right, sent or not. Otherwise: whether the item went as it should."""
    route: str = ""
    """Taken by the desk."""
    wanted_route: str = ""
    stage: Stage | None = None
    """None: the item went well."""
    cause: Stage | None = None
    """Behind a wrong answer that was sent: the stage that made it wrong. Of a question that was taken for something
    else: the stage that would have lost it all the same."""
    detail: str = ""

    @property
    def key(self) -> tuple[Kind, str]:
        """What tells items apart: a question with a route is two of them."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the measurements found."""

    basket: Basket
    attempts: Sequence[Attempt]
    ranks: dict[str, int | None]
    """By the question's id."""
    routed: Routed
    intent_of: Callable[[str], str]
    known: frozenset[str]
    """The articles that the knowledge base holds."""
    failed: dict[str, str]
    """By a dialogue's id: how it ended instead."""


def results(measured: Measured) -> tuple[Result, ...]:
    """Put together what became of every item."""
    return (
        *(_answered(one, measured) for one in measured.attempts),
        *_routed(measured),
        *_dialogues(measured.basket, measured.failed),
    )


def _answered(one: Attempt, measured: Measured) -> Result:
    item = one.item
    stage = blamed(one, measured.known)
    return Result(
        id=item.id,
        kind=Kind.QUESTION if isinstance(item, Question) else Kind.UNANSWERABLE,
        language=item.language,
        text=item.shown(item.question),
        intent=measured.intent_of(item.question),
        sources=item.sources if isinstance(item, Question) else (),
        rank=measured.ranks.get(item.id),
        answerable=round(one.answerable, 4),
        score=None if one.score is None else round(one.score, 4),
        answer=item.shown(one.draft.text) if one.draft else "",
        cited=tuple(dict.fromkeys(one.sources)),
        expects_facts=isinstance(item, Question) and bool(item.facts or item.forbidden),
        missing=one.missing,
        forbidden=one.forbidden,
        sent=one.sent,
        right=one.right,
        route=measured.routed.questions[item.id].route,
        stage=stage,
        cause=_behind(one, stage, measured.known),
        detail="" if one.sent else one.reason,
    )


def blamed(one: Attempt, known: frozenset[str]) -> Stage | None:
    """Return the stage without whose failure the customer would have got what is right; None when he gets it."""
    if isinstance(one.item, Unanswerable):
        return Stage.JUDGE_LAX if one.sent else None
    if one.otherwise is not None:
        return Stage.ROUTE
    if one.sent:
        return None if one.right else Stage.JUDGE_LAX
    if not one.right or not one.passed:
        return _cause(one, known)
    if one.risky:
        return Stage.RISK
    return Stage.CHECK if one.draft and one.draft.verdict.failed else Stage.JUDGE_STRICT


def _behind(one: Attempt, stage: Stage | None, known: frozenset[str]) -> Stage | None:
    if stage is Stage.ROUTE and one.otherwise is not None:
        lost = blamed(one.otherwise, known)
        return _cause(one.otherwise, known) if lost is Stage.JUDGE_LAX else lost
    return _cause(one, known) if stage is Stage.JUDGE_LAX else None


def _cause(one: Attempt, known: frozenset[str]) -> Stage:
    """Return the first stage that lost the right answer."""
    if isinstance(one.item, Unanswerable):
        return Stage.NO_ANSWER
    sources = one.item.sources
    if sources and not known.intersection(sources):
        return Stage.ARTICLE
    if sources and not set(sources).intersection(one.found):
        return Stage.SEARCH
    return Stage.ENGINE if one.passed else Stage.NO_ANSWER


def _routed(measured: Measured) -> Iterator[Result]:
    for message in measured.basket.routing:
        taken = measured.routed.messages[message.id]
        yield Result(
            id=message.id,
            kind=Kind.ROUTING,
            language=message.language,
            text=message.shown(message.text),
            intent=measured.intent_of(message.text),
            route=taken,
            wanted_route=message.route,
            right=taken == message.route,
            stage=None if taken == message.route else Stage.ROUTE,
        )


def _dialogues(basket: Basket, failed: dict[str, str]) -> Iterator[Result]:
    played: list[tuple[Kind, Stage, Item, str, str]] = [
        (
            Kind.ORDERS,
            Stage.ORDERS,
            one,
            " / ".join(step.say or f"({step.contact} contact)" for step in one.steps),
            f"{one.expect} {one.order or ''}".strip(),
        )
        for one in basket.order_dialogues
    ]
    played += [
        (Kind.FOLLOW_UP, Stage.FOLLOW_UP, one, f"{one.first} / {one.then}", ", ".join(one.sources))
        for one in basket.followups
    ]
    for kind, stage, item, text, wanted in played:
        yield Result(
            id=item.id,
            kind=kind,
            language=item.language,
            text=item.shown(text),
            wanted=wanted,
            right=item.id not in failed,
            stage=stage if item.id in failed else None,
            detail=failed.get(item.id, ""),
        )
