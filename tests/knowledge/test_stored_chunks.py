import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.passages import Chunk
from knowledge.stored_chunks import StoredChunks, stored

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CHUNKS = st.lists(
    st.builds(
        Chunk,
        TEXT,
        TEXT,
        TEXT,
        st.lists(TEXT, max_size=3).map(tuple),
        TEXT,
        st.sampled_from(["ru", "en"]),
        st.none() | TEXT,
        st.none() | st.dates().map(str),
        st.none() | st.dates().map(str),
    ),
    max_size=6,
).map(tuple)


@given(CHUNKS, st.slices(6))
def test_what_is_stored_comes_back_whole_and_in_part_whatever_it_says(chunks: tuple[Chunk, ...], part: slice) -> None:
    read = StoredChunks(stored(chunks))
    assert tuple(read) == chunks
    assert read[part] == chunks[part]
    for place in range(-len(chunks), len(chunks)):
        assert read[place] == chunks[place]


@given(CHUNKS, st.sampled_from([6, -7, 1_000]))
def test_looking_behind_the_end_is_an_index_error_as_with_a_tuple(chunks: tuple[Chunk, ...], place: int) -> None:
    with pytest.raises(IndexError):
        StoredChunks(stored(chunks))[place]


@pytest.mark.parametrize("rubbish", [b"", b"\n", b"rubbish\n", json.dumps(["id", "text"]).encode() + b"\n"])
def test_another_file_is_refused_at_once(rubbish: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever: a release of such a file counts as damaged
        StoredChunks(rubbish)
