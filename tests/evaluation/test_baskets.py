import json
import shutil
from pathlib import Path

import pytest

from evaluation import baskets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(baskets.OWN_BASKET, tmp_path / "basket")


def replace(folder: Path, name: str, *items: object) -> None:
    (folder / name).write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")


def message(**changes: object) -> dict[str, object]:
    return {"id": "m", "language": "en", "text": "hi", "route": "greeting"} | changes


def dialogue(**changes: object) -> dict[str, object]:
    return {
        "id": "d",
        "language": "en",
        "customer": {"phone": None},
        "steps": [{"say": "where is my parcel"}],
        "expect": "ask_number",
        "order": None,
    } | changes


def test_a_basket_that_is_not_there_and_a_folder_without_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(baskets.BasketError, match=r"nowhere: no such basket; name a folder"):
        baskets.load(tmp_path / "nowhere")
    with pytest.raises(baskets.BasketError, match=r"holds none of questions\.jsonl"):
        baskets.load(tmp_path)


def test_one_file_of_a_company_holds_questions_refusals_and_routes(tmp_path: Path) -> None:
    file = tmp_path / "ours.jsonl"
    rows: list[dict[str, object]] = [
        {"question": "Сколько стоит доставка?", "facts": ["300 ₽", ["за день", "завтра"]], "forbidden": ["500 ₽"]},
        {
            "id": "a",
            "language": "en",
            "question": "Do you ship abroad?",
            "sources": ["en/abroad.md"],
            "route": "question",
        },
        {"question": "Do you sell dragons?", "answerable": False},
        {"question": "Позовите человека", "route": "operator"},
        {"question": "How long is the warranty?", "draft": True},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    basket = baskets.load(file)

    assert [(one.language, one.facts, one.sources) for one in basket.questions] == [
        ("ru", ("300 ₽", ("за день", "завтра")), ()),
        ("en", (), ("en/abroad.md",)),
    ]
    assert basket.questions[0].id == baskets.identity("Сколько стоит доставка?")
    assert [one.question for one in basket.unanswerable] == ["Do you sell dragons?"]
    assert [(one.text, one.route) for one in basket.routing] == [
        ("Do you ship abroad?", "question"),
        ("Позовите человека", "operator"),
    ]
    assert basket.left_out == 1
    assert len(baskets.load(file, with_drafts=True).questions) == 3


def test_every_mistake_is_a_sentence_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "ours.jsonl"
    mistakes: list[tuple[object, str]] = [
        ({"question": "how much", "sorces": ["a.md"]}, 'sorces: no such field; did you mean "sources"?'),
        ({"question": "how much"}, 'say what would be right: "sources" (articles) or "facts"'),
        ({"sources": ["a.md"], "id": "1", "language": "ru"}, "question: is missing"),
        ({"question": "how much", "sources": "a.md"}, "sources: must be a list of texts in square brackets"),
        ({"question": "how much", "facts": [5]}, "facts.0: must be a text in quotation marks"),
        ({"question": "how much", "answerable": False, "facts": ["5"]}, '"answerable" is false, so take out'),
        (
            {"question": "how much", "route": "operator", "facts": ["5"]},
            "a message for operator is not answered from articles",
        ),
        (["x"], "not an object"),
        ({"question": "12345", "sources": ["a.md"]}, 'language: the words do not tell it; add "language": "ru"'),
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row, _ in mistakes), encoding="utf-8")
    with pytest.raises(baskets.BasketError) as refused:
        baskets.load(file)
    told = str(refused.value).splitlines()
    assert len(told) == len(mistakes)
    for number, (line, (_, sentence)) in enumerate(zip(told, mistakes, strict=True), start=1):
        assert line.startswith(f"{file}, line {number}: {sentence}"), line


def test_only_what_is_really_needed_is_called_missing(folder: Path) -> None:
    replace(folder, "questions.jsonl", {"q": "x"})
    replace(folder, "order_dialogues.jsonl", {"customer": {"phone": None}})
    with pytest.raises(baskets.BasketError) as refused:
        baskets.load(folder)
    told = str(refused.value).splitlines()
    assert [line.partition(": ")[2].partition(";")[0] for line in told if "questions.jsonl" in line] == [
        "question: is missing",
        "q: no such field",
    ]
    assert any("id: is missing" in line for line in told if "order_dialogues.jsonl" in line)


def test_a_basket_of_drafts_only_is_not_measured(tmp_path: Path) -> None:
    file = tmp_path / "ours.jsonl"
    file.write_text('{"question": "how much?", "draft": true}\n')
    with pytest.raises(baskets.BasketError, match="all 1 items are drafts; look at each"):
        baskets.load(file)


def test_a_file_without_items_is_refused(folder: Path) -> None:
    (folder / "unanswerable.jsonl").write_text("\n\n")
    with pytest.raises(baskets.BasketError, match=r"unanswerable\.jsonl: holds no items"):
        baskets.load(folder)


def test_a_line_that_is_no_json_is_named_by_number(folder: Path) -> None:
    path = folder / "routing.jsonl"
    path.write_text(json.dumps(message()) + "\n{oops\n")
    with pytest.raises(baskets.BasketError, match=r"routing\.jsonl, line 2: not JSON"):
        baskets.load(folder)


def test_an_unknown_route_is_refused_with_its_field(folder: Path) -> None:
    replace(folder, "routing.jsonl", message(route="weather"))
    with pytest.raises(baskets.BasketError, match=r"line 1: route: Input should be 'question'"):
        baskets.load(folder)


def test_a_text_that_is_no_utf8_is_refused(folder: Path) -> None:
    (folder / "questions.jsonl").write_bytes("где".encode("cp1251"))
    with pytest.raises(baskets.BasketError, match="cannot be read as UTF-8"):
        baskets.load(folder)


def test_an_id_may_not_occur_twice(folder: Path) -> None:
    replace(folder, "routing.jsonl", message(), message())
    with pytest.raises(baskets.BasketError, match="'m' occurs twice"):
        baskets.load(folder)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"expect": "found"}, "names what is shown"),
        ({"order": "KD-1"}, "names what is shown"),
        ({"steps": []}, "at least 1 item"),
        ({"steps": [{"say": "hi", "contact": "own"}]}, "either"),
        ({"steps": [{"contact": "stranger"}]}, "is needed there"),
        ({"steps": [{"contact": "own"}]}, "needs a phone"),
    ],
)
def test_a_contradictory_dialogue_is_refused(folder: Path, changes: dict[str, object], complaint: str) -> None:
    replace(folder, "order_dialogues.jsonl", dialogue(**changes))
    with pytest.raises(baskets.BasketError, match=complaint):
        baskets.load(folder)
