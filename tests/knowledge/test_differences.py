import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.differences import ChunkChange, compare
from knowledge.passages import Chunk


def chunk(source: str, heading: str, text: str) -> Chunk:
    return Chunk(f"{source}/{heading}/{text}", source, heading, (), text, "en")


A, B = chunk("a.md", "A", "one"), chunk("b.md", "B", "two")


def test_nothing_has_changed_between_equal_states() -> None:
    assert compare((A, B), (B, A)).is_empty


def test_articles_and_chunks_are_added_changed_and_removed() -> None:
    changed = chunk("b.md", "B", "three")
    new = chunk("c.md", "C", "four")

    found = compare((A, B), (changed, new))

    assert (found.added, found.changed, found.removed) == (("c.md",), ("b.md",), ("a.md",))
    assert set(found.chunks) == {
        ChunkChange("a.md", "A", "one", None),
        ChunkChange("b.md", "B", "two", "three"),
        ChunkChange("c.md", "C", None, "four"),
    }
    assert found.counts() == {"added": 1, "changed": 1, "removed": 1}


def test_a_chunk_that_only_moved_within_its_article_makes_the_article_changed_but_no_chunk() -> None:
    first, second = chunk("a.md", "A", "one"), chunk("a.md", "A", "two")

    found = compare((first, second), (second, first))

    assert found.changed == ("a.md",)
    assert found.chunks == ()


CHUNKS = st.lists(
    st.builds(chunk, st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]), st.sampled_from("123")), max_size=6
)


@given(CHUNKS, CHUNKS)
def test_the_way_back_is_the_way_there_reversed(before: list[Chunk], after: list[Chunk]) -> None:
    there, back = compare(before, after), compare(after, before)

    assert (there.added, there.changed, there.removed) == (back.removed, back.changed, back.added)
    assert there.counts()["added"] == back.counts()["removed"]
    assert there.counts()["changed"] == back.counts()["changed"]


@pytest.mark.parametrize("before", [(), (A,)])
def test_a_state_against_itself_is_no_change(before: tuple[Chunk, ...]) -> None:
    assert compare(before, before).is_empty
