import pytest

from evaluation.answers import Attempt, as_decided, summarise
from evaluation.baskets import Question, Unanswerable
from evaluation.figures import Share
from evaluation.routing import UNSURE, Way

ASKED = Question(id="q", language="en", question="how long", sources=("en/a.md", "en/b.md"))
HOPELESS = Unanswerable(id="u", language="ru", question="сколько")


def test_only_what_was_sent_is_checked_for_its_source() -> None:
    report = summarise(
        [
            Attempt(ASKED, 0.9, True, "text", ("en/b.md",)),
            Attempt(ASKED, 0.8, True, "text", ("en/other.md",)),
            Attempt(ASKED, 0.2, False, "judge: 0.20", ("en/a.md",)),
        ]
    )
    assert report.questions_sent["en"] == Share(hits=2, total=3)
    assert report.questions_not_answered["en"] == Share(hits=1, total=3)
    assert report.sent_from_right_source["en"] == Share(hits=1, total=2)
    assert [failure.wanted for failure in report.failures] == ["an answer from en/a.md, en/b.md", "an answer"]


def test_an_answer_to_the_unanswerable_is_a_failure_and_an_escalation_is_not() -> None:
    report = summarise([Attempt(HOPELESS, 0.6, True, "text", ("ru/a.md",)), Attempt(HOPELESS, 0.1, False, "no")])
    assert report.unanswerable_answered == {"ru": Share(hits=1, total=2), "total": Share(hits=1, total=2)}
    assert [failure.wanted for failure in report.failures] == ["a person"]


def test_the_no_answer_model_is_judged_over_both_kinds() -> None:
    report = summarise([Attempt(ASKED, 0.9, True, "text", ("en/a.md",)), Attempt(HOPELESS, 0.1, False, "no")])
    assert report.answerable_auroc == {"ru": None, "en": None, "total": 1.0}


@pytest.mark.parametrize(
    ("item", "way", "sent"),
    [
        (ASKED, Way("question", searches=True), True),
        (ASKED, Way("order_status", searches=False), False),
        (ASKED, Way(UNSURE, searches=False, offers_search=True), False),
        (HOPELESS, Way("complaint", searches=False), False),
        (HOPELESS, Way(UNSURE, searches=False), False),
        (HOPELESS, Way(UNSURE, searches=False, offers_search=True), True),
    ],
)
def test_what_the_desk_takes_for_something_else_is_no_answer(item, way, sent) -> None:
    one = as_decided(Attempt(item, 0.9, True, "text", ("en/a.md",)), way)
    report = summarise([one])
    assert one.sent is sent
    assert report.questions_sent["total"].hits + report.unanswerable_answered["total"].hits == sent
    assert report.answered_right["total"].hits == (sent and item is ASKED)
