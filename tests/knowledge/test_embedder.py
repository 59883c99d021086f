import numpy as np

from knowledge.embedder import Embedder

TEXTS = ["доставка курьером по городу", "возврат денег на карту", "гарантия на рюкзак", "delivery by courier"]


def test_vectors_have_length_one_and_what_is_unknown_has_none() -> None:
    embedder, vectors = Embedder.train(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(embedder.embed(TEXTS), vectors, atol=1e-5)
    assert not embedder.embed(["☃☃☃"]).any()


def test_a_text_is_nearest_to_the_one_of_the_same_meaning() -> None:
    embedder, vectors = Embedder.train(TEXTS)
    asked = embedder.embed(["вернёте средства?", "рюкзаки сломались", "shipped by couriers"])
    assert (asked @ vectors.T).argmax(axis=1).tolist() == [1, 2, 3]


def test_what_the_base_does_not_know_shortens_the_projection() -> None:
    embedder, _ = Embedder.train(TEXTS)
    known, half, unknown = (
        float(np.linalg.norm(embedder.project(text))) for text in ("доставка", "доставка жирафа", "жираф")
    )
    assert known > half > unknown


def test_a_question_alone_is_projected_as_among_texts() -> None:
    embedder, _ = Embedder.train(TEXTS)
    for text in (*TEXTS, "вернёте деньги за рюкзаки и жирафа?", "доставка доставка", "the courier"):
        projected = embedder.project(text)
        np.testing.assert_allclose(projected / np.linalg.norm(projected), embedder.embed([text])[0], atol=1e-6)


def test_training_twice_gives_the_same_numbers() -> None:
    first, second = Embedder.train(TEXTS), Embedder.train(TEXTS)
    np.testing.assert_array_equal(first[0].projection, second[0].projection)
    np.testing.assert_array_equal(first[1], second[1])


def test_a_large_base_is_trained_sparsely_with_the_same_outcome_each_time() -> None:
    texts = [f"статья {n} про слово{n % 50} и тему{n % 7}" for n in range(1_600)]
    first, second = Embedder.train(texts), Embedder.train(texts)
    np.testing.assert_array_equal(first[1], second[1])
    assert np.isfinite(first[1]).all()
