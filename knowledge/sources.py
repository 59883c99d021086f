"""A folder of sources → documents. A file that cannot be read is named with its line and a reason, the rest goes on."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from knowledge import markdown, pairs
from knowledge.documents import Block, Document, Section, SourceError, Sources
from knowledge.errors import SourcesError
from knowledge.golden import FILE_NAMES as GOLDEN

__all__ = ["Document", "SourceError", "Sources", "read_sources"]

MAX_FILE_BYTES = 10_000_000
_MAX_TITLE_LETTERS = 100
_ENDINGS = {".md", ".txt", ".csv", ".jsonl"}
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class _UnreadableError(Exception):
    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line


def read_sources(folder: Path) -> Sources:
    """Read every article below the folder, in the order of paths.

    Raises:
        SourcesError: the folder does not exist or cannot be listed.
    """
    if not folder.is_dir():
        raise SourcesError(
            f"The knowledge folder {folder} does not exist. Create it and put .md, .txt or .csv files in."
        )
    documents: list[Document] = []
    errors: list[SourceError] = []
    for path in _files(folder, errors):
        name = _below(folder, path)
        try:
            document, problems = _read(path, name)
        except _UnreadableError as problem:
            errors.append(SourceError(name, problem.line, problem.reason))
        else:
            errors.extend(problems)
            if document.sections:
                documents.append(document)
            elif not problems:
                errors.append(SourceError(name, None, "holds no text"))
    return Sources(tuple(documents), tuple(errors))


def _files(folder: Path, errors: list[SourceError]) -> Iterator[Path]:
    root = folder.resolve()

    def unlisted(error: OSError) -> None:
        name = _below(folder, Path(error.filename))
        if name == ".":
            raise SourcesError(f"The knowledge folder {folder} cannot be listed: {error.strerror}.") from error
        errors.append(SourceError(name, None, f"the folder cannot be listed: {error.strerror}"))

    for parent, folders, names in os.walk(folder, onerror=unlisted):
        here = Path(parent)
        for name in folders:
            if name.startswith(".") or not (here / name).is_symlink():
                continue
            errors.append(SourceError(_below(folder, here / name), None, "links to folders are refused"))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or (here == folder and name in GOLDEN):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                reason = "the link leads out of the knowledge folder"
                errors.append(SourceError(_below(folder, path), None, reason))
                continue
            yield path


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read(path: Path, name: str) -> tuple[Document, tuple[SourceError, ...]]:
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(sorted(_ENDINGS))
        raise _UnreadableError(f"unknown kind of file “{ending or path.name}”: articles are {known}")
    text = _decoded(path)
    title = path.stem.replace("_", " ").replace("-", " ").strip().capitalize() or path.stem
    match ending:
        case ".md":
            found, sections = markdown.parse(text)
            return Document(name, found or title, sections or ((Section((), (Block(found),)),) if found else ())), ()
        case ".txt":
            return _plain_document(name, title, text), ()
        case _:
            read = pairs.read_csv if ending == ".csv" else pairs.read_jsonl
            found_pairs, problems = read(text)
            sections = tuple(Section((), (Block(pair.answer),), question=pair.question) for pair in found_pairs)
            return Document(name, title, sections), tuple(SourceError(name, line, reason) for line, reason in problems)


def _decoded(path: Path) -> str:
    try:
        if not path.is_file():
            raise _UnreadableError("is not an ordinary file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _UnreadableError(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB: split it into several articles")
        raw = path.read_bytes()
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _UnreadableError("is not UTF-8 text: save it in the UTF-8 encoding", line) from error
    if "\0" in text:
        raise _UnreadableError("is not text", text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        raise _UnreadableError("is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain_document(name: str, title: str, text: str) -> Document:
    paragraphs = [part.strip() for part in _PARAGRAPHS.split(text) if part.strip()]
    if len(paragraphs) > 1 and "\n" not in paragraphs[0] and len(paragraphs[0]) <= _MAX_TITLE_LETTERS:
        title, *paragraphs = paragraphs
    return Document(name, title, (Section((), tuple(Block(part) for part in paragraphs)),))
