import numpy as np
import pytest

from knowledge.errors import EmbeddingModelError
from knowledge.passages import Chunk
from support.embedding import encode_error, encode_vectors
from support.reranking import RerankRequest, decode_scores


def test_a_request_holds_what_the_reranker_reads_and_half_an_emoji_harms_nobody():
    chunk = Chunk("1", "a.md", "Delivery", ("Price",), "It costs 300.", "en")
    request = RerankRequest.of("how \ud83d much", [chunk])

    assert RerankRequest.model_validate_json(request.model_dump_json()) == request
    assert request == RerankRequest(question="how ? much", passages=("Delivery › Price\nIt costs 300.",))


def test_scores_come_through_as_they_were():
    scores = np.array([[0.5], [-3.25]], dtype=np.float32)
    assert decode_scores(encode_vectors(scores), n=2).tolist() == [0.5, -3.25]


@pytest.mark.parametrize("rows", [np.zeros((2, 3)), np.zeros((2, 0)), np.zeros((1, 1)), np.full((2, 1), np.inf)])
def test_what_is_no_score_a_passage_is_refused(rows):
    with pytest.raises(EmbeddingModelError):
        decode_scores(encode_vectors(rows.astype(np.float32)), n=2)


def test_why_there_are_no_scores_is_heard():
    with pytest.raises(EmbeddingModelError, match="tired"):
        decode_scores(encode_error("the model is tired"), n=1)
