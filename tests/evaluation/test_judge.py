import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evaluation.json_lines import RowsError
from evaluation.judge import Judged, JudgedError, load_judged
from evaluation.judge_fit import balanced_folds
from evaluation.judge_opinions import ask
from evaluation.judge_refit import FEWEST, FEWEST_OF_A_KIND, missing, refit
from otvet.commands.evaluate import evaluate_group
from support.draft_labels import Label
from support.jobs import GenerationJob, JudgeRecord
from workers.engines.base import Opinion
from workers.judge import COEFFICIENTS, score

FACTS = ("boots are returned within thirty days", "parcels reach Kazan in four days", "cards are valid for a year")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    texts = [
        {"context": f"Our {fact}.", "answer": f"The {told}.", "label": int(fact == told)}
        for fact in FACTS
        for told in FACTS
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    return path


def test_the_shipped_judge_and_a_fit_both_tell_right_from_wrong(rows: Path) -> None:
    for arguments in (["--data", rows], ["--train", rows, "--test", rows]):
        shown = CliRunner().invoke(evaluate_group, ["judge", *map(str, arguments), "--json", "-"])

        assert shown.exit_code == 0, shown.output
        [part] = json.loads(shown.stdout)["slices"]
        assert part["auroc"]["value"] == part["peer"]["value"] == 1
        assert part["auroc"]["low"] <= 1


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "line 1: is not JSON"), ('{"context": "a"}', "lacks context or answer"),
     ('{"context": "a", "answer": "b", "label": 2}', "label must be 1"),
     ('{"context": "a", "answer": "b", "label": 1}', "label 1 and rows with label 0")],
)  # fmt: skip
def test_rows_that_cannot_be_used_are_refused_with_their_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n", encoding="utf-8")

    with pytest.raises(RowsError, match=said):
        load_judged(path)


@given(st.lists(st.integers(0, 12), min_size=40, max_size=90), st.integers(0, 99))
def test_folds_keep_groups_whole_and_share_the_labels_out(groups: list[int], seed: int) -> None:
    labels = np.array([group % 2 for group in groups])
    fold = balanced_folds(np.array(groups), labels, 2, seed=seed)

    assert all(len({f for f, g in zip(fold, groups, strict=True) if g == one}) == 1 for one in groups)
    largest = max(groups.count(one) for one in groups)
    for label in (0, 1):
        first, second = (int((labels[fold == one] == label).sum()) for one in (0, 1))
        assert abs(first - second) <= max(largest, 1)


def test_rows_of_ones_own_are_fitted_from_what_other_rows_taught(rows: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    towns = ["Kazan", "Omsk", "Perm", "Tomsk", "Tver", "Ufa", "Sochi", "Pskov", "Kursk", "Orsk", "Chita", "Vyborg"]
    told = [
        {"context": f"Couriers deliver to {town} on Monday.", "answer": f"Couriers deliver to {other}.", "label": label}
        for town, stranger in zip(towns, [*towns[1:], towns[0]], strict=True)
        for other, label in ((town, 1), (stranger, 0))
    ]
    own.write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
    arguments = ["judge", "--folds", "2", "--train", str(rows), "--json", "-", "--data"]
    shown = CliRunner().invoke(evaluate_group, [*arguments, str(own)])

    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["slices"][0]["auroc"]["value"] == 1
    few = CliRunner().invoke(evaluate_group, [*arguments, str(rows)])
    assert "different contexts and answers" in str(few.exception)


def test_a_score_that_operators_agree_with_is_left_as_it_is() -> None:
    chance = np.random.default_rng(1)
    labels = []
    for customer in range(FEWEST):
        drawn = {"answerable": chance.uniform(0.1, 0.9), "covered": chance.uniform()}
        features = dict.fromkeys(COEFFICIENTS, 1.0) | drawn
        labels.append(Label(features, bool(chance.uniform() < score(features)), customer, datetime.now(UTC)))

    assert missing(labels) == 0
    assert missing(labels[:-3]) == 3
    assert missing([label for label in labels if label.right]) >= FEWEST_OF_A_KIND
    assert not refit(labels, [True] * len(labels), None, 0.75).is_better


class Silent:
    """A judge model that says nothing to some of the questions it is asked."""

    model = "tiny"

    def __init__(self, *silent: int) -> None:
        self._silent, self._times = silent, 0

    def check(self) -> None:
        pass

    def cancel(self, job_id: str) -> None:
        pass

    def ask(self, job: GenerationJob, text: str, *, deadline: float) -> JudgeRecord:
        del job, text, deadline
        self._times += 1
        if self._times in self._silent:
            return JudgeRecord(model="tiny", prompt_version="1", unheard="too slow", ms=1)
        return JudgeRecord(model="tiny", prompt_version="1", supported=0.9, relevant=0.8, ms=1)


def test_a_silent_model_is_asked_again_and_given_up_when_it_stays_silent() -> None:
    rows = [Judged("", f"Boots number {number}.", "Boots.", "en", True) for number in range(6)]
    slept: list[float] = []
    said = Opinion(0.9, 0.8)

    assert ask(rows[:4], Silent(2, 4, 5), lambda: None, slept.append) == [said, said, None, said]
    assert len(slept) == 2
    with pytest.raises(JudgedError, match=r"heard about 2 of 5 rows, and about none of the last 3: too slow"):
        ask(rows, Silent(*range(3, 13)), lambda: None, slept.append)
