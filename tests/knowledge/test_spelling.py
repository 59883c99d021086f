import pytest

from knowledge.spelling import mend

HELD = {"достав": 3, "доставк": 5, "гарант": 2, "warranti": 4, "recipi": 1}


def mended(text: str) -> str:
    return mend(text, lambda word: word in ("цена", "велосипеды"), lambda stem: HELD.get(stem, 0))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("доствака когда?", "доставк когда?"),
        ("Досттавка, цена", "доставк, цена"),
        ("warrnty", "warranti"),
    ],
)
def test_one_slip_is_mended_and_the_rest_stays(typed: str, meant: str) -> None:
    assert mended(typed) == meant


@pytest.mark.parametrize("text", ["велосипеды", "вертолёты", "достк", "KD-10427", "", "☃"])
def test_what_is_known_short_or_like_nothing_stays(text: str) -> None:
    assert mended(text) == text
