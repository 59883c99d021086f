import pytest
from aiogram.types import MessageEntity, User
from aiogram.utils.text_decorations import html_decoration
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.splitting import SPANNING, split, split_caption
from sandbox.telegram.markup import parse_html

FAMILY = "👨‍👩‍👧‍👦"
ABBREVIATED = ("т.", "г.")
CLUSTERS = (
    *"аБяё .!?…,\n\n  \t«»()-15xYz",
    *ABBREVIATED,
    *("и\u0306", "e\u0301", "𝒳", "\u1112\u1161\u11ab", "\u00a0"),
    *("❤️", "👍🏽", FAMILY, "🇷🇺", "🇩🇪", "1️⃣"),
)
LARGEST = 11
NESTING = ("bold", "italic", "spoiler", "blockquote", "underline", "strikethrough")
WHOLE = ("text_link", "code", "hashtag", "custom_emoji")


def units(text):
    return len(text.encode("utf-16-le")) // 2


def covered(text, entity):
    encoded = text.encode("utf-16-le")
    return encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def dense(text):
    return "".join(text.split())


def words(text, limit, entities=()):
    return [piece for piece, _ in split(text, entities, limit)]


def marked(text, part, kind="bold", **fields):
    return MessageEntity(type=kind, offset=units(text[: text.index(part)]), length=units(part), **fields)


@st.composite
def formatted(draw):
    """Clusters, and entities over whole clusters that are nested or apart; each names itself in its `url`."""
    clusters = draw(st.lists(st.sampled_from(CLUSTERS), max_size=120))
    starts = [units("".join(clusters[:index])) for index in range(len(clusters) + 1)]
    place = st.integers(0, len(clusters))
    entities, places = [], []
    for first, last in draw(st.lists(st.tuples(place, place), max_size=8)):
        if first >= last or any(first < b < last < c or b < first < c < last for b, c in places):
            continue
        places.append((first, last))
        kind = draw(st.sampled_from(NESTING + WHOLE))
        name = f"https://example.com/{len(entities)}"
        entities.append(MessageEntity(type=kind, offset=starts[first], length=starts[last] - starts[first], url=name))
    # In Telegram's order, what is outside first.
    return clusters, sorted(entities, key=lambda entity: (entity.offset, -entity.length))


LIMITS = st.integers(LARGEST, 60)


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_no_piece_is_too_long_or_blank_and_each_can_be_encoded(text, limit):
    for piece in words("".join(text[0]), limit, text[1]):
        assert 0 < units(piece) <= limit
        assert piece.strip()


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_pieces_follow_each_other_with_nothing_but_white_space_between(text, limit):
    whole = "".join(text[0])
    for piece in words(whole, limit, text[1]):
        start = whole.index(piece)
        assert not whole[:start].strip()
        whole = whole[start + len(piece) :]
    assert not whole.strip()


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(2, 30))
def test_any_text_is_kept_whatever_it_is_made_of(text, limit):
    pieces = words(text, limit)

    assert dense("".join(pieces)) == dense(text)
    assert all(0 < units(piece) <= limit and piece.strip() for piece in pieces)


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_signs_made_of_several_characters_stay_whole(text, limit):
    clusters, entities = text
    apart = [list(cluster) if cluster in ABBREVIATED else [cluster] for cluster in clusters]
    signs = [sign for part in apart for sign in part if sign.strip()]
    for piece in words("".join(clusters), limit, entities):
        left = dense(piece)
        while left:
            sign = signs.pop(0)
            assert left.startswith(sign)
            left = left.removeprefix(sign)


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_entities_cover_what_they_covered(text, limit):
    whole, entities = "".join(text[0]), text[1]
    seen = {entity.url: "" for entity in entities}
    for piece, parts in split(whole, entities, limit):
        for part in parts:
            assert part.offset >= 0
            assert part.length > 0
            assert part.offset + part.length <= units(piece)
            seen[part.url] += covered(piece, part)

    assert {url: dense(found) for url, found in seen.items()} == {
        entity.url: dense(covered(whole, entity)) for entity in entities
    }


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_what_means_something_only_as_a_whole_is_not_cut(text, limit):
    whole, entities = "".join(text[0]), text[1]
    parts = [part.url for _, found in split(whole, entities, limit) for part in found]

    for entity in entities:
        if entity.type not in SPANNING and entity.length <= limit and covered(whole, entity).strip():
            assert parts.count(entity.url) == 1


@settings(deadline=None)
@given(formatted(), LIMITS)
def test_markup_is_balanced_in_every_piece(text, limit):
    spans = [entity for entity in text[1] if entity.type in NESTING]
    for piece, parts in split("".join(text[0]), spans, limit):
        again, _ = parse_html(html_decoration.unparse(piece, parts))
        assert again == piece


@settings(deadline=None)
@given(st.lists(st.text("абвгд", min_size=1, max_size=20), max_size=60))
def test_pieces_are_half_full_at_least_where_words_allow(tokens):
    pieces = words(" ".join(tokens), 40)

    assert all(units(piece) >= 20 for piece in pieces[:-1])


def test_a_text_that_fits_comes_back_unchanged():
    text = "  Привет, Анна!\n"
    entities = [marked(text, "Анна")]

    assert split(text, entities) == [(text, entities)]
    assert split("😀" * 2048) == [("😀" * 2048, [])]


def test_a_blank_text_is_no_piece():
    assert split("") == []
    assert split(" \n" * 5000) == []


def test_a_limit_below_one_emoji_is_refused():
    with pytest.raises(ValueError, match="two UTF-16 units"):
        split("😀", limit=1)


def test_a_paragraph_is_a_better_end_than_a_line_a_sentence_or_a_word():
    paragraph = "Первый абзац. Ещё фраза.\nСтрока. \n \nВторой абзац. И слова дальше."
    assert words(paragraph, 56) == ["Первый абзац. Ещё фраза.\nСтрока.", "Второй абзац. И слова дальше."]

    line = "First line. A sentence.\nSecond line. More words here"
    assert words(line, 44) == ["First line. A sentence.", "Second line. More words here"]

    sentence = "Заказ уже в пути. Курьер позвонит за час до доставки"
    assert words(sentence, 32) == ["Заказ уже в пути.", "Курьер позвонит за час до", "доставки"]


def test_a_better_end_too_near_to_the_beginning_does_not_count():
    text = "Да.\n\nКурьер позвонит за час до доставки"

    assert words(text, 28) == ["Да.\n\nКурьер позвонит за час", "до доставки"]


@pytest.mark.parametrize(
    ("text", "limit", "first"),
    [
        ("Он сказал: «Всё готово!» Потом ушёл домой", 34, "Он сказал: «Всё готово!»"),
        ("Ждать ли мне (или нет?) Ответьте пожалуйста", 38, "Ждать ли мне (или нет?)"),
        ("It costs a lot… Anyway I will take the thing", 30, "It costs a lot…"),
        ("правда? а когда привезут мой заказ", 14, "правда?"),
        ("очень жду ответа! когда привезут", 30, "очень жду ответа!"),
        ("Цена выросла до 3.5 процента в год", 24, "Цена выросла до 3.5"),
        ("Только одно лицо, т. е. Покупатель может", 34, "Только одно лицо, т. е. Покупатель"),
        ("Наш склад и магазин: г. Москва ул. Ленина", 36, "Наш склад и магазин: г. Москва ул."),
        ("Everything in stock, e.g. Apples are fine", 34, "Everything in stock, e.g. Apples"),
        ("We ask for help from Mr. Smith tomorrow", 32, "We ask for help from Mr. Smith"),
        ("Так он и сказал… но потом передумал", 26, "Так он и сказал… но потом"),
        ("«Куда везти заказ?» — спросил нас курьер", 30, "«Куда везти заказ?» — спросил"),
        ("Вся сумма за 2025. Потом другая сумма", 30, "Вся сумма за 2025."),
        ("Вся сумма за всё 5. Потом другая сумма", 30, "Вся сумма за всё 5."),
    ],
)
def test_a_sentence_ends_where_a_reader_sees_it(text, limit, first):
    assert words(text, limit)[0] == first


def test_the_number_of_a_list_item_is_no_sentence():
    text = "Сначала так\n1. Откройте настройки"

    assert words(text, 22)[0] == "Сначала так"
    assert words("Да, вот\n1. Это и ещё", 16)[0] == "Да, вот\n1. Это и"


def test_a_word_longer_than_a_piece_is_cut_where_the_piece_is_full():
    assert words("Код: " + "х" * 25, 10) == ["Код: ххххх", "х" * 10, "х" * 10]


def test_a_word_that_fits_into_the_next_piece_is_not_cut():
    assert words("Код: " + "х" * 10, 10) == ["Код:", "х" * 10]
    assert words("Да" + " " * 30 + "х" * 10, 10) == ["Да", "х" * 10]


def test_a_number_with_unbreakable_spaces_stays_on_one_side():
    assert words("Итого к оплате: 10\u00a0000\u00a0₽", 22) == ["Итого к оплате:", "10\u00a0000\u00a0₽"]


@pytest.mark.parametrize(
    "sign", [FAMILY, "🇷🇺", "👍🏽", "❤️", "и\u0306", "1️⃣", "🏴\U000e0067\U000e0062\U000e007f", "\u1112\u1161\u11ab"]
)
def test_a_hard_cut_falls_between_signs(sign):
    pieces = words(sign * 9, 3 * units(sign) - 1)

    assert pieces == [sign * 2] * 4 + [sign]


def test_a_mark_stays_with_the_white_space_that_carries_it():
    assert words("где то там \u0301вот", 12) == ["где то", "там \u0301вот"]


def test_unbreakable_white_space_at_a_hard_cut_is_dropped_from_the_entity_too():
    text = "х" * 9 + "\u00a0" + "х" * 9

    assert split(text, [marked(text, text)], 10) == [
        ("х" * 9, [MessageEntity(type="bold", offset=0, length=9)]),
        ("х" * 9, [MessageEntity(type="bold", offset=0, length=9)]),
    ]


def test_a_sign_larger_than_a_piece_is_cut_between_characters():
    assert "".join(words("а" + "\u0301" * 20, 6)) == "а" + "\u0301" * 20


def test_a_link_is_not_cut_even_at_its_spaces():
    text = "Подробности есть у нас: условия доставки и возврата. Спасибо"
    link = marked(text, "условия доставки и возврата", "text_link", url="https://example.com")

    pieces = split(text, [link], 42)

    assert [piece for piece, _ in pieces] == ["Подробности есть у нас:", "условия доставки и возврата. Спасибо"]
    assert pieces[0][1] == []
    assert pieces[1][1] == [link.model_copy(update={"offset": 0})]


def test_a_link_without_spaces_around_it_is_cut_before():
    text = "(" * 8 + "https://example.com" + ")" * 8
    pieces = split(text, [marked(text, "https://example.com", "url")], 20)

    assert [piece for piece, _ in pieces] == ["((((((((", "https://example.com)", ")))))))"]


def test_a_link_longer_than_a_piece_is_cut_and_leads_to_the_same_place():
    text = "слово " * 10
    pieces = split(text, [marked(text, text.strip(), "text_link", url="https://example.com")], 20)

    assert [piece for piece, _ in pieces] == ["слово слово слово"] * 3 + ["слово"]
    assert {part.url for _, parts in pieces for part in parts} == {"https://example.com"}


def test_entities_that_overlap_each_other_for_ever_do_not_stop_the_cutting():
    chain = [MessageEntity(type="code", offset=offset, length=6) for offset in range(0, 40, 3)]
    sign = "и\u0306"

    assert words("х" * 46, 8, chain) == ["х" * 8] * 5 + ["х" * 6]
    assert words(sign * 10, 7, chain) == [sign * 3] * 3 + [sign]


def test_bold_is_closed_at_the_cut_and_opened_again():
    text = "Вот важное слово и ещё одно"
    bold, italic = marked(text, "важное слово и ещё"), marked(text, "слово и", "italic")

    (first, of_first), (second, of_second) = split(text, [bold, italic], 17)

    assert (first, second) == ("Вот важное слово", "и ещё одно")
    assert [covered(first, part) for part in of_first] == ["важное слово", "слово"]
    assert [covered(second, part) for part in of_second] == ["и ещё", "и"]


def test_a_code_block_keeps_its_language_and_its_indentation():
    text = "def total(items):\n    return sum(items)\n\n    # конец"
    block = MessageEntity(type="pre", offset=0, length=units(text), language="python")

    pieces = split(text, [block], 24)

    assert [piece for piece, _ in pieces] == ["def total(items):", "    return sum(items)", "    # конец"]
    for piece, parts in pieces:
        assert parts == [MessageEntity(type="pre", offset=0, length=units(piece), language="python")]


def test_a_code_block_at_the_beginning_keeps_its_indentation_too():
    text = "\n    if paid:\n        send()"
    block = MessageEntity(type="pre", offset=0, length=units(text))

    assert words(text, 20, [block]) == ["    if paid:", "        send()"]
    assert words(text[1:], 20, [block]) == ["    if paid:", "        send()"]


def test_an_indentation_that_fills_a_piece_is_dropped():
    text = "a:\n" + " " * 9 + "b"
    block = MessageEntity(type="pre", offset=0, length=units(text))

    assert words(text, 10, [block]) == ["a:", "b"]


def test_an_entity_of_nothing_but_dropped_white_space_is_dropped():
    text = "Первое слово   второе слово"
    pieces = split(text, [marked(text, "   ")], 14)

    assert pieces == [("Первое слово", []), ("второе слово", [])]


def test_what_an_entity_says_beside_its_place_is_kept():
    text = "Пишите " + "Анне Ивановой"
    person = User(id=7, is_bot=False, first_name="Анна")

    pieces = split(text, [marked(text, "Анне Ивановой", "text_mention", user=person)], 14)

    assert pieces[1] == (
        "Анне Ивановой",
        [MessageEntity(type="text_mention", offset=0, length=13, user=person)],
    )


def test_a_caption_that_fits_stays_with_its_media():
    text = "х" * 1024
    entities = [marked(text, "ххх")]

    assert split_caption(text, entities) == ((text, entities), [])


def test_a_long_caption_follows_its_media_as_messages():
    text = "Слово за слово. " * 300

    caption, messages = split_caption(text)

    assert caption is None
    assert messages == split(text)
    assert len(messages) == 2


def test_media_without_words_have_no_caption():
    assert split_caption("") == (None, [])
