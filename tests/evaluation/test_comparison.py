import json

import numpy as np
import pytest
from scipy.stats import binomtest

from evaluation.comparison import SCHEMA_VERSION, Baseline, BaselineError, compare, interval, read_baseline
from evaluation.results import Kind, Result


def asked(number, *, sent, right=True, text="how much"):
    return Result(
        id=f"q{number}", kind=Kind.QUESTION, language="en", text=text, sources=("a.md",), rank=1, sent=sent, right=right
    )


def compared(before, now, tmp_path):
    return compare(tmp_path / "old.json", Baseline(schema_version=SCHEMA_VERSION, items=tuple(before)), now)


def figure(comparison, name):
    return next(one for one in comparison.differences if one.name == name)


def test_the_same_report_is_no_regression(tmp_path):
    items = [asked(number, sent=number % 2 == 0) for number in range(40)]
    comparison = compared(items, items, tmp_path)
    assert not comparison.regressed
    assert all(one.change == one.low == one.high == 0 and one.p == 1 for one in comparison.differences)


@pytest.mark.parametrize(("fewer", "regressed"), [(3, False), (5, False), (6, True), (20, True)])
def test_a_loss_counts_once_it_is_no_chance_any_more(fewer, regressed, tmp_path):
    before = [asked(number, sent=True) for number in range(60)]
    now = [asked(number, sent=number >= fewer) for number in range(60)]
    comparison = compared(before, now, tmp_path)
    assert comparison.regressed is regressed
    assert figure(comparison, "answered_right").lost == tuple(f"q{number}" for number in range(fewer))
    back = compared(now, before, tmp_path)
    assert not back.regressed
    assert figure(back, "coverage").better is (True if regressed else None)


def test_more_wrong_answers_are_worse_though_more_is_answered(tmp_path):
    before = [asked(number, sent=False, right=False) for number in range(30)]
    now = [asked(number, sent=True, right=False) for number in range(30)]
    comparison = compared(before, now, tmp_path)
    assert figure(comparison, "wrong_sent").better is False
    assert figure(comparison, "coverage").better is True
    assert comparison.regressed


def test_only_the_same_question_in_the_same_words_is_compared(tmp_path):
    before = [asked(1, sent=True), asked(2, sent=True), asked(3, sent=True)]
    now = [asked(1, sent=True), asked(2, sent=True, text="how long"), asked(4, sent=True)]
    comparison = compared(before, now, tmp_path)
    assert (comparison.compared, comparison.only_before, comparison.only_now) == (1, 2, 2)
    with pytest.raises(BaselineError, match="no item in common"):
        compared(before, [asked(4, sent=True)], tmp_path)


def test_the_interval_is_that_of_drawing_items_with_replacement():
    changes = np.array([1] * 6 + [-1] * 2 + [0] * 42)
    drawn = np.random.default_rng(1).choice(changes, (20_000, len(changes))).mean(axis=1)
    assert interval(changes) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.011)
    assert binomtest(6, 8).pvalue > 0.05


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{oops", "is no JSON report"),
        (json.dumps({"articles": 1}), "schema unknown"),
        (json.dumps({"schema_version": 1, "items": []}), "schema 1, not 3"),
        (json.dumps({"schema_version": 3, "items": [{"id": 1}]}), "items.0"),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_what_to_do(content, complaint, tmp_path):
    file = tmp_path / "old.json"
    file.write_text(content)
    with pytest.raises(BaselineError, match=f"{complaint}.*otvet eval all --json"):
        read_baseline(file)
    with pytest.raises(BaselineError, match="cannot be read"):
        read_baseline(tmp_path / "nowhere.json")
