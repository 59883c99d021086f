import json

import numpy as np
import pytest

from evaluation.intent_rows import Row, few, read_rows, splits
from evaluation.intents import average_precision, macro_f1, measure_intents, ranked_above
from evaluation.json_lines import RowsError


def rows():
    learned = [Row(f"{verb} my {thing}", thing, "train", "") for thing in ("parcel", "card") for verb in "abcdefgh"]
    return learned, [
        Row("a my parcel", "parcel", "val", ""),
        Row("zz", None, "val", ""),
        Row("c my card", "card", "val", ""),
    ]


def test_every_system_is_measured_with_intervals():
    report = measure_intents([rows()])
    assert set(report.systems) == {"ours", "TF-IDF + logistic regression"}
    for figures in report.systems.values():
        for figure in figures.values():
            assert figure.interval[0] <= figure.value <= figure.interval[1]
    assert (report.strangers, report.systems["ours"]["in-scope accuracy"].value) == (1, 1.0)


def test_ranks_are_counted_as_the_definitions_say():
    positive = np.array([True, False, True, False])
    assert ranked_above(np.array([4.0, 3, 2, 1]), positive) == 0.75
    assert average_precision(np.array([4.0, 3, 2, 1]), positive) == pytest.approx((1 + 2 / 3) / 2)
    assert macro_f1(np.array([0, 0, -1]), np.array([0, -1, -1])) == pytest.approx(2 / 3)


def test_rows_are_read_parted_and_thinned(tmp_path):
    lines = [{"text": str(n), "label": "oos" if n % 5 == 0 else n % 2, "split": "train"} for n in range(20)]
    (tmp_path / "intents.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = read_rows(tmp_path)
    assert sum(row.label is None for row in found) == 4
    folds = splits(found, crossed=False)
    assert sorted(row.text for _, asked in folds for row in asked) == sorted(row.text for row in found)
    assert len([row for row in few(found, 3) if row.label == "1"]) == 3


def test_a_bad_line_is_named(tmp_path):
    (tmp_path / "intents.jsonl").write_text('{"text": "a", "label": "b"}\n{"text": 1}', encoding="utf-8")
    with pytest.raises(RowsError, match="line 2"):
        read_rows(tmp_path)
