"""The whole evaluation: the production path over a basket. A click-free entry for the command line."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from evaluation import baskets
from evaluation.answers import Answering, measure_answers, summarise
from evaluation.assurance import assurance
from evaluation.baskets import Basket
from evaluation.comparison import compare, read_baseline
from evaluation.desk_stage import desk_stage
from evaluation.fixes import fixes
from evaluation.followups import measure_followups
from evaluation.orders import measure_orders
from evaluation.provenance import provenance
from evaluation.report import FollowUpsReport, OrdersReport
from evaluation.results import Measured, results
from evaluation.retrieval import measure_retrieval
from evaluation.routing import Routed, measure_routing
from evaluation.running_bot import Calibrated, Deciding
from evaluation.selective import measure_scores
from evaluation.subject import DEMO_SHOP, Subject, demo_shop
from evaluation.table import render
from evaluation.timings import Stopwatch
from evaluation.whole import Report
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.jobs import JudgeFit
from support.settings import Settings
from workers.engines import create, create_judge

__all__ = ["DEMO_SHOP", "Asking", "evaluate_all", "exit_status", "print_all"]

MISSED_EXIT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is wanted of an evaluation."""

    basket: Path | None = None
    """Ours unless given."""
    with_drafts: bool = False
    baseline: Path | None = None
    json_target: Path | str | None = None
    """Where the report goes as JSON; ``-`` is standard output."""
    command: str = "otvet eval all"
    calibrated: tuple[Calibrated, ...] = ()
    """Thresholds that decide in the running bot."""
    fit: JudgeFit | None = None
    """Weights of the judge's score in the running bot; None: the shipped ones."""
    as_default: bool = False
    """Measure at ANSWER_THRESHOLD even where one of them decides."""


def evaluate_all(settings: Settings, asking: Asking, subject: Subject | None = None) -> Report:
    """Evaluate over a basket against the subject, the demo shop unless given.

    Raises:
        BasketError: the basket cannot be used.
        BaselineError: the stored report cannot be compared with.
        SourcesError, ReleaseError: the demo shop's knowledge cannot be built.
    """
    asked = baskets.load(asking.basket or baskets.OWN_BASKET, with_drafts=asking.with_drafts)
    baseline = read_baseline(asking.baseline) if asking.baseline else None
    if subject is None:
        with demo_shop() as shop:
            report = _evaluate(settings, asking, asked, shop)
    else:
        report = _evaluate(settings, asking, asked, subject)
    if asking.baseline and baseline:
        report = report.model_copy(update={"comparison": compare(asking.baseline, baseline, report.items)})
    if asking.json_target is not None:
        _write(report, asking.json_target)
    return report


def print_all(settings: Settings, asking: Asking, subject: Subject | None = None) -> Report:
    """Evaluate and print the table; with JSON on standard output it goes to standard error."""
    report = evaluate_all(settings, asking, subject)
    stream = sys.stderr if str(asking.json_target) == "-" else sys.stdout
    stream.write(render(report) + "\n")
    return report


def exit_status(report: Report, *, strict: bool) -> int:
    """Return 1 when a figure is significantly worse than the baseline or, with ``strict``, an aim is missed; else 0."""
    regressed = report.comparison is not None and report.comparison.regressed
    return MISSED_EXIT if regressed or (strict and not report.met) else 0


def _evaluate(settings: Settings, asking: Asking, asked: Basket, subject: Subject) -> Report:
    stopwatch = Stopwatch()
    classifier = CurrentClassifier(load_intents(settings.intents_file))
    deciding = Deciding(settings.answer_threshold, () if asking.as_default else asking.calibrated)
    chunks = subject.chunks
    path = Answering(
        knowledge=subject.knowledge,
        engine=create(settings),
        deciding=deciding,
        deadline=timedelta(seconds=settings.answer_deadline_s),
        stopwatch=stopwatch,
        judge_model=create_judge(settings),
        shown=settings.shown_addresses,
        addresses=subject.current.addresses,
        fit=asking.fit,
    )
    routed, orders, followups = asyncio.run(_through_desk(asked, classifier, subject, path))
    retrieval = measure_retrieval(asked.questions, subject.knowledge, subject.blind, stopwatch)
    attempts = measure_answers(asked.questions, asked.unanswerable, path, routed.questions)
    items = results(
        Measured(
            basket=asked,
            attempts=attempts,
            ranks=retrieval.ranks,
            routed=routed,
            intent_of=lambda text: classifier.classify(text).intent,
            known=frozenset(chunk.source for chunk in chunks),
            failed={failure.id: failure.got for failure in (*orders.failures, *followups.failures)},
        )
    )
    scores = measure_scores(attempts, settings.answer_threshold)
    sure = assurance(attempts, deciding, asking.calibrated, as_default=asking.as_default)
    info = subject.store.info(subject.knowledge.release)
    return Report(
        provenance=provenance(
            settings,
            subject,
            path.generation(lambda _: None),
            asked,
            name=(asking.basket or baskets.OWN_BASKET).name,
            command=asking.command,
        ),
        articles=info.articles if info else 0,
        chunks=len(chunks),
        engine=path.engine.name,
        threshold=settings.answer_threshold,
        retrieval=retrieval,
        answers=summarise(attempts),
        scores=scores,
        assurance=sure,
        routing=routed.report,
        orders=orders,
        followups=followups,
        timings_ms=stopwatch.timings(),
        fixes=fixes(items, chunks, deciding.default, [name for name, count in sure.decided.items() if count]),
        items=items,
    )


async def _through_desk(
    asked: Basket, classifier: CurrentClassifier, subject: Subject, path: Answering
) -> tuple[Routed, OrdersReport, FollowUpsReport]:
    stopwatch = path.stopwatch
    alone: list[baskets.Question | baskets.Unanswerable] = [*asked.questions, *asked.unanswerable]
    async with desk_stage(subject.orders, classifier, subject.current) as stage:
        orders = await measure_orders(asked.order_dialogues, stage, stopwatch)
        routed = await measure_routing(asked.routing, alone, classifier, stage, stopwatch)
        followups = await measure_followups(asked.followups, alone, stage, path)
    return routed, orders, followups


def _write(report: Report, target: Path | str) -> None:
    text = report.model_dump_json(indent=2) + "\n"
    if str(target) == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, encoding="utf-8")
