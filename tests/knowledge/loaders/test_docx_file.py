import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from knowledge.documents import Reading

Read = Callable[[str, bytes], Reading]
Lines = Callable[[Reading], list[str]]
Outline = Callable[[Reading], list[tuple[tuple[str, ...], list[str]]]]
Reason = Callable[[Reading], str]


def saved(document: "docx.document.Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


def simple() -> bytes:
    document = docx.Document()
    document.add_paragraph("Text.")
    return saved(document)


def test_heading_styles_become_title_and_breadcrumbs(read: Read, outline: Outline) -> None:
    document = docx.Document()
    document.add_heading("Возврат", 0)
    document.add_paragraph("Вступление.")
    document.add_heading("Деньги", 1)
    document.add_heading("Карты", 2)
    document.add_paragraph("Десять дней.")
    document.add_heading("Упаковка", 1)
    document.add_paragraph("В коробке.")
    reading = read("a.docx", saved(document))
    assert reading.document
    assert (reading.document.title, reading.document.titled) == ("Возврат", True)
    assert outline(reading) == [
        ((), ["Вступление."]),
        (("Деньги", "Карты"), ["Десять дней."]),
        (("Упаковка",), ["В коробке."]),
    ]


def test_a_table_row_names_its_headers(read: Read, lines: Lines) -> None:
    document = docx.Document()
    table = document.add_table(3, 3)
    for row, cells in zip(
        table.rows, [["Город", "Цена", "Срок"], ["Омск", "490", "3 дня"], ["Пермь", "", "2 дня"]], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    assert lines(read("a.docx", saved(document))) == [
        "Город: Омск; Цена: 490; Срок: 3 дня",
        "Город: Пермь; Срок: 2 дня",
    ]


def test_two_columns_without_a_marked_header_are_names_and_values(read: Read, lines: Lines) -> None:
    document = docx.Document()
    table = document.add_table(2, 2)
    for row, cells in zip(table.rows, [["Доставка", "бесплатно"], ["Возврат", "14 дней"]], strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    assert lines(read("a.docx", saved(document))) == ["Доставка: бесплатно", "Возврат: 14 дней"]


def test_a_table_of_one_column_is_a_frame_around_text(read: Read, lines: Lines) -> None:
    document = docx.Document()
    document.add_table(1, 1).rows[0].cells[0].text = "Важно."
    assert lines(read("a.docx", saved(document))) == ["Важно."]


def test_lists_keep_their_marks_and_numbers(read: Read, lines: Lines) -> None:
    document = docx.Document()
    document.add_paragraph("раз", style="List Number")
    document.add_paragraph("два", style="List Number")
    document.add_paragraph("точка", style="List Bullet")
    assert lines(read("a.docx", saved(document))) == ["1. раз", "2. два", "- точка"]


def test_code_is_one_block_with_its_line_ends(read: Read) -> None:
    document = docx.Document()
    document.styles.add_style("Source Code", 1)
    document.add_paragraph("if a:", style="Source Code")
    document.add_paragraph("    b()", style="Source Code")
    reading = read("a.docx", saved(document))
    assert reading.document
    (block,) = reading.document.sections[0].blocks
    assert (block.text, block.whole) == ("if a:\n    b()", True)


def test_deleted_text_is_no_text_and_inserted_text_is(read: Read, lines: Lines) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Срок ")
    for tag, text_tag, text in (("w:del", "w:delText", "десять"), ("w:ins", "w:t", "пять")):
        change, run, words = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(text_tag)
        words.text = text
        run.append(words)
        change.append(run)
        paragraph._p.append(change)
    assert lines(read("a.docx", saved(document))) == ["Срок пять"]


def test_text_in_content_controls_is_read(read: Read, lines: Lines) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Внутри.")
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    paragraph._p.addprevious(control)
    control.append(content)
    content.append(paragraph._p)
    assert lines(read("a.docx", saved(document))) == ["Внутри."]


def test_addresses_behind_words_are_shown(read: Read, lines: Lines) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("See ")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), document.part.relate_to("https://shop.example/form", kind, is_external=True))
    run, words = OxmlElement("w:r"), OxmlElement("w:t")
    words.text = "the form"
    run.append(words)
    link.append(run)
    paragraph._p.append(link)
    assert lines(read("a.docx", saved(document))) == ["See the form (https://shop.example/form)"]


def test_a_document_without_text_is_named(read: Read, reason: Reason) -> None:
    assert reason(read("a.docx", saved(docx.Document()))) == "holds no text"


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", b"plain text", simple()[:-200], simple()[:300]])
def test_a_damaged_document_is_named(read: Read, reason: Reason, content: bytes) -> None:
    assert reason(read("a.docx", content)).startswith("is damaged, or no Word file")


def test_damaged_xml_inside_is_named(read: Read, reason: Reason) -> None:
    content = changed(simple(), "word/document.xml", lambda part: part[:-30])
    assert reason(read("a.docx", content)).startswith("is damaged, or no Word file")


def test_a_zip_that_is_no_document_is_named(read: Read, reason: Reason) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("a.txt", "text")
    assert reason(read("a.docx", out.getvalue())) == "is no Word file"


def test_an_entity_bomb_is_refused_before_any_library_sees_it(read: Read, reason: Reason) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>'
    for part in ("word/document.xml", "[Content_Types].xml", "_rels/.rels", "word/styles.xml"):
        assert "XML entities" in reason(read("a.docx", changed(simple(), part, lambda _: bomb)))


def test_an_entity_bomb_in_another_encoding_is_refused(read: Read, reason: Reason) -> None:
    bomb = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY a "a">]><a>&a;</a>'.encode("utf-16")
    assert "XML entities" in reason(read("a.docx", changed(simple(), "word/document.xml", lambda _: bomb)))


def test_a_bomb_of_zeros_is_refused_before_it_is_unpacked(read: Read, reason: Reason) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", "<a/>")
        with package.open("word/media/image.bin", "w", force_zip64=True) as part:
            for _ in range(210):
                part.write(bytes(1_000_000))
    assert len(out.getvalue()) < 1_000_000
    assert "unpacks to more than 200 MB" in reason(read("a.docx", out.getvalue()))


def test_thousands_of_parts_are_refused(read: Read, reason: Reason) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number in range(5_001):
            package.writestr(f"word/{number}", "")
    assert "more than 5,000 parts" in reason(read("a.docx", out.getvalue()))


def test_deeply_nested_xml_is_refused(read: Read, reason: Reason) -> None:
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    content = changed(simple(), "word/document.xml", lambda _: deep)
    assert reason(read("a.docx", content)) == "is nested too deeply"


def test_a_password_is_named(read: Read, reason: Reason) -> None:
    assert "password" in reason(read("a.docx", old_format("EncryptedPackage")))


def test_an_old_document_under_a_new_name_is_named(read: Read, reason: Reason) -> None:
    assert "old Word" in reason(read("a.docx", old_format("WordDocument")))


def old_format(stream: str) -> bytes:
    """What matters of a compound file (MS-CFB): its first bytes, and the name of a stream in its directory."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1_016) + stream.encode("utf-16-le") + bytes(1_000)
