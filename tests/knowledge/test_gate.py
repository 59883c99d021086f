import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.gate import LARGEST_LOSS, SMALLEST_SHARE, Doubt, Objection, objections
from knowledge.golden import GoldenResult

SAME = (10, 10)


def golden(before: int | None, found: int, lost: int = 0) -> GoldenResult:
    return GoldenResult(asked=100, found=found, found_before=before, lost=("q",) * lost)


def test_an_equal_release_passes() -> None:
    assert objections(SAME, SAME, golden(50, 50)) == ()
    assert objections(SAME, SAME, None) == ()


@pytest.mark.parametrize(("now", "passes"), [(5, True), (4, False)])
def test_more_than_half_must_stay(now: int, passes: bool) -> None:
    assert (objections((10, now), SAME, None) == ()) is passes
    assert (objections(SAME, (10, now), None) == ()) is passes


def test_fewer_golden_questions_are_an_objection() -> None:
    assert objections(SAME, SAME, golden(50, 49, lost=1)) == (Objection(Doubt.GOLDEN_FEWER, 50, 49),)


def test_many_lost_questions_are_an_objection_however_many_are_won() -> None:
    assert objections(SAME, SAME, golden(50, 60, lost=5)) == ()
    assert objections(SAME, SAME, golden(50, 60, lost=6)) == (Objection(Doubt.GOLDEN_LOST, 50, 44),)


def test_without_a_release_before_there_is_nothing_to_compare_with() -> None:
    assert objections(SAME, SAME, golden(None, 3)) == ()


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_a_release_passes_only_within_both_bounds(before: int, now: int, old: int, new: int, lost: int) -> None:
    found = objections((before, now), SAME, golden(old, new, lost=min(lost, old)))
    passes = now >= before * SMALLEST_SHARE and new >= old and min(lost, old) <= old * LARGEST_LOSS
    assert (not found) is passes
