import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.base import KnowledgeBase
from knowledge.errors import ReleaseError
from knowledge.releases import ReleaseStore

PARAPHRASES = {
    "ru": [
        ("хочу сдать обратно покупку", "ru/returns.md"),
        ("сколько ждать посылку", "ru/delivery.md"),
        ("сколько возьмёт курьер за привоз", "ru/delivery.md"),
        ("когда сгорят мои бонусы", "ru/loyalty.md"),
        ("рюкзак сломался, почините?", "ru/warranty.md"),
        ("когда вернут средства", "ru/returns.md"),
    ],
    "en": [
        ("can I send my purchase back", "en/returns.md"),
        ("how long do you ship a parcel", "en/delivery.md"),
        ("my rucksack broke, who mends it", "en/warranty.md"),
        ("erase my profile", "en/faq.csv"),
        ("when is my refund paid", "en/returns.md"),
        ("do you have presents vouchers", "en/faq.csv"),
    ],
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("base")
    sources = Path(__file__).parent / "shop"
    store = ReleaseStore(folder / "releases")
    number = store.build(sources).release
    yield store.root / str(number)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def base(release: Path) -> KnowledgeBase:
    return KnowledgeBase.load(release)


def first(base: KnowledgeBase, query: str, language: str | None = None) -> str:
    return base.search(query, language=language).passages[0].chunk.source


def found_first(base: KnowledgeBase) -> int:
    return sum(
        source == next(iter(passage.chunk.source for passage in base.search(query, language=language).passages), "")
        for language, asked in PARAPHRASES.items()
        for query, source in asked
    )


def test_questions_in_other_words_find_their_article(base: KnowledgeBase) -> None:
    assert found_first(base) >= 10


def test_switching_the_vector_channel_off_costs_right_articles(base: KnowledgeBase, release: Path) -> None:
    without = KnowledgeBase.load(release, channels=frozenset({"lexical", "characters"}))
    assert found_first(without) <= found_first(base) - 3
    assert all(passage.scores.vector == 0 for passage in without.search("доставка").passages)


@pytest.mark.parametrize("channel", ["lexical", "characters", "vector"])
def test_each_channel_finds_something_alone(release: Path, channel: str) -> None:
    alone = KnowledgeBase.load(release, channels=frozenset({channel}))
    assert first(alone, "стоимость доставки в регионы") == "ru/delivery.md"


def test_a_typo_is_found_by_its_characters(base: KnowledgeBase) -> None:
    assert first(base, "гаррантия на рюкзкаи") == "ru/warranty.md"


def test_the_wrong_keyboard_layout_is_repaired_before_searching(base: KnowledgeBase) -> None:
    result = base.search("rfr dthyenm njdfh")
    assert result.query == "как вернуть товар"
    assert result.passages[0].chunk.source == "ru/returns.md"


def test_an_exact_code_is_pinned_on_top(base: KnowledgeBase) -> None:
    for query in ("возврат товара, доставка и ошибка E-42", "e42", "ошибка Е-42".replace("Е", "E")):
        assert first(base, query) == "ru/warranty.md"


def test_chunks_in_the_customers_language_come_first(base: KnowledgeBase) -> None:
    for language in ("ru", "en"):
        passages = base.search("30 10 390", language=language).passages
        assert {passage.chunk.language for passage in passages} == {language}


def test_the_other_language_is_asked_when_nothing_matches(base: KnowledgeBase) -> None:
    assert first(base, "баллы бонусной программы", "en") == "ru/loyalty.md"
    assert first(base, "gift certificates", "ru") == "en/faq.csv"


def test_a_language_that_the_base_lacks_is_no_obstacle(base: KnowledgeBase) -> None:
    assert base.search("доставка", language="de").passages


def test_answerable_tells_the_shops_questions_from_others(base: KnowledgeBase) -> None:
    good = [
        base.search(query, language=language).answerable
        for language, asked in PARAPHRASES.items()
        for query, _ in asked
    ]
    foreign = [
        base.search(query, language=language).answerable
        for query, language in (
            ("Do you sell bicycles?", "en"),
            ("What's the weather tomorrow?", "en"),
            ("Какая сегодня погода?", "ru"),
            ("Можно заплатить биткоинами за велосипед?", "ru"),
            ("Who is the mayor of Paris?", "en"),
            ("Как сварить суп?", "ru"),
        )
    ]
    assert all(probability < 0.5 for probability in foreign)
    assert sum(probability >= 0.5 for probability in good) >= 9


def test_the_same_question_is_answered_the_same_by_many_threads(base: KnowledgeBase) -> None:
    queries = [query for asked in PARAPHRASES.values() for query, _ in asked] * 10
    expected = [base.search(query) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(base.search, queries)) == expected


@pytest.mark.parametrize("query", ["", "   ", "?!", "и в на", "\0", "😀", "the of", "x" * 100_000])
def test_a_question_without_content_finds_nothing_that_suffices(base: KnowledgeBase, query: str) -> None:
    assert base.search(query).answerable < 0.5


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.integers(-1, 20))
def test_no_question_breaks_the_search(base: KnowledgeBase, query: str, limit: int) -> None:
    result = base.search(query, language="ru", limit=limit)
    assert len(result.passages) <= max(limit, 0)
    assert 0 <= result.answerable <= 1
    assert all(0 <= passage.scores.blend <= 1 + 1e-9 for passage in result.passages)


def test_loading_something_else_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be read"):
        KnowledgeBase.load(tmp_path)


def test_a_base_of_one_sentence_answers(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Магазин работает с девяти до шести.", encoding="utf-8")
    store = ReleaseStore(tmp_path / "releases")
    sources = tmp_path / "sources"
    sources.mkdir()
    (tmp_path / "a.txt").rename(sources / "a.txt")
    base = store.open(store.build(sources).release)
    assert first(base, "во сколько работает магазин", "ru") == "a.txt"
