import html
import json
import re
from pathlib import Path

import pytest

from evaluation import run
from evaluation.baskets import OWN_BASKET
from evaluation.figures import Share
from evaluation.page.document import render_page
from evaluation.results import Stage
from evaluation.table import render
from evaluation.whole import Report
from support.settings import Settings

FILES = ("questions", "unanswerable", "routing", "order_dialogues", "followups")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    for name in FILES:
        lines = (OWN_BASKET / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        (folder / f"{name}.jsonl").write_text("\n".join([*lines[:4], *lines[-4:]]), encoding="utf-8")
    target = folder / "report.json"
    return run.evaluate_all(Settings(), run.Asking(basket=folder, json_target=target)), target


def test_the_json_holds_every_figure_by_language_and_in_total(measured: tuple[Report, Path]) -> None:
    told = json.loads(measured[1].read_text(encoding="utf-8"))
    assert set(told) == {
        *("articles", "chunks", "engine", "threshold", "retrieval", "answers", "routing", "orders"),
        *("followups", "timings_ms", "aims", "schema_version", "provenance", "scores", "assurance", "fixes"),
        *("comparison", "items"),
    }
    assert told["schema_version"] == 3
    assert len(told["items"]) == 40
    assert told["provenance"]["basket_items"] == 40
    assert Report.model_validate(told).items == measured[0].items
    for share in (
        *(told["retrieval"][name] for name in ("first", "recall_at_5", "recall_at_10", "recall_at_10_without_vectors")),
        *(told["answers"][name] for name in ("unanswerable_answered", "questions_sent", "questions_not_answered")),
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


@pytest.mark.parametrize(
    ("answered", "asked", "verdict"), [(2, 2, "MISSED"), (3, 40, "MISSED"), (2, 40, "met"), (0, 2, "met")]
)
def test_how_many_unanswerable_ones_may_be_answered_is_a_share(
    measured: tuple[Report, Path], answered: int, asked: int, verdict: str
) -> None:
    share = {"total": Share(hits=answered, total=asked)}
    report = measured[0].model_copy(
        update={"answers": measured[0].answers.model_copy(update={"unanswerable_answered": share})}
    )
    [line] = [line for line in render(report).splitlines() if "unanswerable answered:" in line]
    assert line.split()[0] == verdict
    page = render_page(report, "en")
    good, bad = page.index('class="good">Right'), page.index('class="bad">Wrong')
    assert good < bad
    assert (good < page.index("Answered although the articles") < bad) == (verdict == "met")
    assert ("too few to tell" in page) == (asked < 20)


def test_follow_ups_are_understood_by_what_was_asked_before(measured: tuple[Report, Path]) -> None:
    found = measured[0].followups
    assert found.right_continued["total"].total == found.right_alone["total"].total > 0
    assert found.right_continued["total"].hits > found.right_alone["total"].hits
    assert found.standing_alone_changed["total"].total == 16


def test_a_mistake_is_blamed_on_a_stage_and_only_a_mistake(measured: tuple[Report, Path]) -> None:
    report = measured[0]
    for one in report.items:
        went_well = one.right if one.kind != "unanswerable" else not one.sent
        if one.kind == "question":
            went_well = bool(one.sent and one.right)
            assert one.route == "question" or not (one.sent or one.right), one.id
        assert (one.stage is None) == went_well, one.id
    wrong = sum(one.stage is Stage.JUDGE_LAX for one in report.items)
    sent = report.answers.sent_right["total"]
    assert wrong == sent.total - sent.hits == report.scores.chosen.wrong.hits


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_needs_nothing_else_and_says_every_mistake(measured: tuple[Report, Path], language: str) -> None:
    report = measured[0]
    page = render_page(report, language)
    assert f'<html lang="{language}">' in page
    for foreign in ("http:", "https:", "src=", "<script", "<link", "@import", "url("):
        assert foreign not in page
    for one in report.items:
        assert (html.escape(one.text) in page) or one.stage is None
    charts = re.findall(r'<svg[^>]*class="chart".*?</svg>', page, flags=re.DOTALL)
    assert len(charts) == 2
    for chart in charts:
        assert "<title" in chart
        assert "<desc" in chart
    assert page.count("<h1>") == 1


def test_a_handful_of_answers_is_no_percentage(measured: tuple[Report, Path]) -> None:
    report = measured[0]
    assert 0 < report.answers.sent_right["total"].total < 20
    assert "Of 100 answers that the bot sent" not in render_page(report, "en")
    enough = report.answers.model_copy(update={"sent_right": {"total": Share(hits=41, total=60)}})
    page = render_page(report.model_copy(update={"answers": enough}), "en")
    assert re.search(r"Of 100 answers that the bot sent,\s+68 are right", page)
    assert "56 to 79 are right (95% confidence)" in page


def test_customers_words_are_text_on_the_page(measured: tuple[Report, Path]) -> None:
    report = measured[0]
    first = next(one for one in report.items if one.stage is not None)
    evil = first.model_copy(update={"text": "<script>alert('x')</script>"})
    page = render_page(report.model_copy(update={"items": (evil,)}), "ru")
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page
