from pathlib import Path

import numpy as np
import pytest

from knowledge.chunks import chunk_documents
from knowledge.index import Index
from knowledge.passages import Chunk
from knowledge.ranking import PRICE, TRADE, rank
from knowledge.sources import read_sources
from knowledge.surroundings import QUESTION_PRIOR

MOUNTAINS = (
    "The glacier carves granite valleys below the ridge of the northern massif.",
    "Basalt columns form where lava cools slowly beside the volcano's crater.",
    "Erosion grinds limestone cliffs until caverns open beneath the plateau.",
    "Alpinists pitched a tent on the icefall and measured how far the moraine moved.",
)


@pytest.fixture(scope="module")
def encyclopaedia() -> Index:
    return Index.build([Chunk(text[:9], f"{text[:9]}.md", "", (), text, "en") for text in MOUNTAINS])


def test_the_thesaurus_knows_a_shop_and_no_encyclopaedia(shop: Path, encyclopaedia: Index) -> None:
    low, high = TRADE
    assert encyclopaedia.known_trade < low
    assert Index.build(chunk_documents(read_sources(shop).documents)).known_trade > high


@pytest.mark.parametrize("query", ["shipping of parcels to the plateau", "where is the backpack", "tents"])
def test_a_base_of_another_trade_is_searched_by_words(encyclopaedia: Index, query: str) -> None:
    among = np.ones(len(MOUNTAINS), dtype=np.bool_)
    everything = rank(encyclopaedia, query, among=among)
    words = rank(encyclopaedia, query, among=among, channels={"lexical", "characters"})
    np.testing.assert_allclose(everything.blend, words.blend, atol=1e-6)


def test_a_question_in_another_language_is_answered_by_meaning_in_any_trade(encyclopaedia: Index) -> None:
    found = rank(encyclopaedia, "купить палатку", among=np.ones(len(MOUNTAINS), dtype=np.bool_))
    assert found.order[0] == 3
    assert found.blend[3] > 0


def test_what_tells_a_price_stands_higher_when_a_price_is_asked_for() -> None:
    texts = (
        "Courier delivery: the courier calls an hour before.",
        "Delivery within the country: courier 390 ₽.",
        "Gloves and hats are in the shop.",
    )
    shop = Index.build([Chunk(text[:9], f"{text[:9]}.md", "", (), text, "en") for text in texts])
    asked, plain = (
        rank(shop, query, among=np.ones(len(texts), dtype=np.bool_)).blend
        for query in ("how much is courier delivery", "courier delivery")
    )
    assert asked[1] - plain[1] == pytest.approx(PRICE / (1 + QUESTION_PRIOR), abs=0.02)
    assert asked[0] == pytest.approx(plain[0], abs=0.02)
