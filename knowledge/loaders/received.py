"""Files that an admin sends: checked, stored below the knowledge folder one by one and as a whole, with a way back.

What a file replaces is moved to the hidden folder ``.replaced/<number>/`` first, which no reading enters; the latest
ten are kept. The caller builds a release afterwards.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.documents import SourceError
from knowledge.errors import SourcesError
from knowledge.loaders.archives import printable, safe_path, unpack
from knowledge.loaders.names import is_hidden
from knowledge.loaders.reader import Reader
from knowledge.loaders.unreadable import UnreadableError

UNDO_FOLDER = ".replaced"
KEPT = 10

_ASIDE = ".received-"
_LIST = "stored.json"
_OLD = "old"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is an article now."""

    file: str
    """Path below the knowledge folder, with forward slashes."""
    replaced: bool
    """Whether an older file of this name was there."""
    problems: tuple[SourceError, ...] = ()
    """Lines or pages of it that cannot be read, and warnings."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of what was sent."""

    stored: tuple[Stored, ...]
    refused: tuple[SourceError, ...]
    undo: int | None
    """What ``undo_received`` takes; None if nothing was stored."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    file: str
    """Path in the folder aside."""
    target: str
    """Path below the knowledge folder."""


def store_received(sent: Path, name: str, folder: Path) -> Received:
    """Store the file or zip at ``sent``, which its sender called ``name``, below the knowledge folder.

    Only articles that can be read are stored. A single file replaces the one file of its name, wherever that lies; a
    zip keeps its folders, less an outermost one that is called like the zip or the knowledge folder.

    Raises:
        SourcesError: the knowledge folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _aside(folder) as aside:
            arrivals, refused = _unpacked(sent, name, aside, folder)
            articles, unreadable = _checked(arrivals, aside, folder)
            undo = _store(articles, aside, folder) if articles else None
    except OSError as error:
        raise SourcesError(f"The knowledge folder {folder} cannot be written: {error.strerror or error}.") from error
    return Received(tuple(stored for _, stored in articles), (*refused, *unreadable), undo)


def undo_received(number: int, folder: Path) -> tuple[str, ...]:
    """Put back what ``store_received`` replaced, remove what it added, and return the paths that changed.

    Raises:
        SourcesError: what was replaced is not kept any more, or was replaced once more since; or it cannot be written.
    """
    kept = folder / UNDO_FOLDER / str(number)
    try:
        stored = _list_of(kept)
        for later in (later for later in _numbers(kept.parent) if later > number):
            if again := stored.keys() & _list_of(kept.parent / str(later)).keys():
                raise SourcesError(f"{min(again)} was replaced once more since: undo that first.")
        for file, replaced in stored.items():
            target, old = folder / file, kept / _OLD / file
            if old.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                old.replace(target)
            elif not replaced:
                target.unlink(missing_ok=True)
        shutil.rmtree(kept)
    except (FileNotFoundError, ValueError, AttributeError) as error:
        raise SourcesError("What these files replaced is not kept any more.") from error
    except OSError as error:
        raise SourcesError(f"The knowledge folder {folder} cannot be written: {error.strerror or error}.") from error
    return tuple(stored)


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    # Below the knowledge folder: a file is moved into place within one file system, as a whole or not at all.
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=folder))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpacked(sent: Path, name: str, aside: Path, folder: Path) -> tuple[list[_Arrival], tuple[SourceError, ...]]:
    here = _below(folder)
    if PurePosixPath(name).suffix.lower() == ".zip":
        unpacked = unpack(sent, aside, name)
        outer = _outer_folder(unpacked.files, {PurePosixPath(name).stem, folder.resolve().name})
        targets = [file.removeprefix(outer) for file in unpacked.files]
        arrivals = [
            _Arrival(file, here.get(target.casefold(), target))
            for file, target in zip(unpacked.files, targets, strict=True)
        ]
        return arrivals, unpacked.refused
    try:
        path = safe_path(name)
        target = _place_of(path, list(here.values()))
    except UnreadableError as problem:
        return [], (SourceError(printable(name), None, problem.reason),)
    shutil.copyfile(sent, aside / path.name)
    return [_Arrival(path.name, target)], ()


def _below(folder: Path) -> dict[str, str]:
    """Paths of the files in the knowledge folder by their form without capital letters."""
    found: dict[str, str] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name) and not (Path(parent) / name).is_symlink()]
        for name in names:
            if not is_hidden(name) and not (path := Path(parent) / name).is_symlink():
                below = path.relative_to(folder).as_posix()
                found[below.casefold()] = below
    return found


def _outer_folder(files: tuple[str, ...], known: set[str]) -> str:
    tops = {file.partition("/")[0] for file in files if "/" in file}
    whole = len(tops) == 1 and all("/" in file for file in files)
    return f"{tops.pop()}/" if whole and tops <= known else ""


def _place_of(path: PurePosixPath, files: list[str]) -> str:
    if len(path.parts) > 1:
        raise UnreadableError("has a path in its name: send the file itself")
    name = path.name
    namesakes = sorted(file for file in files if PurePosixPath(file).name.casefold() == name.casefold())
    if len(namesakes) > 1:
        raise UnreadableError(f"is the name of {' and '.join(namesakes)}: send a zip with the folder, or rename it")
    return namesakes[0] if namesakes else name


def _checked(
    arrivals: list[_Arrival], aside: Path, folder: Path
) -> tuple[list[tuple[_Arrival, Stored]], list[SourceError]]:
    articles: list[tuple[_Arrival, Stored]] = []
    refused: list[SourceError] = []
    with Reader() as reader:
        for arrival in arrivals:
            if (reason := _misplaced(folder, arrival.target)) is not None:
                refused.append(SourceError(arrival.target, None, reason))
                continue
            reading = reader.read(aside / arrival.file, arrival.target)
            if reading.document is None:
                refused.extend(reading.problems)
            else:
                replaced = (folder / arrival.target).is_file()
                articles.append((arrival, Stored(arrival.target, replaced, reading.problems)))
    return articles, refused


def _misplaced(folder: Path, target: str) -> str | None:
    path = folder / target
    if not path.parent.resolve().is_relative_to(folder.resolve()) or path.is_symlink():
        return "would be stored behind a link: move the link out of the knowledge folder"
    above = [parent for parent in path.parents if parent.is_relative_to(folder)]
    if path.is_dir() or any(parent.exists() and not parent.is_dir() for parent in above):
        return "has a path in which a file stands for a folder: rename it"
    return None


def _store(articles: list[tuple[_Arrival, Stored]], aside: Path, folder: Path) -> int:
    kept = _next_undo(folder / UNDO_FOLDER)
    files = {stored.file: stored.replaced for _, stored in articles}
    # Written before anything moves: whatever ends this halfway, the half can be undone.
    (kept / _LIST).write_text(json.dumps(files, ensure_ascii=False), encoding="utf-8")
    for arrival, stored in articles:
        target, old = folder / stored.file, kept / _OLD / stored.file
        if stored.replaced:
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(target, old)
        target.parent.mkdir(parents=True, exist_ok=True)
        with (aside / arrival.file).open("rb") as file:
            os.fsync(file.fileno())
        (aside / arrival.file).replace(target)
    for number in _numbers(kept.parent)[:-KEPT]:
        shutil.rmtree(kept.parent / str(number), ignore_errors=True)
    return int(kept.name)


def _next_undo(undo: Path) -> Path:
    undo.mkdir(exist_ok=True)
    number = max([0, *_numbers(undo)])
    while True:
        number += 1
        with suppress(FileExistsError):  # another admin was faster
            (undo / str(number)).mkdir()
            return undo / str(number)


def _numbers(undo: Path) -> list[int]:
    return sorted(int(path.name) for path in undo.iterdir() if path.name.isascii() and path.name.isdigit())


def _list_of(kept: Path) -> dict[str, bool]:
    files = json.loads((kept / _LIST).read_text(encoding="utf-8"))
    return {str(file): bool(replaced) for file, replaced in files.items()}
