"""Does every message go where it belongs?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.baskets import ROUTES, Question, RoutingMessage
from evaluation.desk_stage import DeskStage
from evaluation.figures import Share
from evaluation.report import Failure, RoutingReport, by_language
from evaluation.timings import Stopwatch
from support import outcomes
from support.escalations import EscalationReason
from support.intents.current import CurrentClassifier
from support.intents.examples import Route
from support.jobs import Language

_FIRST_CHAT: Final = 1_000
"""Chats of the order dialogues come before it."""
UNSURE: Final = "unsure"


@dataclass(frozen=True, slots=True)
class Routed:
    """The routes that the desk took."""

    report: RoutingReport
    messages: dict[str, str]
    """By the id of the routing message."""
    questions: dict[str, str]
    """By the id of the question."""


async def measure_routing(
    messages: Sequence[RoutingMessage],
    questions: Sequence[Question],
    classifier: CurrentClassifier,
    stage: DeskStage,
    stopwatch: Stopwatch,
) -> Routed:
    """Let the desk decide about every message, and every question, each by a customer of its own."""

    async def route(language: Language, text: str, chat_id: int) -> str:
        with stopwatch.stage("classify"):
            classifier.classify(text)
        with stopwatch.stage("desk"):
            return route_of(await stage.hear(chat_id, language, text))

    taken = [
        await route(message.language, message.text, _FIRST_CHAT + number) for number, message in enumerate(messages)
    ]
    start = _FIRST_CHAT + len(messages)
    asked = [
        await route(question.language, question.question, start + number) for number, question in enumerate(questions)
    ]
    languages = [question.language for question in questions]
    return Routed(
        compare_routes(messages, taken, list(zip(languages, asked, strict=True))),
        {message.id: one for message, one in zip(messages, taken, strict=True)},
        {question.id: one for question, one in zip(questions, asked, strict=True)},
    )


def route_of(outcome: outcomes.Outcome | None) -> str:  # noqa: PLR0911  # one a route
    """Return the route that the desk's decision amounts to: what happens next, not what the classifier thought."""
    match outcome:
        case outcomes.Escalated(reason=EscalationReason.CUSTOMER_ASKED):
            return Route.OPERATOR
        case outcomes.Escalated(reason=EscalationReason.COMPLAINT | EscalationReason.RISKY):
            return Route.COMPLAINT
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
