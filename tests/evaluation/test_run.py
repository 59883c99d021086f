import json
from pathlib import Path

import pytest

from evaluation import run
from evaluation.baskets import OWN_BASKET
from evaluation.report import Report
from evaluation.table import render
from support.settings import Settings

FILES = ("questions", "unanswerable", "routing", "order_dialogues", "followups")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    for name in FILES:
        lines = (OWN_BASKET / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        (folder / f"{name}.jsonl").write_text("\n".join([*lines[:4], *lines[-4:]]), encoding="utf-8")
    target = folder / "report.json"
    return run.evaluate_all(Settings(), basket=folder, json_target=target), target


def test_the_json_holds_every_figure_by_language_and_in_total(measured: tuple[Report, Path]) -> None:
    told = json.loads(measured[1].read_text(encoding="utf-8"))
    assert set(told) == {
        *("articles", "chunks", "engine", "threshold", "retrieval", "answers", "routing", "orders"),
        *("followups", "timings_ms", "aims"),
    }
    for share in (
        *(told["retrieval"][name] for name in ("first", "recall_at_5", "recall_at_10", "recall_at_10_without_vectors")),
        *(told["answers"][name] for name in ("unanswerable_answered", "questions_sent", "questions_escalated")),
        told["routing"]["accuracy"],
        told["orders"]["passed"],
    ):
        assert set(share) == {"ru", "en", "total"}
        assert share["total"]["total"] == 8
        assert set(share["total"]) == {"hits", "total", "value", "interval"}


def test_every_stage_is_timed(measured: tuple[Report, Path]) -> None:
    assert {"search", "prepare", "classify", "order step"} <= set(measured[0].timings_ms)


def test_every_aim_has_a_verdict_in_the_table(measured: tuple[Report, Path]) -> None:
    report = measured[0]
    table = render(report)
    assert len(report.aims) == 5
    for aim in report.aims:
        assert f"{'met   ' if aim.met else 'MISSED'}  {aim.name}" in table


def test_every_failure_is_listed_with_its_text(measured: tuple[Report, Path]) -> None:
    report = measured[0]
    table = render(report)
    for part in (report.retrieval, report.answers, report.routing, report.orders, report.followups):
        for failure in part.failures:
            assert f"{failure.id}  {failure.text}" in table


def test_searching_without_vectors_scores_no_vectors(measured: tuple[Report, Path]) -> None:
    found = measured[0].retrieval
    assert found.recall_at_10_without_vectors["total"].total == found.recall_at_10["total"].total


def test_only_strict_turns_a_missed_aim_into_an_exit_status(measured: tuple[Report, Path]) -> None:
    orders = measured[0].orders.model_copy(update={"shown_to_stranger": 1})
    leaky = measured[0].model_copy(update={"orders": orders})
    assert run.exit_status(leaky, strict=False) == 0
    assert run.exit_status(leaky, strict=True) == 1
    assert "MISSED  orders shown to a stranger: 1, wanted 0" in render(leaky)


def test_follow_ups_are_understood_by_what_was_asked_before(measured: tuple[Report, Path]) -> None:
    found = measured[0].followups
    assert found.right_continued["total"].total == found.right_alone["total"].total > 0
    assert found.right_continued["total"].hits > found.right_alone["total"].hits
    assert found.standing_alone_changed["total"].total == 16
