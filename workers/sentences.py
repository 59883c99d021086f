"""Text → the units that are quoted and judged: sentences, list items, table rows."""

import re

_ABBREVIATIONS = (
    r"(?<!\bт\.)(?<!\bг\.)(?<!\bул\.)(?<!\bруб\.)(?<!\bтел\.)(?<!\bстр\.)(?<!\bдр\.)(?<!\bд\.)(?<!\bч\.)(?<!\bт\.е\.)"
    r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bNo\.)(?<!\bvs\.)(?<!\bSt\.)"
)
_END = re.compile(rf"{_ABBREVIATIONS}(?<=[.!?…])[»\")]*\s+(?=[^\W_a-zа-яё]|[«\"(\[])")
_ITEM = re.compile(r"^\s*(?:[-*•–—]|\d{1,2}[.)])\s+")
_ROW = re.compile(r"\s*[^:;]{1,60}: [^;]+(?:; [^:;]{1,60}: .+)+|\s*\|.*\||\s*[^:.!?]{1,40}: .*[^.!?…]")
_LINK = re.compile(r"!?\[([^\]]+)\]\((\S+?)\)")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_ANNOUNCES = re.compile(
    r":\s*$|\b(?:завис[ия]т от|складывается из|состо[ия]т из|в таблице|следующ\w+|показывает|за \w+ шаг\w*|"
    r"depends? on|made up of|consists? of|(?:in|by) the table|tables? below|following|in \w+ steps?|shows?)\b",
    re.IGNORECASE,
)


def is_item(line: str) -> bool:
    """Whether the line is one of a list."""
    return _ITEM.match(line) is not None


def is_row(line: str) -> bool:
    """Whether the line reads «header: value»."""
    return _ROW.fullmatch(line) is not None


def announces(line: str) -> bool:
    """Whether the line leads in a list or a table, where one follows it."""
    return _ANNOUNCES.search(line) is not None


def plain(line: str) -> str:
    """Strip Markdown; a link's address stays, in brackets."""
    line = _LINK.sub(lambda match: f"{match[1]} ({match[2]})" if match[1] != match[2] else match[2], line)
    return _EMPHASIS.sub(r"\2", _HEADING.sub("", line)).strip()


def split_sentences(text: str) -> list[str]:
    """Split running text at sentence ends."""
    return [sentence.strip() for sentence in _END.split(text) if sentence.strip()]


def units(text: str) -> list[str]:
    """Return list items and table rows as lines, everything else as sentences, in order."""
    found: list[str] = []
    for line in text.splitlines():
        clean = plain(line)
        if not clean:
            continue
        found.extend([clean] if is_item(clean) or is_row(clean) else split_sentences(clean))
    return found
