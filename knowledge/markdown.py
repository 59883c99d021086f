"""Markdown → sections of plain text: what a customer would read, without markup."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from knowledge.documents import Block, Section
from knowledge.loaders.links import with_address
from knowledge.loaders.outline import Outline
from knowledge.loaders.tables import row_blocks

_PARSER = MarkdownIt("commonmark").enable("table")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def parse(text: str, title: str | None = None) -> tuple[str | None, tuple[Section, ...]]:
    """Return the title (the one given, else the only heading of level 1 if it stands first) and the sections."""
    outline = Outline(title)
    for node in SyntaxTreeNode(_PARSER.parse(text)).children:
        if node.type == "heading":
            outline.heading(int(node.tag[1]), _plain(node))
        else:
            outline.add(_blocks(node))
    return outline.close()


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
    yield from row_blocks(header, [[_plain(cell) for cell in row.children] for row in rows])


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
                parts[start:] = [with_address("".join(parts[start:]), address)]
            case "html_inline":
                parts.append("\n" if token.content.lower().startswith("<br") else _without_tags(token.content))
            case _:
                parts.append(token.content)
    return "".join(parts).strip()


def _without_tags(html: str) -> str:
    return _TAG.sub("", _COMMENT.sub("", html) if "-->" in html else html)
