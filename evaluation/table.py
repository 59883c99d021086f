"""The report as a table for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from evaluation.figures import Share
from evaluation.report import Failure, Report

_NAME_WIDTH: Final = 34
_SHOWN_TEXT: Final = 300


def render(report: Report) -> str:
    """Return the report as lines of plain text."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.articles} articles, {report.chunks} chunks"
    yield f"engine {report.engine}, threshold {report.threshold:.2f}"
    yield from _figures(report)
    yield from _confusion(report.routing.confusion)
    yield from ("", f"{'Timings, ms':{_NAME_WIDTH}}{'count':>8}{'p50':>10}{'p99':>10}")
    for name, timing in report.timings_ms.items():
        yield f"  {name:{_NAME_WIDTH - 2}}{timing.count:>8}{timing.p50:>10.2f}{timing.p99:>10.2f}"
    yield from _failures("Right source not first", report.retrieval.failures)
    yield from _failures("Answers", report.answers.failures)
    yield from _failures("Routing", report.routing.failures)
    yield from _failures("Order dialogues", report.orders.failures)
    yield from _failures("Follow-ups", report.followups.failures)
    yield from ("", "Aims")
    for aim in report.aims:
        yield f"  {'met   ' if aim.met else 'MISSED'}  {aim.name}: {aim.measured}, wanted {aim.wanted}"


def _figures(report: Report) -> Iterator[str]:
    search, answers = report.retrieval, report.answers
    shares: tuple[tuple[str, Mapping[str, Share]], ...] = (
        ("Right source first", search.first),
        ("Recall@5", search.recall_at_5),
        ("Recall@10", search.recall_at_10),
        ("Recall@10 without vectors", search.recall_at_10_without_vectors),
        ("Questions answered", answers.questions_sent),
        ("Questions escalated", answers.questions_escalated),
        ("Answered from a right source", answers.sent_from_right_source),
        ("Unanswerable answered", answers.unanswerable_answered),
        ("Routing", report.routing.accuracy),
        ("Questions recognised as such", report.routing.questions_recognised),
        ("Order dialogues passed", report.orders.passed),
        ("Follow-ups: right first, alone", report.followups.right_alone),
        ("Follow-ups: right first, completed", report.followups.right_continued),
        ("Unanswerable follow-ups answered", report.followups.unanswerable_answered),
        ("Questions wrongly completed", report.followups.standing_alone_changed),
    )
    for name, figures in shares:
        yield ""
        for place, (language, share) in enumerate(figures.items()):
            yield f"{'' if place else name:{_NAME_WIDTH}}{language:>6}  {_told(share)}"
    yield ""
    yield _numbers("MRR", search.mrr)
    yield _numbers("AUROC of answerable", answers.answerable_auroc)
    yield f"{'Orders shown to a stranger':{_NAME_WIDTH}}{report.orders.shown_to_stranger:>6}"


def _told(share: Share) -> str:
    low, high = share.interval
    counted = f"{share.hits} of {share.total}"
    return f"{share.value:>6.1%}  {counted:>11}  95 %: {low:.1%}–{high:.1%}"


def _numbers(name: str, figures: Mapping[str, float | None]) -> str:
    told = ("–" if figure is None else f"{figure:.3f}" for figure in figures.values())
    return f"{name:{_NAME_WIDTH}}" + "   ".join(f"{key} {figure}" for key, figure in zip(figures, told, strict=True))


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    columns = list(next(iter(confusion.values())))
    yield from ("", f"{'Routing: right ↓ taken →':{_NAME_WIDTH}}" + "".join(f"{column:>14}" for column in columns))
    for right, row in confusion.items():
        yield f"  {right:{_NAME_WIDTH - 2}}" + "".join(f"{row[column]:>14}" for column in columns)


def _failures(title: str, failures: Sequence[Failure]) -> Iterator[str]:
    yield from ("", f"{title}: {len(failures)} to look into")
    for failure in failures:
        got = " ".join(failure.got.split())
        yield f"  {failure.id}  {failure.text}"
        yield f"      wanted {failure.wanted}; got {got[:_SHOWN_TEXT]}"
