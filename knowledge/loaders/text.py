"""Plain text and Markdown files."""

import re

from knowledge import markdown
from knowledge.documents import Block, Reading, Section
from knowledge.loaders import front_matter
from knowledge.loaders.encodings import decode
from knowledge.loaders.front_matter import reading_of

_MAX_TITLE_LETTERS = 100
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def read_markdown(raw: bytes, source: str) -> Reading:
    """Read a Markdown article with its front matter."""
    front, text = front_matter.split(decode(raw), source)
    title, sections = markdown.parse(text, front.title)
    return reading_of(source, front, title, sections)


def read_plain(raw: bytes, source: str) -> Reading:
    """Read paragraphs; a short first line that stands alone is the title."""
    front, text = front_matter.split(decode(raw), source)
    title, paragraphs = front.title, [part.strip() for part in _PARAGRAPHS.split(text) if part.strip()]
    if title is None and len(paragraphs) > 1 and "\n" not in paragraphs[0] and len(paragraphs[0]) <= _MAX_TITLE_LETTERS:
        title, *paragraphs = paragraphs
    section = Section((), tuple(Block(part) for part in paragraphs))
    return reading_of(source, front, title, (section,) if paragraphs else ())
