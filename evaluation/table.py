"""The report as a table for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from evaluation.comparison import Comparison
from evaluation.figures import Share
from evaluation.report import TOTAL, Failure
from evaluation.whole import Report

_NAME_WIDTH: Final = 34
_SHOWN_TEXT: Final = 300
_MOST_FIXES: Final = 12


def render(report: Report) -> str:
    """Return the report as lines of plain text."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    hidden = report.provenance.hidden
    out = f"; {hidden} called wrong and left out" if hidden else ""
    yield f"{report.articles} articles, {report.chunks} chunks{out}"
    yield from _thresholds(report)
    if report.provenance.drafts_left_out:
        yield f'{report.provenance.drafts_left_out} drafts left out: edit them and take out "draft"'
    yield from _figures(report)
    yield from _confusion(report.routing.confusion)
    yield from ("", f"{'Timings, ms':{_NAME_WIDTH}}{'count':>8}{'p50':>10}{'p95':>10}{'p99':>10}")
    for name, timing in report.timings_ms.items():
        yield f"  {name:{_NAME_WIDTH - 2}}{timing.count:>8}{timing.p50:>10.2f}{timing.p95:>10.2f}{timing.p99:>10.2f}"
    yield from _failures("Right source not first", report.retrieval.failures)
    yield from _failures("Answers", report.answers.failures)
    yield from _failures("Routing", report.routing.failures)
    yield from _failures("Order dialogues", report.orders.failures)
    yield from _failures("Follow-ups", report.followups.failures)
    if report.comparison is not None:
        yield from _compared(report.comparison)
    yield from _to_fix(report)
    yield from ("", "Aims")
    for aim in report.aims:
        yield f"  {'met   ' if aim.met else 'MISSED'}  {aim.name}: {aim.measured}, wanted {aim.wanted}"


def _thresholds(report: Report) -> Iterator[str]:
    sure = report.assurance
    told = [f"{language} {value:.2f}" for language, value in sure.thresholds.items()]
    shown = f"{sure.at:.2f}" if sure.at is not None else ", ".join(told)
    yield f"engine {report.engine}, threshold {shown}"
    for one in sure.calibrated:
        if sure.decided.get(one.language):
            yield f"  {one.language}: {one.threshold:.2f} is calibrated ({one.wrong} of {one.answers} wrong)"
        elif sure.as_default:
            yield f"  {one.language}: {one.threshold:.2f} is calibrated and decides in the bot; left out here, as asked"
        else:
            yield f"  {one.language}: {one.threshold:.2f} is calibrated for {one.version}; nothing here is of it"


def _figures(report: Report) -> Iterator[str]:
    search, answers = report.retrieval, report.answers
    shares: tuple[tuple[str, Mapping[str, Share]], ...] = (
        ("Right source first", search.first),
        ("Recall@5", search.recall_at_5),
        ("Recall@10", search.recall_at_10),
        ("Recall@10 without vectors", search.recall_at_10_without_vectors),
        ("Questions answered", answers.questions_sent),
        ("Questions not answered", answers.questions_not_answered),
        ("Answered from a right source", answers.sent_from_right_source),
        ("Right, of all that was sent", answers.sent_right),
        ("Questions answered rightly", answers.answered_right),
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
        if not figures[TOTAL].total:
            continue
        yield ""
        for place, (language, share) in enumerate(figures.items()):
            yield f"{'' if place else name:{_NAME_WIDTH}}{language:>6}  {_told(share)}"
    yield ""
    yield _numbers("MRR", search.mrr, search.mrr_interval)
    yield _numbers("AUROC of answerable", answers.answerable_auroc, answers.answerable_auroc_interval)
    for name, figure in (
        ("AUROC of the score", report.scores.auroc),
        ("Calibration error of the score", report.scores.calibration_error),
        ("Brier score", report.scores.brier),
    ):
        if figure is not None:
            yield f"{name:{_NAME_WIDTH}} total {figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"
    yield f"{'Orders shown to a stranger':{_NAME_WIDTH}}{report.orders.shown_to_stranger:>6}"


def _told(share: Share) -> str:
    low, high = share.interval
    counted = f"{share.hits} of {share.total}"
    return f"{share.value:>6.1%}  {counted:>11}  95 %: {low:.1%}–{high:.1%}"


def _numbers(
    name: str, figures: Mapping[str, float | None], intervals: Mapping[str, tuple[float, float] | None]
) -> str:
    told = []
    for language, figure in figures.items():
        between = intervals[language]
        told.append(f"{language} –" if figure is None else f"{language} {figure:.3f}")
        if between is not None:
            told[-1] += f" ({between[0]:.3f}–{between[1]:.3f})"
    return f"{name:{_NAME_WIDTH}}" + "   ".join(told)


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


def _to_fix(report: Report) -> Iterator[str]:
    yield from ("", "What to fix first")
    for fix in report.fixes[:_MOST_FIXES]:
        words = f" [{', '.join(fix.words)}]" if fix.words else ""
        instead = f", now {fix.instead_named}" if fix.instead else ""
        lost = f", costs {fix.lost}" if fix.lost else ""
        yield f"  {fix.won:>3}{lost}  {fix.action.replace('_', ' ')} {fix.named}{instead}{words}"


def _compared(comparison: Comparison) -> Iterator[str]:
    yield from ("", f"Compared with {comparison.file} of {comparison.measured_at}: {comparison.compared} items")
    if comparison.only_before or comparison.only_now:
        yield f"  not compared: {comparison.only_before} of the stored report, {comparison.only_now} of this one"
    for one in comparison.differences:
        verdict = {True: "BETTER", False: "WORSE", None: "may be chance"}[one.better]
        if one.before == one.now and not one.won:
            verdict = "the same"
        shown = (
            f"{one.before:>4} → {one.now:<4} of {one.items:<4} {one.change:+.1%} ({one.low:+.1%} to {one.high:+.1%})"
        )
        yield f"  {one.name.replace('_', ' '):{_NAME_WIDTH - 2}}{shown}  {verdict}"
        for sign, ids in (("+", one.won), ("-", one.lost)):
            if ids:
                yield f"      {sign} {', '.join(ids)}"
