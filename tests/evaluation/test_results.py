import pytest

from evaluation.answers import Attempt, as_decided
from evaluation.baskets import Question, Unanswerable
from evaluation.results import Stage, blamed
from evaluation.routing import Way
from evaluation.selective import measure_scores
from support.jobs import CheckName, Draft, FailedCheck, Verdict

KNOWN = frozenset({"a.md", "b.md"})
ASKED = Question(id="q", language="en", question="how much", sources=("a.md",))
BY_FACTS = Question(id="f", language="en", question="how much", facts=("300 ₽",), forbidden=("500 ₽",))
GONE = Question(id="g", language="en", question="how much", sources=("gone.md",))
ELSEWHERE = Way("operator", searches=False)
HOPELESS = Unanswerable(id="u", language="en", question="dragons")


def draft(text="It costs 300 roubles. [1]", score=0.5, *, failed=False):
    checks = (FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="7"),) if failed else ()
    return Draft(
        text=text,
        citations=(1,),
        verdict=Verdict(score=score, failed=checks),
        engine="e",
        model="",
        prompt_version="p",
    )


def attempt(item=ASKED, *, sent=False, cited=("a.md",), found=("a.md", "b.md"), written=None, **more):
    return Attempt(item, 0.5, sent, "", cited, written or draft(), found, **more)


@pytest.mark.parametrize(
    ("one", "stage"),
    [
        (attempt(sent=True), None),
        (as_decided(attempt(sent=True), ELSEWHERE), Stage.ROUTE),
        (as_decided(attempt(), ELSEWHERE), Stage.ROUTE),
        (attempt(sent=True, cited=("b.md",)), Stage.JUDGE_LAX),
        (attempt(), Stage.JUDGE_STRICT),
        (attempt(written=draft(failed=True)), Stage.CHECK),
        (attempt(risky=True), Stage.RISK),
        (attempt(cited=("b.md",)), Stage.ENGINE),
        (attempt(cited=("b.md",), found=("b.md",)), Stage.SEARCH),
        (Attempt(ASKED, 0.1, False, "", found=("a.md",), passed=False), Stage.NO_ANSWER),
        (Attempt(ASKED, 0.1, False, "", found=("b.md",), passed=False), Stage.SEARCH),
        (attempt(GONE, cited=("b.md",)), Stage.ARTICLE),
        (attempt(BY_FACTS, sent=True, cited=("b.md",)), None),
        (attempt(BY_FACTS, sent=True, written=draft("It costs 500 ₽.")), Stage.JUDGE_LAX),
        (attempt(BY_FACTS, written=draft("300 ₽ or 500 ₽")), Stage.ENGINE),
        (attempt(HOPELESS, sent=True), Stage.JUDGE_LAX),
        (attempt(HOPELESS), None),
    ],
)
def test_the_stage_that_lost_the_answer_is_blamed(one, stage):
    assert blamed(one, KNOWN) is stage


def test_risk_and_coverage_count_everything_that_was_asked():
    right, wrong = attempt(written=draft(score=0.9)), attempt(cited=("b.md",), written=draft(score=0.6))
    never = [attempt(risky=True), attempt(written=draft(score=0, failed=True)), Attempt(ASKED, 0, False, "")]
    report = measure_scores([right, wrong, attempt(HOPELESS, written=draft(score=0.7)), *never], 0.65)

    told = [(p.threshold, p.coverage.hits, p.coverage.total, p.wrong.hits, p.wrong.total) for p in report.curve]
    assert told == [(0.9, 1, 6, 0, 1), (0.7, 2, 6, 1, 2), (0.6, 3, 6, 2, 3)]
    assert (report.chosen.coverage.hits, report.chosen.wrong.hits) == (2, 1)
    assert report.auroc is not None
    assert report.auroc.value == 1.0
    assert [one.right.hits for one in report.bins] == [0, 0, 1]


def test_no_threshold_sends_what_the_desk_takes_for_something_else():
    elsewhere = as_decided(attempt(sent=True, written=draft(score=0.9)), ELSEWHERE)
    report = measure_scores([elsewhere, attempt(sent=True, written=draft(score=0.8))], 0.5)
    assert (report.chosen.coverage.hits, report.chosen.coverage.total) == (1, 2)


def test_a_score_that_says_what_is_so_has_no_calibration_error():
    half = [attempt(cited=(name,), written=draft(score=0.5)) for name in ("a.md", "b.md") * 10]
    report = measure_scores(half, 0.5)
    assert report.calibration_error is not None
    assert report.brier is not None
    assert report.calibration_error.value == 0
    assert report.calibration_error.low >= 0
    assert report.brier.value == 0.25


def test_nothing_written_is_measured_as_nothing():
    report = measure_scores([Attempt(ASKED, 0, False, "")], 0.75)
    assert report.curve == report.bins == ()
    assert report.auroc is report.calibration_error is report.brier is None
