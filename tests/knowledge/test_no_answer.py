from pathlib import Path

import numpy as np
import pytest

from knowledge.chunks import chunk_documents
from knowledge.index import Index
from knowledge.no_answer import FEATURES, NoAnswerModel, features
from knowledge.ranking import rank
from knowledge.sources import read_sources


def row(value: float) -> dict[str, float]:
    return dict.fromkeys(FEATURES, value)


def fitted(largeness: float = 0.5) -> NoAnswerModel:
    rows = [row(n / 40) for n in range(40)]
    return NoAnswerModel.fit(rows, [n >= 20 for n in range(40)], [(1.0, 1.0)] * 40, largeness=largeness)


def test_more_evidence_means_a_higher_probability() -> None:
    model = fitted()
    probabilities = [model.probability(row(value)) for value in (0.0, 0.3, 0.5, 0.7, 1.0)]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] < 0.2
    assert probabilities[-1] > 0.8


def test_only_a_small_base_is_asked_whether_it_knows_the_subject() -> None:
    asked, strange = row(0.6), row(0.6) | {"foreign": 0.0, "coverage": 0.0}
    assert fitted(largeness=1).probability(strange) == fitted(largeness=1).probability(asked)
    assert fitted(largeness=0).probability(strange) < fitted(largeness=0).probability(asked)


def test_the_larger_the_base_the_less_the_subject_counts() -> None:
    asked, strange = row(0.6), row(0.6) | {"coverage": 0.0}
    lost = [model.probability(asked) - model.probability(strange) for model in map(fitted, (0.0, 0.3, 0.6, 1.0))]
    assert lost == sorted(lost, reverse=True)
    assert lost[-1] == 0


def test_every_word_that_a_passage_says_is_more_evidence(shop: Path) -> None:
    index = Index.build(chunk_documents(read_sources(shop).documents))
    among = np.ones(len(index.chunks), dtype=np.bool_)

    def score(query: str) -> float:
        return features(index, query, rank(index, query, among=among), among)["score"]

    said = [score(query) for query in ("велосипед", "вернуть велосипед", "вернуть товар 14 дней")]
    assert said == sorted(said)
    assert said[0] == 0
    assert said[1] < said[2]


def test_what_was_stored_judges_the_same() -> None:
    model = fitted()
    assert NoAnswerModel.from_json(model.to_json()).probability(row(0.4)) == model.probability(row(0.4))


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="other features"):
        NoAnswerModel.from_json(fitted().to_json() | {"features": ["one"]})


def test_a_customers_own_number_does_not_make_a_question_foreign(shop: Path) -> None:
    index = Index.build(chunk_documents(read_sources(shop).documents))
    among = np.ones(len(index.chunks), dtype=np.bool_)

    def foreign(query: str) -> float:
        return features(index, query, rank(index, query, among=among), among)["foreign"]

    assert foreign("вернуть товар 12345 ORD-77") == 0
    assert foreign("вернуть велосипед") > 0.3


def test_a_feature_that_never_changes_does_no_harm() -> None:
    model = NoAnswerModel.fit([row(1.0)] * 4, [True, False, True, False], [(1.0, 1.0)] * 4, largeness=0.5)
    assert model.probability(row(1.0)) == pytest.approx(0.5)
