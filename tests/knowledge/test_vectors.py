from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge import vectors
from knowledge.vectors import VectorCache, key


class Embedder:
    """Counts what it is asked; a text's vector is made from its letters."""

    def __init__(self, size: int = 3) -> None:
        self.asked: list[str] = []
        self.size = size

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text), *[sum(map(ord, text))] * (self.size - 1)] for text in texts], dtype=np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "vectors")


def test_unchanged_text_is_never_embedded_again(cache: VectorCache, tmp_path: Path) -> None:
    embed = Embedder()
    first = cache.embed(["a", "bb", "a"], model="m@1", prefix="p: ", embed=embed)
    again = VectorCache(tmp_path / "vectors").embed(["bb", "ccc", "a"], model="m@1", prefix="p: ", embed=embed)
    assert embed.asked == ["a", "bb", "ccc"]
    assert first.dtype == np.float32
    assert (again[0] == first[1]).all()
    assert (again[2] == first[0]).all()


@pytest.mark.parametrize(("model", "prefix"), [("m@2", "p: "), ("m@1", "q: ")])
def test_another_model_revision_or_prefix_is_another_vector(cache: VectorCache, model: str, prefix: str) -> None:
    embed = Embedder()
    cache.embed(["a"], model="m@1", prefix="p: ", embed=embed)
    cache.embed(["a"], model=model, prefix=prefix, embed=embed)
    assert embed.asked == ["a", "a"]


def test_what_no_release_uses_is_forgotten_and_the_rest_lies_in_one_file(cache: VectorCache, tmp_path: Path) -> None:
    embed = Embedder()
    for text in ("a", "b", "c"):
        cache.embed([text], model="m", prefix="", embed=embed)
    assert cache.keep({key("m", "", text) for text in "ab"}) == 2
    assert len(list((tmp_path / "vectors").iterdir())) == 1
    cache.embed(["a", "b", "c"], model="m", prefix="", embed=embed)
    assert embed.asked == ["a", "b", "c", "c"]
    assert cache.keep(()) == 0
    assert list((tmp_path / "vectors").iterdir()) == []


def test_it_is_bounded_and_the_newest_stay(cache: VectorCache) -> None:
    embed = Embedder()
    texts = ["a", "b", "c", "d"]
    for text in texts:
        cache.embed([text], model="m", prefix="", embed=embed)
    assert cache.keep({key("m", "", text) for text in texts}, most=2) == 2
    cache.embed(texts, model="m", prefix="", embed=embed)
    assert sorted(embed.asked[4:]) == ["a", "b"]


def test_vectors_of_two_sizes_live_side_by_side(cache: VectorCache) -> None:
    cache.embed(["a"], model="small", prefix="", embed=Embedder(2))
    cache.embed(["a"], model="large", prefix="", embed=Embedder(5))
    assert cache.keep({key("small", "", "a"), key("large", "", "a")}) == 2
    embed = Embedder(5)
    assert cache.embed(["a"], model="large", prefix="", embed=embed).shape == (1, 5)
    assert embed.asked == []


def test_a_damaged_file_costs_only_embedding_again(cache: VectorCache, tmp_path: Path) -> None:
    embed = Embedder()
    cache.embed(["a"], model="m", prefix="", embed=embed)
    [file] = (tmp_path / "vectors").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    assert cache.embed(["a"], model="m", prefix="", embed=embed).shape == (1, 3)
    assert embed.asked == ["a", "a"]


def test_an_interrupted_embedding_goes_on_where_it_was(cache: VectorCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BATCH", 2)
    embed = Embedder()

    def breaks(texts: Sequence[str]) -> NDArray[np.float32]:
        if "c" in texts:
            raise KeyboardInterrupt
        return embed(texts)

    with pytest.raises(KeyboardInterrupt):
        cache.embed(["a", "b", "c", "d"], model="m", prefix="", embed=breaks)
    cache.embed(["a", "b", "c", "d"], model="m", prefix="", embed=embed)
    assert embed.asked == ["a", "b", "c", "d"]


def test_numbers_that_are_not_finite_are_not_kept(cache: VectorCache) -> None:
    with pytest.raises(ValueError, match="not finite"):
        cache.embed(["a"], model="m", prefix="", embed=lambda texts: np.full((len(texts), 2), np.nan, dtype=np.float32))
    embed = Embedder()
    cache.embed(["a"], model="m", prefix="", embed=embed)
    assert embed.asked == ["a"]
