import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from evaluation import guarantee
from evaluation.calibration import GRID, Label, allowed, calibrate, choose, fewest, upper_bound
from evaluation.calibration_text import render
from otvet.commands.evaluate.calibrate import calibrate as command


def labels(right, wrong=0, *, score=0.9, language="ru"):
    return [Label(score=score, wrong=number < wrong, language=language) for number in range(right + wrong)]


@pytest.mark.parametrize(("max_wrong", "needed"), [(0.05, 59), (0.02, 149), (0.01, 299)])
def test_without_an_error_it_takes_59_149_or_299_answers_and_one_less_is_one_too_few(max_wrong, needed):
    assert fewest(max_wrong, 0.05) == needed
    assert upper_bound(0, needed, 0.05) <= max_wrong < upper_bound(0, needed - 1, 0.05)
    [enough] = calibrate(labels(needed), max_wrong=max_wrong).languages
    [short] = calibrate(labels(needed - 1), max_wrong=max_wrong).languages
    assert (enough.chosen.threshold, enough.missing) == (0.9, 0)
    assert (short.chosen, short.missing) == (None, 1)


def test_the_missing_answers_if_right_are_exactly_what_was_missing():
    [short] = calibrate(labels(70, 2)).languages
    assert short.chosen is None
    [enough] = calibrate(labels(70 + short.missing, 2)).languages
    [one_less] = calibrate(labels(70 + short.missing - 1, 2)).languages
    assert enough.chosen is not None
    assert one_less.chosen is None


@given(
    st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=400),
    st.sampled_from([0.01, 0.05, 0.2]),
)
@settings(max_examples=40, deadline=None)
def test_with_as_many_right_labels_more_as_are_missing_a_threshold_is_chosen(told, max_wrong):
    """Spread over the scores like those that are there."""
    had = [Label(score=score / 100, wrong=wrong, language="ru") for score, wrong in told]
    [short] = calibrate(had, max_wrong=max_wrong).languages
    scores = sorted(label.score for label in had)
    more = [scores[(2 * number + 1) * len(had) // (2 * short.missing)] for number in range(short.missing)]
    [now] = calibrate([*had, *labels_at(more)], max_wrong=max_wrong).languages
    assert now.chosen is not None


def test_the_first_threshold_moves_with_the_labels_so_that_wrong_ones_at_high_scores_cost_more():
    """A fifth of the labels lies above it: of all that come only a fifth counts there."""
    had = [Label(score=number % 100 / 100, wrong=number % 100 == 99, language="ru") for number in range(500)]
    [short] = calibrate(had).languages
    assert short.missing > 300
    scores = sorted(label.score for label in had)
    for more, enough in ((short.missing // 2, False), (short.missing, True)):
        spread = [scores[(2 * number + 1) * len(had) // (2 * more)] for number in range(more)]
        [now] = calibrate([*had, *labels_at(spread)]).languages
        assert (now.chosen is not None) == enough
    assert f"about {short.missing} more judged answers are missing, if they score like these" in render(calibrate(had))


def labels_at(scores):
    return [Label(score=score, wrong=False, language="ru") for score in scores]


@given(st.integers(1, 300), st.integers(0, 300), st.sampled_from([0.01, 0.02, 0.05, 0.1]))
def test_the_table_of_allowed_errors_is_the_exact_bound(answers, wrong, max_wrong):
    wrong = min(wrong, answers)
    passes = wrong <= allowed(answers, max_wrong, 0.05)[answers]
    assert passes == (binom.cdf(wrong, answers, max_wrong) <= 0.05)
    assert passes == (upper_bound(wrong, answers, 0.05) <= max_wrong)


def test_testing_stops_at_the_first_threshold_that_fails_whatever_would_pass_below():
    answers = np.zeros(len(GRID), dtype=np.int64)
    answers[10:], answers[20:], answers[30:] = 60, 70, 200
    wrong = np.where(np.arange(len(GRID)) >= 20, 1, 0)
    table = allowed(200, 0.05, 0.05)
    assert wrong[30] <= table[200], "it would pass"
    assert choose(answers, wrong <= table[answers], 59) == 10


def test_languages_are_claims_of_their_own_and_looks_share_the_doubt():
    both = labels(80) + labels(20, language="en")
    ru, en = sorted(calibrate(both).languages, key=lambda one: one.language)[::-1]
    assert ru.chosen is not None
    assert en.missing == 59 - 20
    assert calibrate(labels(80), looks=12).languages[0].missing == fewest(0.05, 0.05 / 12) - 80


def test_what_is_in_force_is_told_and_worse_than_wanted_is_said():
    told = calibrate(labels(40, 20), in_force={"ru": 0.75, "en": 0.75})
    now = {one.language: one.in_force for one in told.languages}
    assert (now["ru"].answers, now["ru"].wrong, now["en"].bound) == (60, 20, 1.0)
    assert now["ru"].at_least > 0.05
    assert "More is wrong than wanted" in render(told)
    assert "these answers alone guarantee nothing about it yet" in render(told)


def test_simulated_companies_are_promised_too_much_no_more_often_than_said_and_drift_shows():
    table = guarantee.simulate(companies=300, seed=5)
    promised = [row for row in table.rows if row.scenario.startswith(("all kinds", "useless", "score upside"))]
    assert len(promised) == 7
    assert all(row.broken.interval[0] <= 0.05 for row in promised)
    by_name = {row.scenario: row for row in table.rows}
    assert by_name["afterwards 2 times as many errors"].broken.value > 0.08
    assert "2 times as many errors" in guarantee.render(table)


def test_a_file_is_calibrated_and_only_a_random_audit_promises_anything(tmp_path):
    file = tmp_path / "labels.jsonl"
    row = {"score": 0.8, "correct": 1, "language": "en", "sampled": "audit"}
    other = row | {"sampled": "escalated", "correct": 0}
    file.write_text("\n".join(json.dumps(one) for one in [row] * 60 + [other] * 9))
    done = CliRunner().invoke(command, ["--data", str(file), "--json", "-"])
    assert (done.exit_code, json.loads(done.stdout)["is_random"]) == (0, True)
    assert "9 rows are no random audit and are left out" in done.stderr
    assert json.loads(done.stdout)["languages"][0]["chosen"]["threshold"] == 0.8

    file.write_text("\n".join(json.dumps(other | {"correct": 1}) for _ in range(60)))
    unasked = CliRunner().invoke(command, ["--data", str(file), "--json", "-"])
    assert (unasked.exit_code, json.loads(unasked.stdout)["is_random"]) == (1, False)
    assert "no random audit" in unasked.stderr
    refused = CliRunner().invoke(command, ["--data", str(file), "--apply"])
    assert refused.exit_code != 0
    file.write_text('{"score": 3, "correct": 1}\n')
    assert "line 1" in str(CliRunner().invoke(command, ["--data", str(file)]))
