"""HTML pages: the main text, without menus and footers, by the elements that HTML has for both."""

from lxml import etree, html

from knowledge.documents import Block, Reading, SourceError
from knowledge.loaders.encodings import decode
from knowledge.loaders.front_matter import FrontMatter, known_name, parse_language, reading_of, validity_of
from knowledge.loaders.limits import MAX_HEADING_LETTERS
from knowledge.loaders.links import with_address
from knowledge.loaders.outline import Outline
from knowledge.loaders.tables import table_blocks
from knowledge.loaders.unreadable import UnreadableError

_SILENT = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "iframe",
        "object",
        "canvas",
        "audio",
        "video",
        "head",
        "nav",
        "select",
        "button",
        "textarea",
    ]
)
_AROUND = frozenset({"header", "footer", "aside"})
"""Left out around the main text, kept inside it."""
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "label",
        "legend",
        "li",
        "main",
        "ol",
        "p",
        "section",
        "summary",
        "ul",
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ROLES_AROUND = frozenset({"navigation", "banner", "contentinfo", "search"})
_MAX_NESTING = 200
_MAX_DIGITS = 6


def read_html(raw: bytes, source: str) -> Reading:
    """Read a saved web page."""
    text = decode(raw, markup=True)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError as error:
        raise UnreadableError("holds no text") from error
    front = _said_of_itself(root, source)
    page = _Page()
    main = _main(root)
    page.inside = main is not root
    page.walk(main, 0)
    page.flush()
    found, sections = page.outline.close()
    return reading_of(source, front, found or front.title, sections)


def _said_of_itself(root: html.HtmlElement, source: str) -> FrontMatter:
    """Title and dates in the head: ``<meta name="valid-until" content="2026-12-31">`` and the like."""
    entries: dict[str, tuple[str, int | None]] = {}
    for meta in root.iter("meta"):
        if name := known_name(meta.get("name") or ""):
            entries.setdefault(name, (meta.get("content") or "", None))
    problems: list[SourceError] = []
    title = " ".join((root.findtext(".//title") or "").split())[:MAX_HEADING_LETTERS]
    validity = validity_of(entries, source, problems)
    return FrontMatter(title or None, parse_language(root.get("lang") or ""), validity, problems=tuple(problems))


def _main(root: html.HtmlElement) -> html.HtmlElement:
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = root.findall(path)
        if len(found) == 1 and "".join(found[0].itertext()).strip():
            return found[0]
    return root


class _Page:
    """Walks the elements and gathers words until a block ends."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.inside = False
        self._words: list[str] = []
        self._lead = ""

    def walk(self, element: html.HtmlElement, depth: int) -> None:
        """Take an element with all that is in it."""
        if depth > _MAX_NESTING:
            raise UnreadableError("is nested too deeply")
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _SILENT or self._is_around(element, tag):
            return
        if tag in _HEADINGS and next(element.iterdescendants(*_HEADINGS), None) is None:
            self.flush()
            self.outline.heading(_HEADINGS[tag], _line(element))
        elif tag == "pre":
            self.flush()
            self._add(element.text_content().strip("\n"), whole=True)
        elif tag == "table" and (rows := _rows(element)):
            self.flush()
            cells, headed = rows
            self._add(" ".join(_line(caption) for caption in element.iterchildren("caption")))
            self.outline.add(table_blocks(cells, headed=headed))
        elif tag == "br":
            self._words.append("\n")
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._block(element, tag, depth)
        else:
            start = len(self._words)
            self.gather(element, depth)
            if tag == "a":
                self._words[start:] = [with_address("".join(self._words[start:]), element.get("href") or "")]

    def flush(self) -> None:
        """End the paragraph that is being gathered."""
        lines = (" ".join(line.split()) for line in "".join(self._words).split("\n"))
        self._words = []
        if text := "\n".join(filter(None, lines)):
            self._add(self._lead + text)
            self._lead = " " * len(self._lead)

    def line(self) -> str:
        """Return everything taken so far as one line."""
        self.flush()
        _, sections = self.outline.close()
        return " ".join(" ".join(block.text for section in sections for block in section.blocks).split())

    def _block(self, element: html.HtmlElement, tag: str, depth: int) -> None:
        self.flush()
        lead = self._lead
        if tag == "li":
            self._lead = lead + _mark(element)
        self.gather(element, depth)
        self.flush()
        if tag == "li":
            self._lead = lead

    def gather(self, element: html.HtmlElement, depth: int = 0) -> None:
        """Take what stands inside an element."""
        # Line ends in the file are spaces on the page.
        self._words.append((element.text or "").replace("\n", " "))
        for child in element:
            self.walk(child, depth + 1)
            self._words.append((child.tail or "").replace("\n", " "))

    def _is_around(self, element: html.HtmlElement, tag: str) -> bool:
        return not self.inside and (tag in _AROUND or element.get("role") in _ROLES_AROUND)

    def _add(self, text: str, *, whole: bool = False) -> None:
        if text.strip():
            self.outline.add([Block(text, whole)])


def _mark(item: html.HtmlElement) -> str:
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return "- "
    first = parent.get("start") or ""
    number = (int(first) if first.isdecimal() and len(first) <= _MAX_DIGITS else 1) + sum(
        1 for _ in item.itersiblings("li", preceding=True)
    )
    return f"{number}. "


def _rows(table: html.HtmlElement) -> tuple[list[list[str]], bool] | None:
    """Cells of a table of data, and whether its first row is a header; None for a table that only arranges a page."""
    if any(True for tag in ("table", *_HEADINGS, "pre") for _ in table.iterdescendants(tag)):
        return None
    rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
    if max((len(row) for row in rows), default=0) <= 1:
        return None
    headed = bool(rows[0]) and all(cell.tag == "th" for cell in rows[0])
    return [[_line(cell) for cell in row] for row in rows], headed


def _line(element: html.HtmlElement) -> str:
    """Return all words of a heading or cell in one line."""
    page = _Page()
    page.inside = True
    page.gather(element)
    return page.line()
