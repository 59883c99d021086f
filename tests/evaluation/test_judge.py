import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.judge import JudgedError, load_judged
from otvet.commands.evaluate import evaluate_group

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
    [("{", "line 1: no JSON"), ('{"context": "a"}', "texts context and answer"),
     ('{"context": "a", "answer": "b", "label": 2}', "label must be 1"),
     ('{"context": "a", "answer": "b", "label": 1}', "label 1 and rows with label 0")],
)  # fmt: skip
def test_rows_that_cannot_be_used_are_refused_with_their_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n", encoding="utf-8")

    with pytest.raises(JudgedError, match=said):
        load_judged(path)
