"""Documents → chunks: one a heading, long sections split at paragraph and sentence ends, nothing repeated or lost."""

import hashlib
import re
from collections.abc import Iterable, Iterator

from knowledge.documents import Block, Document, Section
from knowledge.language import detect
from knowledge.passages import Chunk

TARGET_TOKENS = 200
"""A chunk that has reached this many is closed at the next paragraph end."""
MAX_TOKENS = 350
"""Only code, question–answer pairs and text without any space are ever longer."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\s ]+(?=\S)")


def token_count(text: str) -> int:
    """Words and punctuation marks, the unit of chunk sizes."""
    return sum(1 for _ in _TOKEN.finditer(text))


def chunk_documents(documents: Iterable[Document]) -> tuple[Chunk, ...]:
    """Return all chunks in order; ids are unique."""
    chunks: list[Chunk] = []
    seen: dict[str, int] = {}
    for document in documents:
        for section in document.sections:
            chunks.extend(_chunk(document, section, text, seen) for text in _texts(section))
    return tuple(chunks)


def _chunk(document: Document, section: Section, text: str, seen: dict[str, int]) -> Chunk:
    headings = (document.title, *section.breadcrumb)
    parts = (document.source, *headings, section.question or "", text)
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen[digest] = times = seen.get(digest, 0) + 1
    return Chunk(
        id=digest if times == 1 else f"{digest}-{times}",
        source=document.source,
        title=document.title,
        breadcrumb=section.breadcrumb,
        text=text,
        language=_language(document, " ".join((*headings, section.question or "")), text),
        question=section.question,
    )


def _language(document: Document, headings: str, text: str) -> str:
    folders = document.source.split("/")[:-1]
    named = next((folder for folder in folders if folder in {"ru", "en"}), "en")
    return detect(text) or detect(headings) or named


def _texts(section: Section) -> Iterator[str]:
    if section.question is not None:
        yield "\n".join(block.text for block in section.blocks)
        return
    if not section.blocks:
        yield section.breadcrumb[-1]
        return
    open_pieces: list[str] = []
    size = 0
    for piece in (piece for block in section.blocks for piece in _pieces(block)):
        tokens = token_count(piece)
        if open_pieces and (size >= TARGET_TOKENS or size + tokens > MAX_TOKENS):
            yield "\n".join(open_pieces)
            open_pieces, size = [], 0
        open_pieces.append(piece)
        size += tokens
    yield "\n".join(open_pieces)


def _pieces(block: Block) -> Iterator[str]:
    """Split a block that is too long alone at sentence ends, a sentence that is too long at spaces."""
    if block.whole or token_count(block.text) <= MAX_TOKENS:
        yield block.text
        return
    taken: list[str] = []
    size = 0
    for sentence in _SENTENCE_END.split(block.text):
        for part in _short_parts(sentence):
            tokens = token_count(part)
            if taken and size + tokens > MAX_TOKENS:
                yield " ".join(taken)
                taken, size = [], 0
            taken.append(part)
            size += tokens
    yield " ".join(taken)


def _short_parts(sentence: str) -> Iterator[str]:
    if token_count(sentence) <= MAX_TOKENS:
        yield sentence
        return
    taken: list[str] = []
    size = 0
    for word in sentence.split():
        tokens = token_count(word)
        if taken and size + tokens > MAX_TOKENS:
            yield " ".join(taken)
            taken, size = [], 0
        taken.append(word)
        size += tokens
    yield " ".join(taken)
