from collections.abc import Callable
from contextlib import suppress
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.documents import Reading
from knowledge.loaders.html_page import read_html
from knowledge.loaders.unreadable import UnreadableError

Read = Callable[[str, bytes], Reading]
Lines = Callable[[Reading], list[str]]
Outline = Callable[[Reading], list[tuple[tuple[str, ...], list[str]]]]
Reason = Callable[[Reading], str]


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_headings_become_title_and_breadcrumbs(read: Read, outline: Outline) -> None:
    content = page("<h1>Returns</h1><p>Intro.<h2>Money</h2><h3>Cards</h3><p>Ten days.<h2>Box</h2><p>Keep it.")
    reading = read("a.html", content)
    assert reading.document
    assert (reading.document.title, reading.document.titled) == ("Returns", True)
    assert outline(reading) == [((), ["Intro."]), (("Money", "Cards"), ["Ten days."]), (("Box",), ["Keep it."])]


def test_menus_scripts_and_footers_are_no_text(read: Read, lines: Lines) -> None:
    content = page(
        "<header>Shop</header><nav>Home</nav><script>var a</script><style>p {}</style><div>Text.</div>"
        "<aside>Buy now</aside><!-- secret --><footer>2026</footer>"
    )
    assert lines(read("a.html", content)) == ["Text."]


def test_only_the_main_part_is_read_where_a_page_marks_it(read: Read, lines: Lines) -> None:
    content = page("<div>Menu</div><main><header>Head</header>Text.<aside>Note.</aside></main><div>Foot</div>")
    assert lines(read("a.html", content)) == ["Head", "Text.", "Note."]


def test_inline_markup_does_not_split_words_and_line_breaks_do(read: Read, lines: Lines) -> None:
    content = page("<p>One<b>two</b> three<br>four\n  five <a href='https://shop.example'>site</a></p>")
    assert lines(read("a.html", content)) == ["Onetwo three\nfour five site (https://shop.example)"]


def test_a_table_row_names_its_headers(read: Read, lines: Lines) -> None:
    content = page(
        "<table><caption>Prices</caption><tr><th>City<th>Price<tr><td>Omsk<td>490<tr><td><p>Perm</p><td></table>"
    )
    assert lines(read("a.html", content)) == ["Prices", "City: Omsk; Price: 490", "City: Perm"]


def test_a_table_that_arranges_the_page_is_no_table(read: Read, outline: Outline) -> None:
    content = page("<table><tr><td>Left<td><h2>Money</h2><table><tr><th>A<th>B<tr><td>1<td>2</table></table>")
    assert outline(read("a.html", content)) == [((), ["Left"]), (("Money",), ["A: 1; B: 2"])]


def test_lists_keep_their_marks_and_nesting(read: Read, lines: Lines) -> None:
    content = page("<ol start=3><li>one<li>two<ul><li><p>inner</p><p>more</p></ul></ol>")
    assert lines(read("a.html", content)) == ["3. one", "4. two", "   - inner", "     more"]


def test_code_is_one_block_with_its_line_ends(read: Read) -> None:
    reading = read("a.html", page("<pre><code>a\n\n  b</code></pre>"))
    assert reading.document
    (block,) = reading.document.sections[0].blocks
    assert (block.text, block.whole) == ("a\n\n  b", True)


def test_the_head_gives_title_language_and_days(read: Read) -> None:
    head = "<title>Sale</title><meta name='valid-from' content='2026-12-01'><meta name=valid-until content=2026-12-31>"
    reading = read("a.html", page("<p>Text", head).replace(b"<html>", b"<html lang='ru-RU'>"))
    assert reading.document
    assert (reading.document.title, reading.document.language) == ("Sale", "ru")
    assert reading.document.validity.start == date(2026, 12, 1)
    assert reading.document.validity.end == date(2026, 12, 31)


def test_a_declared_encoding_is_believed(read: Read, lines: Lines) -> None:
    content = page("<p>Ёлка", "<meta charset=windows-1251>").decode().encode("cp1251")
    assert lines(read("a.html", content)) == ["Ёлка"]


def test_a_page_without_text_is_named(read: Read, reason: Reason) -> None:
    assert reason(read("a.html", page("<script>1</script>"))) == "holds no text"
    assert reason(read("a.html", b"<!-- nothing -->")) == "holds no text"


def test_a_page_nested_beyond_reason_is_refused_or_read_and_nothing_breaks(read: Read) -> None:
    reading = read("a.html", page("<div>" * 50_000 + "deep" + "</div>" * 50_000))
    assert [problem.reason for problem in reading.problems] == ["is nested too deeply"]


def test_entities_of_a_page_are_not_expanded_beyond_html(read: Read, lines: Lines) -> None:
    content = b'<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa">]><p>&a; &amp; &copy;</p>'
    assert "aaaaaaaaaa" not in lines(read("a.html", content))[-1]


WORD = st.text("абвгдежзabcdefg", min_size=1, max_size=9)


TAGS = [
    "p",
    "div",
    "b",
    "li",
    "h2",
    "td",
    "blockquote",
    "pre",
    "a",
    "section",
    "table",
    "span",
    "dd",
    "article",
    "details",
]
TREE = st.recursive(
    WORD, lambda inner: st.tuples(st.sampled_from(TAGS), st.lists(inner, min_size=1, max_size=4)), max_leaves=12
)


@settings(deadline=None)
@given(TREE)
@example(("h2", [("h2", ["a"])]))
def test_no_word_of_a_page_is_lost(tree: object) -> None:
    def written(node: object) -> str:
        if isinstance(node, str):
            return f" {node} "
        tag, children = node  # type: ignore[misc]
        return f"<{tag}>{''.join(map(written, children))}</{tag}>"

    def words(node: object) -> list[str]:
        return [node] if isinstance(node, str) else [word for child in node[1] for word in words(child)]  # type: ignore[index]

    document = read_html(page(f"<main>{written(tree)}</main>"), "a.html").document
    assert document
    said = " ".join(" ".join((*s.breadcrumb, *(b.text for b in s.blocks))) for s in document.sections)
    assert sorted({*words(tree)} - {*said.split(), *document.title.split()}) == []


@given(st.text() | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(UnreadableError):
        assert read_html(text.encode("utf-8", "replace"), "a.html").document
