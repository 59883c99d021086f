import pytest

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support import canned
from support.canned import CannedReplies


@pytest.fixture
async def replies(session, now):
    for name, language, text in (
        ("сроки", "ru", "{name}, курьер привезёт заказ за 3–5 дней."),
        ("доставка-москва", "ru", "По Москве доставляем на следующий день."),
        ("возврат", "ru", "Вернуть товар можно за 30 дней."),
        ("извинения", "ru", "Простите за ожидание, уже разбираемся."),
        ("delivery", "en", "The courier brings it within 3 days."),
    ):
        await CannedReplies(session).put(name, language, text, 7, now)
    return await CannedReplies(session).all()


def names(found):
    return [row.name for row in found]


async def test_replies_are_found_by_name_words_spelling_and_meaning_without_a_knowledge_base(replies):
    assert names(canned.find(replies, "возврат", "ru")) == ["возврат"]
    assert names(canned.find(replies, "Доставка Москва", "ru")) == ["доставка-москва"]
    assert names(canned.find(replies, "delivery", "ru")) == ["delivery"], "a name in any language"
    by_words = names(canned.find(replies, "доставки", "ru"))
    assert by_words[0] == "доставка-москва"
    assert by_words[-1] == "delivery", "the thesaurus knows both languages; the customer's goes first"
    assert "возврат" in names(canned.find(replies, "возвартить товар", "ru")), "misspelled"
    assert names(canned.find(replies, "извинение", "ru")) == ["извинения"]
    assert canned.find(replies, "космонавтика", "ru") == ()
    assert len(canned.find(replies, "", "en")) == 5
    assert canned.find(replies, "", "en")[0].language == "en"


async def test_with_a_knowledge_base_what_fits_comes_first_as_without(replies, shop_releases):
    base = CurrentKnowledge(ReleaseStore(shop_releases)).get()
    assert names(canned.find(replies, "вернуть товар", "ru", base))[0] == "возврат"
    assert canned.find(replies, "космонавтика", "ru", base) == ()


def test_variables_are_filled_in_and_gaps_are_named():
    values = {"name": "Анна", "operator": "Мария", "order": ""}
    filled = canned.fill("{name}, заказ {order}: {operator}. {name}!", values)
    assert filled.text == "Анна, заказ {order}: Мария. Анна!"
    assert filled.missing == ("order",)
    assert canned.unknown_variables("{name} {адрес}") == ("адрес",)


async def test_a_name_has_one_text_a_language(session, replies, now):
    await CannedReplies(session).put("Возврат", "ru", "За 14 дней.", 7, now)
    rows = await CannedReplies(session).named("возврат")
    assert [row.text for row in rows] == ["За 14 дней."]
    await CannedReplies(session).delete(rows[0], 7, now)
    assert await CannedReplies(session).named("возврат") == []
