"""A folder of sources → documents. What cannot be read is named with its place and a reason, the rest goes on."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from knowledge import days
from knowledge.addressed import without_orders
from knowledge.contradictions import settle
from knowledge.documents import Document, Reading, SourceError, Sources
from knowledge.errors import SourcesError
from knowledge.golden import FILE_NAMES as GOLDEN
from knowledge.loaders.archives import unpack
from knowledge.loaders.cache import ReadingCache, key_of
from knowledge.loaders.kinds import KNOWN
from knowledge.loaders.limits import MAX_DEPTH, MAX_FILES
from knowledge.loaders.names import is_hidden
from knowledge.loaders.reader import Reader

__all__ = ["Document", "SourceError", "Sources", "read_sources"]


def read_sources(sources: Path, *, cache: Path | None = None, today: date | None = None) -> Sources:
    """Read every article below a folder, in the order of paths; also one file, or a zip of a folder.

    What has expired by ``today`` is left out, of texts that contradict each other the older, and words to a
    model. ``cache`` names a file in which readings are kept from one time to the next.

    Raises:
        SourcesError: there is no such folder or file, or it cannot be listed.
    """
    if sources.is_dir():
        return _read_folder(sources, cache, today)
    if not sources.is_file():
        raise SourcesError(f"The knowledge folder {sources} does not exist. Create it and put articles in ({KNOWN}).")
    if sources.suffix.lower() != ".zip":
        return _read_files([sources], sources.parent, [], cache, today)
    with tempfile.TemporaryDirectory(prefix="otvet-sources-") as folder:
        refused = unpack(sources, Path(folder)).refused
        found = _read_folder(Path(folder), cache, today)
    return Sources(found.documents, (*refused, *found.errors))


def _read_folder(folder: Path, cache: Path | None, today: date | None) -> Sources:
    errors: list[SourceError] = []
    return _read_files(_files(folder, errors), folder, errors, cache, today)


def _read_files(
    paths: Iterable[Path], folder: Path, errors: list[SourceError], cache: Path | None, today: date | None
) -> Sources:
    known = None if cache is None else ReadingCache(cache)
    documents: list[Document] = []
    with Reader() as reader:
        for path in paths:
            reading = _read(path, _below(folder, path), reader, known)
            errors.extend(reading.problems)
            if reading.document is not None:
                documents.append(reading.document)
    if known is not None:
        with suppress(OSError):  # a full disk makes the next reading slow, not this one wrong
            known.save()
    settled, warnings = settle(documents, today or days.today())
    kept, orders = without_orders(settled)
    return Sources(kept, (*errors, *warnings, *orders))


def _read(path: Path, source: str, reader: Reader, cache: ReadingCache | None) -> Reading:
    if cache is None or not path.is_file():
        return reader.read(path, source)
    try:
        key = key_of(path, source)
    except OSError:
        return reader.read(path, source)
    reading = cache.get(key)
    if reading is None:
        reading = reader.read(path, source)
        if reading.document is not None:
            cache.put(key, reading)
    return reading


def _files(folder: Path, errors: list[SourceError]) -> Iterator[Path]:
    root = folder.resolve()

    def unlisted(error: OSError) -> None:
        name = _below(folder, Path(error.filename))
        if name == ".":
            raise SourcesError(f"The knowledge folder {folder} cannot be listed: {error.strerror}.") from error
        errors.append(SourceError(name, None, f"the folder cannot be listed: {error.strerror}"))

    count = 0
    for parent, folders, names in os.walk(folder, onerror=unlisted):
        here = Path(parent)
        folders[:] = _entered(here, folders, folder, errors)
        for name in sorted(name for name in names if not is_hidden(name)):
            path = here / name
            if here == folder and name in GOLDEN:
                continue
            if not _is_text(name):
                errors.append(_misnamed(folder, path))
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                reason = "the link leads out of the knowledge folder"
                errors.append(SourceError(_below(folder, path), None, reason))
                continue
            count += 1
            if count > MAX_FILES:
                reason = f"there are more than {MAX_FILES:,} files: from this one on they are not read"
                errors.append(SourceError(_below(folder, path), None, reason))
                return
            yield path


def _entered(here: Path, names: list[str], folder: Path, errors: list[SourceError]) -> list[str]:
    entered = []
    for name in sorted(name for name in names if not is_hidden(name)):
        below = _below(folder, here / name)
        if not _is_text(name):
            errors.append(_misnamed(folder, here / name))
        elif (here / name).is_symlink():
            errors.append(SourceError(below, None, "links to folders are refused"))
        elif below.count("/") >= MAX_DEPTH:
            errors.append(SourceError(below, None, f"folders are nested deeper than {MAX_DEPTH}: move it up"))
        else:
            entered.append(name)
    return entered


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _misnamed(folder: Path, path: Path) -> SourceError:
    shown = _below(folder, path).encode("utf-8", "replace").decode()
    return SourceError(shown, None, "has a name that is no text in UTF-8: rename it")


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
