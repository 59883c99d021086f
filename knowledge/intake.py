"""Takes files that somebody sent into the knowledge folder, and puts back what they replaced."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.errors import IntakeError
from knowledge.golden import FILE_NAMES as GOLDEN
from knowledge.golden import read_golden
from knowledge.loaders.archives import printable, safe_path, unpack
from knowledge.loaders.names import is_hidden
from knowledge.loaders.reader import Reader
from knowledge.loaders.unreadable import UnreadableError

_RECORD = "intake.json"


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a received file, or of the files in a zip. Paths are below the knowledge folder."""

    stored: tuple[str, ...] = ()
    """New or replaced."""
    replaced: tuple[str, ...] = ()
    """Those of ``stored`` that had another content before."""
    unchanged: tuple[str, ...] = ()
    """Nothing was written: the same lies there."""
    refused: tuple[tuple[str, str], ...] = ()
    """(name as sent, reason)."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    path: Path
    """Where the file lies for the moment."""
    target: str
    """Its path below the knowledge folder."""


def examine(received: Path, name: str, folder: Path) -> Intake:
    """Say what ``store`` would do with the file or zip that its sender called ``name``, and write nothing there.

    Only articles that can be read are taken. A single file replaces the one file of its name, wherever that lies; a
    zip keeps its folders, less an outermost one that is called like the zip or the knowledge folder.

    Raises:
        IntakeError: the received file cannot be read.
    """
    with _arrived(received, name, folder, None) as (arrivals, refused):
        return _examined(arrivals, refused, folder)


def store(received: Path, name: str, folder: Path, undo: Path, *, examined: Intake | None = None) -> Intake:
    """Store the file, or the files of a zip, each in one step; what they replace is kept below ``undo``.

    What was ``examined`` before is not read once more: reading a foreign file may take half a minute.

    Raises:
        IntakeError: the folder cannot be written; what was stored by then stays, and can be put back.
    """
    with _arrived(received, name, folder, examined) as (arrivals, refused):
        found = _examined(arrivals, refused, folder)
        try:
            undo.mkdir(parents=True, exist_ok=True)
            for arrival in arrivals:
                if arrival.target in found.stored:
                    _store(arrival, folder, undo)
        except OSError as error:
            raise IntakeError(f"The file cannot be stored in {folder}: {error.strerror or error}.") from error
    return found


def undo(undo: Path, folder: Path) -> tuple[str, ...]:
    """Put back what a ``store`` replaced and remove what it added; return the paths. Safe to repeat.

    Raises:
        IntakeError: what was replaced is not kept any more, or has been changed since, or the folder cannot be written.
    """
    if not (undo / _RECORD).is_file():
        raise IntakeError("The former files are not kept any more.")
    record = _read_record(undo)
    try:
        for target, (kept, stored) in record.items():
            now = _digest(folder / target)
            if now not in {stored, None if kept is None else _digest(undo / kept)}:
                raise IntakeError(f"{target} has been changed since: put it right by hand.")
        for target, (kept, _) in record.items():
            if kept is None:
                (folder / target).unlink(missing_ok=True)
            else:
                _write(folder / target, (undo / kept).read_bytes())
    except OSError as error:
        raise IntakeError(f"The former files cannot be put back: {error.strerror or error}.") from error
    return tuple(record)


@contextmanager
def _arrived(
    received: Path, name: str, folder: Path, examined: Intake | None
) -> Iterator[tuple[list[_Arrival], list[tuple[str, str]]]]:
    """Unpack and read what was sent; give the files that are articles, and the others with the reason."""
    try:
        with tempfile.TemporaryDirectory(prefix="otvet-intake-") as aside:
            arrivals, refused = _unpacked(received, name, Path(aside), folder)
            if examined is not None:
                known = {*examined.stored, *examined.unchanged}
                yield [arrival for arrival in arrivals if arrival.target in known], list(examined.refused)
                return
            with Reader() as reader:
                reasons = {arrival.target: _reason(arrival, folder, reader) for arrival in arrivals}
            refused += [(target, reason) for target, reason in reasons.items() if reason is not None]
            yield [arrival for arrival in arrivals if reasons[arrival.target] is None], refused
    except OSError as error:
        raise IntakeError(f"The received file cannot be read: {error.strerror or error}.") from error


def _unpacked(received: Path, name: str, aside: Path, folder: Path) -> tuple[list[_Arrival], list[tuple[str, str]]]:
    here = _below(folder)
    if PurePosixPath(name).suffix.lower() == ".zip":
        unpacked = unpack(received, aside, name)
        outer = _outer_folder(unpacked.files, {PurePosixPath(name).stem, folder.resolve().name})
        targets = {file: file.removeprefix(outer) for file in unpacked.files}
        arrivals = [_Arrival(aside / file, here.get(target.casefold(), target)) for file, target in targets.items()]
        return arrivals, [(error.file, error.reason) for error in unpacked.refused]
    try:
        path = safe_path(name)
        target = _place_of(path, list(here.values()))
    except UnreadableError as problem:
        return [], [(printable(name), problem.reason)]
    shutil.copyfile(received, aside / path.name)
    return [_Arrival(aside / path.name, target)], []


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
    if name in GOLDEN:
        return name
    namesakes = sorted(file for file in files if PurePosixPath(file).name.casefold() == name.casefold())
    if len(namesakes) > 1:
        raise UnreadableError(f"is the name of {' and '.join(namesakes)}: send a zip with the folder, or rename it")
    return namesakes[0] if namesakes else name


def _reason(arrival: _Arrival, folder: Path, reader: Reader) -> str | None:
    """Return why a file cannot be taken, None if it can."""
    path = folder / arrival.target
    if not path.parent.resolve().is_relative_to(folder.resolve()) or path.is_symlink():
        return "would be stored behind a link: move the link out of the knowledge folder"
    above = [parent for parent in path.parents if parent.is_relative_to(folder)]
    if path.is_dir() or any(parent.exists() and not parent.is_dir() for parent in above):
        return "has a path in which a file stands for a folder: rename it"
    if arrival.target in GOLDEN:
        questions, problems = read_golden(arrival.path.parent)
        return None if questions else problems[0].reason if problems else "holds no question"
    reading = reader.read(arrival.path, arrival.target)
    if reading.document is not None:
        return None
    return reading.problems[0].reason if reading.problems else "holds no text"


def _examined(arrivals: list[_Arrival], refused: list[tuple[str, str]], folder: Path) -> Intake:
    stored, replaced, unchanged = [], [], []
    for arrival in arrivals:
        path = folder / arrival.target
        if path.is_file() and path.read_bytes() == arrival.path.read_bytes():
            unchanged.append(arrival.target)
            continue
        stored.append(arrival.target)
        if path.exists():
            replaced.append(arrival.target)
    return Intake(tuple(stored), tuple(replaced), tuple(unchanged), tuple(refused))


def _store(arrival: _Arrival, folder: Path, undo: Path) -> None:
    content = arrival.path.read_bytes()
    path = folder / arrival.target
    record = _read_record(undo)
    if arrival.target in record:
        kept = record[arrival.target][0]
    elif path.exists():
        kept = str(len(record))
        shutil.copyfile(path, undo / kept)
    else:
        kept = None
    # Written before anything moves: whatever ends this halfway, the half can be undone.
    record[arrival.target] = (kept, hashlib.sha256(content).hexdigest())
    _write(undo / _RECORD, json.dumps(record, ensure_ascii=False).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, content)


def _read_record(undo: Path) -> dict[str, tuple[str | None, str]]:
    """Return what became of which file: (name of its former content below ``undo``, sha256 of the new one)."""
    try:
        record = json.loads((undo / _RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {target: (kept, digest) for target, (kept, digest) in record.items()}


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _write(path: Path, content: bytes) -> None:
    handle, aside = tempfile.mkstemp(prefix=".intake-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
