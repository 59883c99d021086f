"""Markdown → sections of plain text: what a customer would read, without markup."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from knowledge.documents import Block, Section

_PARSER = MarkdownIt("commonmark").enable("table")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_SHOWN_LINKS = ("http://", "https://", "mailto:", "tel:", "tg:")


def parse(text: str) -> tuple[str | None, tuple[Section, ...]]:
    """Return the title (front matter, else the first heading if it is of level 1) and the sections in order."""
    title: str | None = None
    front = _FRONT_MATTER.match(text)
    if front and (named := _FRONT_TITLE.search(front[1])):
        title = named[1].strip("\"'")
        text = text[front.end() :]
    sections: list[Section] = []
    headings: dict[int, str] = {}
    blocks: list[Block] = []
    pending = False

    def close() -> None:
        nonlocal blocks
        if blocks or pending:
            sections.append(Section(tuple(headings[level] for level in sorted(headings)), tuple(blocks)))
        blocks = []

    for node in SyntaxTreeNode(_PARSER.parse(text)).children:
        if node.type != "heading":
            blocks.extend(_blocks(node))
            continue
        level, heading = int(node.tag[1]), " ".join(_plain(node).split())
        if level == 1 and not headings and not blocks and title in {None, heading}:
            title = heading
            continue
        # A heading that only introduces deeper ones lives on in their breadcrumbs and needs no section of its own.
        if blocks or (pending and level <= max(headings)):
            close()
        headings = {known: name for known, name in headings.items() if known < level} | {level: heading}
        pending = bool(heading)
    close()
    return title or None, tuple(section for section in sections if section.blocks or section.breadcrumb)


def _blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    match node.type:
        case "fence" | "code_block":
            if content := node.content.strip("\n"):
                yield Block(content, whole=True)
        case "html_block":
            yield from _block(_without_tags(node.content))
        case "table":
            yield from _table_rows(node)
        case "bullet_list" | "ordered_list":
            yield from _list_items(node)
        case "blockquote":
            for child in node.children:
                yield from [Block(_plain(child))] if child.type == "heading" else _blocks(child)
        case "hr":
            return
        case _:
            yield from _block(_plain(node))


def _block(text: str) -> Iterator[Block]:
    if text.strip():
        yield Block(text.strip())


def _list_items(node: SyntaxTreeNode) -> Iterator[Block]:
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    for item in node.children:
        mark = "- " if number is None else f"{number}. "
        for position, block in enumerate(block for child in item.children for block in _item_blocks(child)):
            lead = mark if position == 0 else " " * len(mark)
            yield Block(block.text if block.whole else lead + block.text.replace("\n", " "), whole=block.whole)
        if number is not None:
            number += 1


def _item_blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    if node.type == "heading":
        yield from _block(_plain(node))
    else:
        yield from _blocks(node)


def _table_rows(node: SyntaxTreeNode) -> Iterator[Block]:
    header = [_plain(cell) for cell in node.children[0].children[0].children]
    rows = node.children[1].children if len(node.children) > 1 else []
    if not rows:
        yield from _block("; ".join(cell for cell in header if cell))
    for row in rows:
        cells = [_plain(cell) for cell in row.children]
        named = [f"{name}: {cell}" if name else cell for name, cell in zip(header, cells, strict=False) if cell]
        yield from _block("; ".join(named))


def _plain(node: SyntaxTreeNode) -> str:
    if node.type == "inline":
        return _inline(list(node.to_tokens()))
    return " ".join(filter(None, (_plain(child) for child in node.children))) if node.children else node.content


def _inline(tokens: list[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens[0].children or []:
        match token.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "link_open":
                links.append((str(token.attrs.get("href", "")), len(parts)))
            case "link_close":
                address, start = links.pop()
                shown = address.removeprefix("mailto:").removeprefix("tel:")
                if address.startswith(_SHOWN_LINKS) and shown not in "".join(parts[start:]):
                    parts.append(f" ({shown})")
            case "html_inline":
                parts.append("\n" if token.content.lower().startswith("<br") else _without_tags(token.content))
            case _:
                parts.append(token.content)
    return "".join(parts).strip()


def _without_tags(html: str) -> str:
    return _TAG.sub("", _COMMENT.sub("", html))
