import pytest

from sandbox.telegram.entities import format_text
from sandbox.telegram.errors import ApiError


def html(source):
    return format_text(source, "HTML", None)


def test_html_becomes_text_and_entities_counted_in_utf16_units():
    text, entities = html('😀 <b>жир<i>ный</i></b> &lt;&amp; <a href="https://example.com">тут</a>')

    assert text == "😀 жирный <& тут"
    assert entities == [
        {"type": "bold", "offset": 3, "length": 6},
        {"type": "italic", "offset": 6, "length": 3},
        {"type": "text_link", "offset": 13, "length": 3, "url": "https://example.com"},
    ]


def test_code_block_keeps_its_language():
    text, entities = html('<pre><code class="language-python">a = 1</code></pre>')

    assert text == "a = 1"
    assert entities == [{"type": "pre", "offset": 0, "length": 5, "language": "python"}]


def test_quotation_may_be_expandable():
    assert [
        entity["type"] for entity in html("<blockquote>a</blockquote><blockquote expandable>b</blockquote>")[1]
    ] == [
        "blockquote",
        "expandable_blockquote",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("ж<x>a</x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", "Unsupported start tag"),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(source, said):
    with pytest.raises(ApiError) as caught:
        html(source)

    assert f"Bad Request: can't parse entities: {said}" in caught.value.description


def test_impossible_characters_stay_as_they_are_written():
    assert html("&#xD800; &#0; &#9999999; &unknown; &#10004;")[0] == "&#xD800; &#0; &#9999999; &unknown; ✔"


def test_entity_outside_of_the_text_is_refused():
    with pytest.raises(ApiError, match="entity beginning at UTF-16 offset 1 ends after the end of the text"):
        format_text("😀", None, [{"type": "bold", "offset": 1, "length": 2}])


def test_white_space_at_the_ends_is_cut_and_entities_follow():
    assert format_text("  a b \n", None, [{"type": "bold", "offset": 0, "length": 7}]) == (
        "a b",
        [{"type": "bold", "offset": 0, "length": 3}],
    )


def test_commands_links_and_addresses_are_found_in_plain_text():
    text, entities = format_text("/start см. https://example.com, anna@example.com @otvet #сбой", None, None)
    found = [(entity["type"], text[entity["offset"] : entity["offset"] + entity["length"]]) for entity in entities]

    assert found == [
        ("bot_command", "/start"),
        ("url", "https://example.com"),
        ("email", "anna@example.com"),
        ("mention", "@otvet"),
        ("hashtag", "#сбой"),
    ]


def test_nothing_is_found_inside_of_a_link():
    assert [entity["type"] for entity in html('<a href="https://a.example/">https://b.example</a>')[1]] == ["text_link"]


@pytest.mark.parametrize("mode", ["MarkdownV2", "Markdown", "BBCode"])
def test_other_parse_modes_are_refused(mode):
    with pytest.raises(ApiError, match="Bad Request"):
        format_text("*a*", mode, None)
