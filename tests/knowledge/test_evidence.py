import numpy as np
import pytest

from knowledge.evidence import AROUND, OPENING, told
from knowledge.index import OPENING_LETTERS, Index
from knowledge.passages import Chunk

LONG = "Lamps glow in the hall all night. " * 8


def chunk(source: str, text: str, *breadcrumb: str) -> Chunk:
    return Chunk(f"{source}-{text[:20]}", source, "", breadcrumb, text, "en")


def evidence(chunks: list[Chunk], *stems: str) -> list[float]:
    index = Index.build(chunks)
    return told(index, dict.fromkeys(stems, 1.0), np.arange(len(chunks))).tolist()


def test_neighbours_of_one_article_say_a_question_together() -> None:
    apart = [chunk("a.md", "Tigers sleep."), chunk("b.md", "Lions eat."), chunk("c.md", "Bears dance.")]
    together = [apart[0], chunk("a.md", "Lions eat."), apart[2]]
    weights = "tiger", "lion"
    assert evidence(together, *weights)[0] > evidence(apart, *weights)[0]
    assert evidence(together, *weights)[2] == 0.0


def test_what_stands_in_headings_and_first_words_counts_once_more() -> None:
    assert len(LONG) > OPENING_LETTERS
    at_first, headed, at_last = (
        chunk("a.md", f"Tigers sleep. {LONG}"),
        chunk("b.md", LONG, "Tigers"),
        chunk("c.md", f"{LONG} Tigers sleep."),
    )
    assert evidence([at_first, headed, at_last], "tiger") == pytest.approx([OPENING + AROUND] * 2 + [AROUND])


def test_words_that_the_base_lacks_take_nothing_away() -> None:
    base = [chunk("a.md", "Tigers sleep."), chunk("b.md", "Lions eat.")]
    assert evidence(base, "tiger", "zeppelin") == evidence(base, "tiger")
    assert evidence(base, "zeppelin") == [0.0, 0.0]


def test_a_changed_article_is_looked_at_anew() -> None:
    before = [chunk("a.md", "Tigers sleep."), chunk("b.md", "Lions eat.")]
    after = [before[0], chunk("b.md", "Lions hunt. " + LONG)]
    changed, built = Index.build(after, former=Index.build(before)), Index.build(after)
    for stem in ("tiger", "lion", "hunt", "eat", "glow", "night"):
        np.testing.assert_array_equal(changed.openings.holders(stem), built.openings.holders(stem))
