import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from knowledge.errors import EmbeddingModelError
from support.embedding import EmbedRequest, decode_vectors, encode_error, encode_vectors

NUMBERS = st.floats(-1, 1, width=32)


@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 7)), elements=NUMBERS))
def test_vectors_come_through_as_they_were(vectors):
    np.testing.assert_array_equal(decode_vectors(encode_vectors(vectors), n=len(vectors)), vectors)


def test_a_reply_is_a_line_of_json_and_little_endian_numbers():
    head, _, body = encode_vectors(np.array([[1.0, -2.0]], dtype=np.float32)).partition(b"\n")

    assert json.loads(head) == {"shape": [1, 2]}
    assert body == b"\x00\x00\x80\x3f\x00\x00\x00\xc0"


@given(st.binary(max_size=200))
def test_no_bytes_whatever_are_taken_for_vectors_that_they_are_not(reply):
    with pytest.raises(EmbeddingModelError):
        decode_vectors(reply, n=3)


@pytest.mark.parametrize(
    "reply",
    [
        encode_vectors(np.zeros((2, 4), dtype=np.float32)),
        encode_vectors(np.zeros((3, 4), dtype=np.float32))[:-1],
        encode_vectors(np.full((3, 4), np.nan, dtype=np.float32)),
        b'{"shape": [-1, 4]}\n' + bytes(32),
        b'{"shape": 3}\n' + bytes(12),
        b"[]\n",
    ],
)
def test_too_few_rows_or_numbers_that_are_none_are_refused(reply):
    with pytest.raises(EmbeddingModelError):
        decode_vectors(reply, n=3)


def test_why_there_are_no_vectors_is_heard():
    with pytest.raises(EmbeddingModelError, match="the model is tired"):
        decode_vectors(encode_error("the model is tired"), n=1)


def test_half_an_emoji_can_be_asked_about():
    assert EmbedRequest.of("question", ["where \ud83d is it"]).model_dump_json().count("?") == 1
