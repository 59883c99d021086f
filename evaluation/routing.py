"""Does every message go where it belongs?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.baskets import ROUTES, Question, RoutingMessage, Unanswerable
from evaluation.desk_stage import DeskStage
from evaluation.figures import Share
from evaluation.report import Failure, RoutingReport, by_language
from evaluation.timings import Stopwatch
from support import outcomes
from support.escalations import EscalationReason
from support.intents.current import CurrentClassifier
from support.intents.examples import Intent, Route
from support.jobs import Language

_FIRST_CHAT: Final = 1_000
"""Chats of the order dialogues come before it."""
UNSURE: Final = "unsure"


@dataclass(frozen=True, slots=True)
class Way:
    """What the desk decided about a question."""

    route: str
    searches: bool
    """The articles are searched for an answer."""
    offers_search: bool = False
    """The customer is asked back, and one of the buttons leads to the articles."""


@dataclass(frozen=True, slots=True)
class Routed:
    """The routes that the desk took."""

    report: RoutingReport
    messages: dict[str, str]
    """By the id of the routing message."""
    questions: dict[str, Way]
    """By the id of the question, those without an answer included."""


async def measure_routing(
    messages: Sequence[RoutingMessage],
    questions: Sequence[Question | Unanswerable],
    classifier: CurrentClassifier,
    stage: DeskStage,
    stopwatch: Stopwatch,
) -> Routed:
    """Let the desk decide about every message, and every question, each by a customer of its own."""

    async def decide(language: Language, text: str, chat_id: int) -> outcomes.Outcome | None:
        with stopwatch.stage("classify"):
            classifier.classify(text)
        with stopwatch.stage("desk"):
            return await stage.hear(chat_id, language, text)

    taken = [
        route_of(await decide(message.language, message.text, _FIRST_CHAT + number))
        for number, message in enumerate(messages)
    ]
    start = _FIRST_CHAT + len(messages)
    ways = {
        question.id: way_of(await decide(question.language, question.question, start + number), stage.desk.intents)
        for number, question in enumerate(questions)
    }
    asked = [(one.language, ways[one.id].route) for one in questions if isinstance(one, Question)]
    routes = {message.id: one for message, one in zip(messages, taken, strict=True)}
    return Routed(compare_routes(messages, taken, asked), routes, ways)


def way_of(outcome: outcomes.Outcome | None, intents: Mapping[str, Intent]) -> Way:
    """Return what a decision of the desk means for a question."""
    match outcome:
        case outcomes.Clarify(options=options):
            offered = any(intents[name].route is Route.QUESTION for name, _ in options)
            return Way(UNSURE, searches=False, offers_search=offered)
        case outcomes.Escalated(reason=EscalationReason.NO_ANSWER | EscalationReason.NO_KNOWLEDGE):
            return Way(Route.QUESTION, searches=True)
    return Way(route_of(outcome), searches=isinstance(outcome, outcomes.Generating))


def route_of(outcome: outcomes.Outcome | None) -> str:  # noqa: PLR0911  # one a route
    """Return the route that the desk's decision amounts to: what happens next, not what the classifier thought."""
    match outcome:
        case outcomes.Escalated(reason=EscalationReason.CUSTOMER_ASKED):
            return Route.OPERATOR
        case outcomes.Escalated(reason=EscalationReason.COMPLAINT | EscalationReason.RISKY):
            return Route.COMPLAINT
        case outcomes.Escalated(reason=EscalationReason.UNCLEAR):
            return UNSURE
        case outcomes.Escalated() | outcomes.Generating():
            return Route.QUESTION
        case outcomes.Greeted():
            return Route.GREETING
        case outcomes.OutOfScope():
            return Route.OUT_OF_SCOPE
        case outcomes.Clarify() | outcomes.Ignored() | outcomes.MediaNotUnderstood() | outcomes.Answered() | None:
            return UNSURE
        case _:
            return Route.ORDER_STATUS


def compare_routes(
    messages: Sequence[RoutingMessage], taken: Sequence[str], asked: Sequence[tuple[str, str]]
) -> RoutingReport:
    """Hold the routes taken against the right ones; ``asked``: language and route of each question."""
    pairs = list(zip(messages, taken, strict=True))
    counts: Counter[tuple[str, str]] = Counter((message.route, route) for message, route in pairs)
    return RoutingReport(
        accuracy=by_language(((message.language, message.route == route) for message, route in pairs), Share.of),
        questions_recognised=by_language(((language, route == "question") for language, route in asked), Share.of),
        unsure=sum(route == UNSURE for route in taken),
        confusion={right: {route: counts[right, route] for route in (*ROUTES, UNSURE)} for right in ROUTES},
        failures=tuple(
            Failure(
                id=message.id,
                language=message.language,
                text=message.shown(message.text),
                wanted=message.route,
                got=route,
            )
            for message, route in pairs
            if message.route != route
        ),
    )
