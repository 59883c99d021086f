from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from knowledge.documents import Document, Reading
from knowledge.loaders.reader import Reader

Read = Callable[[str, bytes], Reading]
Page = Sequence[tuple[float, str]]
"""(height of letters, line) from top to bottom."""

_CMAP = (
    b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /A def\n1 begincodespacerange\n"
    b"<00> <FF>\nendcodespacerange\n3 beginbfrange\n<20> <7E> <0020>\n<C0> <FF> <0410>\n<B8> <B8> <0451>\n"
    b"endbfrange\nendcmap\nend\nend"
)


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    with Reader() as opened:
        yield opened


@pytest.fixture
def read(reader: Reader, tmp_path: Path) -> Read:
    def read_bytes(name: str, content: bytes) -> Reading:
        path = tmp_path / name
        path.write_bytes(content)
        return reader.read(path, name)

    return read_bytes


@pytest.fixture
def lines() -> Callable[[Reading], list[str]]:
    """All blocks of a document that was read without a problem."""

    def of(reading: Reading) -> list[str]:
        assert reading.problems == ()
        return [block.text for section in _document(reading).sections for block in section.blocks]

    return of


@pytest.fixture
def outline() -> Callable[[Reading], list[tuple[tuple[str, ...], list[str]]]]:
    """Breadcrumbs with what stands under them."""

    def of(reading: Reading) -> list[tuple[tuple[str, ...], list[str]]]:
        return [(s.breadcrumb, [block.text for block in s.blocks]) for s in _document(reading).sections]

    return of


@pytest.fixture
def reason() -> Callable[[Reading], str]:
    """Why a file was not read at all."""

    def of(reading: Reading) -> str:
        assert reading.document is None
        assert len(reading.problems) == 1
        return reading.problems[0].reason

    return of


def _document(reading: Reading) -> Document:
    assert reading.document is not None, reading.problems
    return reading.document


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return pdf


def pdf(*pages: Page, outline: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF by hand (ISO 32000-1); letters are ASCII and Russian. ``outline``: (heading, 0-based page)."""
    page_ids = [5 + 2 * number for number in range(len(pages))]
    first_item = 5 + 2 * len(pages)
    objects: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R" + (b" /Outlines %d 0 R" % first_item if outline else b"") + b" >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % n for n in page_ids)),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 4 0 R >>",
        4: stream(_CMAP),
    }
    for number, page in zip(page_ids, pages, strict=True):
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % (number + 1)
        )
        objects[number + 1] = stream(_content(page))
    if outline:
        items = [first_item + 1 + number for number in range(len(outline))]
        objects[first_item] = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (
            items[0],
            items[-1],
            len(items),
        )
        for place, (number, (title, page)) in enumerate(zip(items, outline, strict=True)):
            following = b" /Next %d 0 R" % items[place + 1] if place + 1 < len(items) else b""
            named = b"\xfe\xff" + title.encode("utf-16-be")
            objects[number] = b"<< /Title <%s> /Parent %d 0 R /Dest [%d 0 R /Fit]%s >>" % (
                named.hex().encode(),
                first_item,
                page_ids[page],
                following,
            )
    return assembled(objects)


def stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(content), more, content)


def assembled(objects: dict[int, bytes]) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in sorted(objects.items()):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    size = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def _content(page: Page) -> bytes:
    out, height = b"", 760.0
    for size, line in page:
        out += b"BT /F %g Tf 1 0 0 1 50 %g Tm (%s) Tj ET\n" % (size, height, line.encode("cp1251"))
        height -= size * 1.4
    return out
