import pytest

from evaluation.figures import Share, auroc, mean_reciprocal_rank, rank_of_first, share_within, wilson_interval


def test_the_wilson_interval_has_its_textbook_values() -> None:
    assert wilson_interval(85, 100) == pytest.approx((0.7672, 0.9069), abs=1e-4)
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_nothing_measured_leaves_everything_possible() -> None:
    assert Share.of([]).value == 0
    assert Share.of([]).interval == (0.0, 1.0)


def test_a_share_counts_the_true_ones() -> None:
    assert Share.of([True, False, True, True]) == Share(hits=3, total=4)
    assert Share.of([True, False, True, True]).value == 0.75


def test_the_rank_is_that_of_the_first_acceptable_one() -> None:
    assert rank_of_first(["a", "b", "c"], ["c", "b"]) == 2
    assert rank_of_first(["a"], ["b"]) is None


def test_recall_counts_ranks_up_to_the_depth() -> None:
    assert share_within([1, 5, 6, None], 5) == Share(hits=2, total=4)


def test_the_mean_reciprocal_rank_counts_a_miss_as_nothing() -> None:
    assert mean_reciprocal_rank([1, 2, None, 4]) == pytest.approx((1 + 0.5 + 0.25) / 4)
    assert mean_reciprocal_rank([]) == 0


def test_auroc_is_one_when_separated_half_when_tied_and_zero_when_reversed() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1
    assert auroc([0.5, 0.5], [0.5]) == 0.5
    assert auroc([0.1], [0.9]) == 0
    assert auroc([0.9, 0.4], [0.5, 0.1]) == 0.75


def test_auroc_of_one_kind_alone_is_unknown() -> None:
    assert auroc([0.9], []) is None
