"""The whole evaluation: the production path over a basket. A click-free entry for the command line."""

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from evaluation import baskets
from evaluation.answers import Answering, measure_answers
from evaluation.desk_stage import desk_stage
from evaluation.followups import measure_followups
from evaluation.orders import measure_orders
from evaluation.report import FollowUpsReport, OrdersReport, Report, RoutingReport
from evaluation.retrieval import measure_retrieval
from evaluation.routing import measure_routing
from evaluation.table import render
from evaluation.timings import Stopwatch
from knowledge.base import KnowledgeBase
from knowledge.current import CurrentKnowledge
from knowledge.ranking import ALL_CHANNELS
from knowledge.releases import ReleaseStore
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.settings import PACKAGE_ROOT, Settings
from workers.engines import create, create_judge

DEMO_SHOP: Final = PACKAGE_ROOT / "otvet" / "demo_shop"
MISSED_EXIT: Final = 1


def evaluate_all(settings: Settings, *, basket: Path | None = None, json_target: Path | str | None = None) -> Report:
    """Evaluate over a basket (ours by default) against the demo shop; its release is built aside and thrown away.

    ``json_target``: where the report goes as JSON; ``-`` is standard output.

    Raises:
        BasketError: the basket cannot be used.
        SourcesError, ReleaseError: the demo shop's knowledge cannot be built.
    """
    asked = baskets.load(basket or baskets.OWN_BASKET)
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        report = _evaluate(settings, asked, ReleaseStore(Path(folder)))
    if json_target is not None:
        _write(report, json_target)
    return report


def print_all(
    settings: Settings, *, basket: Path | None = None, json_target: Path | str | None = None, strict: bool = False
) -> int:
    """Evaluate, print the table and return the exit status; with ``strict`` it tells whether an aim was missed.

    With JSON on standard output the table goes to standard error.
    """
    report = evaluate_all(settings, basket=basket, json_target=json_target)
    stream = sys.stderr if str(json_target) == "-" else sys.stdout
    stream.write(render(report) + "\n")
    return exit_status(report, strict=strict)


def exit_status(report: Report, *, strict: bool) -> int:
    """Return 0: an evaluation reports. Only ``strict`` makes a missed aim an error."""
    return MISSED_EXIT if strict and not report.met else 0


def _evaluate(settings: Settings, asked: baskets.Basket, store: ReleaseStore) -> Report:
    stopwatch = Stopwatch()
    built = store.build(DEMO_SHOP / "knowledge")
    knowledge = store.open(built.release)
    blind = KnowledgeBase.load(store.root / str(built.release), channels=ALL_CHANNELS - {"vector"})
    classifier = CurrentClassifier(load_intents(settings.intents_file))
    engine = create(settings)
    path = Answering(
        knowledge=knowledge,
        engine=engine,
        threshold=settings.answer_threshold,
        deadline=timedelta(seconds=settings.answer_deadline_s),
        stopwatch=stopwatch,
        judge_model=create_judge(settings),
    )
    routing, orders, followups = asyncio.run(_through_desk(asked, classifier, store, path))
    return Report(
        articles=built.articles,
        chunks=built.chunks,
        engine=engine.name,
        threshold=settings.answer_threshold,
        retrieval=measure_retrieval(asked.questions, knowledge, blind, stopwatch),
        answers=measure_answers(asked.questions, asked.unanswerable, path),
        routing=routing,
        orders=orders,
        followups=followups,
        timings_ms=stopwatch.timings(),
    )


async def _through_desk(
    asked: baskets.Basket, classifier: CurrentClassifier, store: ReleaseStore, path: Answering
) -> tuple[RoutingReport, OrdersReport, FollowUpsReport]:
    stopwatch = path.stopwatch
    alone: list[baskets.Question | baskets.Unanswerable] = [*asked.questions, *asked.unanswerable]
    async with desk_stage(DEMO_SHOP / "orders.csv", classifier, CurrentKnowledge(store)) as stage:
        orders = await measure_orders(asked.order_dialogues, stage, stopwatch)
        routing = await measure_routing(asked.routing, asked.questions, classifier, stage, stopwatch)
        followups = await measure_followups(asked.followups, alone, stage, path)
    return routing, orders, followups


def _write(report: Report, target: Path | str) -> None:
    text = report.model_dump_json(indent=2) + "\n"
    if str(target) == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, encoding="utf-8")
