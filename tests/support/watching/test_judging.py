import pytest

from support.shares import Part
from support.watching.audited import Audited
from support.watching.judging import ENOUGH, Counts, Labels, judging


def audits(right, wrong, unsure=0):
    verdicts = [True] * right + [False] * wrong + [None] * unsure
    return [Audited(number, verdict, 0.9, "ru") for number, verdict in enumerate(verdicts)]


def test_precision_is_of_audited_answers_and_who_cannot_tell_counts_as_not_right():
    found = judging(audits(18, 1, 1), [], Labels(), Counts(200))

    assert (found.precision, found.cannot_tell) == (Part(18, 20), 1)
    assert found.recall.value == 1.0


def test_recall_weighs_what_was_sent_against_what_was_right_among_the_held():
    found = judging(audits(90, 10), [], Labels(sent=10, edited=5, discarded=5), Counts(300, 80, 20))

    # 270 right ones sent, 50 held back.
    assert found.recall.value == pytest.approx(270 / 320)
    low, high = found.recall.interval
    assert low < found.recall.value < high
    assert high - low < 0.2


def test_without_an_audit_or_without_operators_verdicts_there_is_no_recall():
    assert judging([], [], Labels(sent=5), Counts(100, 10)).recall is None
    assert judging(audits(9, 1), [], Labels(), Counts(100, 10)).recall is None


def test_enough_audited_drafts_that_were_held_back_win_over_what_operators_picked():
    picked, counts = Labels(sent=20), Counts(300, 100, 50)
    few = judging(audits(90, 10), audits(10, ENOUGH - 11), picked, counts)
    assert (few.held_by, few.held) == ("operators", Part(20, 20))

    clean = judging(audits(90, 10), audits(10, ENOUGH - 11, 1), picked, counts)
    assert (clean.held_by, clean.held, clean.cannot_tell) == ("audit", Part(10, ENOUGH), 1)
    # 270 right ones sent; of the hundred held back for their score a third is right.
    assert clean.recall.value == pytest.approx(270 / (270 + 100 / 3))
