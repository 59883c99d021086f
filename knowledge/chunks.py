"""Documents → chunks: one a heading, long sections split at paragraph and sentence ends, nothing repeated or lost."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from knowledge.documents import Block, Document, Section
from knowledge.language import detect
from knowledge.passages import Chunk

TARGET_TOKENS = 200
"""A chunk that has reached this many is closed at the next paragraph end."""
MAX_TOKENS = 350
"""Only code and question–answer pairs are ever longer."""
MAX_WHOLE_TOKENS = 2_000
"""Longer code is split at line ends, a longer answer at paragraph ends: no model reads more with understanding."""

REMEMBERED = 20_000
"""Documents whose chunks a process keeps in memory: the build worker cuts most of them again and again."""

_Piece = tuple[str, int]
"""(text, its tokens)"""

# A longer word is none but text without any space, and counts as many.
_TOKEN = re.compile(r"\w{1,40}|[^\w\s]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\s ]+(?=\S)")


def token_count(text: str) -> int:
    """Words and punctuation marks, the unit of chunk sizes."""
    return len(_TOKEN.findall(text))


def chunk_documents(documents: Iterable[Document]) -> tuple[Chunk, ...]:
    """Return all chunks in order; ids are unique if the documents' sources are."""
    return tuple(chunk for document in documents for chunk in _chunks_of(document))


@lru_cache(maxsize=REMEMBERED)
def _chunks_of(document: Document) -> tuple[Chunk, ...]:
    seen: dict[str, int] = {}
    return tuple(_chunk(document, section, text, seen) for section in document.sections for text in _texts(section))


def _chunk(document: Document, section: Section, text: str, seen: dict[str, int]) -> Chunk:
    headings = (document.title, *section.breadcrumb)
    parts = (document.source, *headings, section.question or "", text)
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen[digest] = times = seen.get(digest, 0) + 1
    valid = document.validity.within(section.validity)
    return Chunk(
        id=digest if times == 1 else f"{digest}-{times}",
        source=document.source,
        title=document.title,
        breadcrumb=section.breadcrumb,
        text=text,
        language=document.language or _language(document, " ".join((*headings, section.question or "")), text),
        question=section.question,
        valid_from=None if valid.start is None else valid.start.isoformat(),
        valid_until=None if valid.end is None else valid.end.isoformat(),
    )


def _language(document: Document, headings: str, text: str) -> str:
    folders = document.source.split("/")[:-1]
    named = next((folder for folder in folders if folder in {"ru", "en"}), "en")
    return detect(text) or detect(headings) or named


def _texts(section: Section) -> Iterator[str]:
    if section.question is not None:
        text = "\n".join(block.text for block in section.blocks)
        if token_count(text) <= MAX_WHOLE_TOKENS:
            yield text
        else:
            yield from _packed(piece for line in text.split("\n") for piece in _split(line))
    elif section.blocks:
        yield from _packed(piece for block in section.blocks for piece in _pieces(block))
    else:
        yield section.breadcrumb[-1]


def _packed(pieces: Iterable[_Piece]) -> Iterator[str]:
    """Put pieces together, each on a line of its own, until a chunk is full."""
    open_pieces: list[str] = []
    size = 0
    for piece, tokens in pieces:
        if open_pieces and (size >= TARGET_TOKENS or size + tokens > MAX_TOKENS):
            yield "\n".join(open_pieces)
            open_pieces, size = [], 0
        open_pieces.append(piece)
        size += tokens
    yield "\n".join(open_pieces)


def _pieces(block: Block) -> Iterator[_Piece]:
    if not block.whole:
        yield from _split(block.text)
    elif (tokens := token_count(block.text)) <= MAX_WHOLE_TOKENS:
        yield block.text, tokens
    else:
        lines = block.text.split("\n")
        yield from _joined((part for line in lines for part in _split(line)), "\n", MAX_WHOLE_TOKENS)


def _split(text: str) -> Iterator[_Piece]:
    """Split a text that is too long alone at sentence ends, a sentence that is too long at spaces."""
    tokens = token_count(text)
    if tokens <= MAX_TOKENS:
        yield text, tokens
        return
    sentences = _SENTENCE_END.split(text)
    yield from _joined((part for sentence in sentences for part in _short_parts(sentence)), " ", MAX_TOKENS)


def _short_parts(sentence: str) -> Iterator[_Piece]:
    tokens = token_count(sentence)
    if tokens <= MAX_TOKENS:
        yield sentence, tokens
        return
    yield from _joined((part for word in sentence.split() for part in _cut(word)), " ", MAX_TOKENS)


def _cut(word: str) -> Iterator[_Piece]:
    """Cut what holds no space and too much, such as a long row of dots."""
    tokens = token_count(word)
    if tokens <= MAX_TOKENS:
        yield word, tokens
        return
    starts = [token.start() for token in _TOKEN.finditer(word)][::MAX_TOKENS]
    for start, end in zip([0, *starts[1:]], [*starts[1:], len(word)], strict=True):
        yield word[start:end], MAX_TOKENS


def _joined(parts: Iterable[_Piece], between: str, most: int) -> Iterator[_Piece]:
    taken: list[str] = []
    size = 0
    for part, tokens in parts:
        if taken and size + tokens > most:
            yield between.join(taken), size
            taken, size = [], 0
        taken.append(part)
        size += tokens
    yield between.join(taken), size
