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


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "routing.jsonl").unlink()
    with pytest.raises(baskets.BasketError, match=r"routing\.jsonl: no such file"):
        baskets.load(folder)


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
