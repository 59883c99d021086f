"""Takes files that somebody sent into the knowledge folder, and puts back what they replaced."""

import json
import os
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from knowledge.errors import IntakeError

ENDINGS = frozenset({".md", ".txt", ".csv", ".jsonl"})
MAX_FILE_BYTES = 10_000_000
MAX_FILES = 1_000
_RECORD = "intake.json"
_MAX_NAME = 120


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


def examine(received: Path, name: str, folder: Path) -> Intake:
    """Say what ``store`` would do, and write nothing.

    Raises:
        IntakeError: the received file cannot be read.
    """
    stored, replaced, unchanged, refused = [], [], [], []
    for target, content in _contents(received, name):
        if isinstance(content, str):
            refused.append((target, content))
            continue
        path = folder / target
        if path.is_file() and path.read_bytes() == content:
            unchanged.append(target)
            continue
        stored.append(target)
        if path.exists():
            replaced.append(target)
    return Intake(tuple(stored), tuple(replaced), tuple(unchanged), tuple(refused))


def store(received: Path, name: str, folder: Path, undo: Path) -> Intake:
    """Store the file, or the files of a zip, each in one step; what they replace is kept below ``undo``.

    Raises:
        IntakeError: the folder cannot be written; what was stored by then stays, and can be put back.
    """
    found = examine(received, name, folder)
    contents = {target: content for target, content in _contents(received, name) if isinstance(content, bytes)}
    try:
        undo.mkdir(parents=True, exist_ok=True)
        for target in found.stored:
            path = folder / target
            record = _read_record(undo)
            if target not in record:
                if path.exists():
                    kept = undo / f"{len(record)}"
                    shutil.copyfile(path, kept)
                    record[target] = kept.name
                else:
                    record[target] = None
                _write(undo / _RECORD, json.dumps(record, ensure_ascii=False).encode())
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, contents[target])
    except OSError as error:
        raise IntakeError(f"The file cannot be stored in {folder}: {error.strerror or error}.") from error
    return found


def undo(undo: Path, folder: Path) -> tuple[str, ...]:
    """Put back what a ``store`` replaced and remove what it added; return the paths. Safe to repeat.

    Raises:
        IntakeError: what was replaced is not kept any more, or the folder cannot be written.
    """
    if not (undo / _RECORD).is_file():
        raise IntakeError("The former files are not kept any more.")
    record = _read_record(undo)
    try:
        for target, kept in record.items():
            if kept is None:
                (folder / target).unlink(missing_ok=True)
            else:
                _write(folder / target, (undo / kept).read_bytes())
    except OSError as error:
        raise IntakeError(f"The former files cannot be put back: {error.strerror or error}.") from error
    return tuple(record)


def _read_record(undo: Path) -> dict[str, str | None]:
    try:
        record: dict[str, str | None] = json.loads((undo / _RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return record


def _contents(received: Path, name: str) -> Iterator[tuple[str, bytes | str]]:
    """Yield each file's path and content, or its name and why it is refused."""
    try:
        if PurePosixPath(name).suffix.lower() != ".zip":
            yield _one(name, received.stat().st_size, received.read_bytes)
            return
        with zipfile.ZipFile(received) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MAX_FILES:
                yield name, f"holds more than {MAX_FILES} files"
                return
            for member in members:
                yield _one(member.filename, member.file_size, partial(archive.read, member))
    except zipfile.BadZipFile:
        yield name, "is not a zip archive that can be read"
    except OSError as error:
        raise IntakeError(f"The received file cannot be read: {error.strerror or error}.") from error


def _one(name: str, size: int, read: Callable[[], bytes]) -> tuple[str, bytes | str]:
    target = _safe(name)
    if target is None:
        return name, "has a name that cannot be used"
    if PurePosixPath(target).suffix.lower() not in ENDINGS:
        return name, "is no kind of article that can be read (" + ", ".join(sorted(ENDINGS)) + ", .zip)"
    if size > MAX_FILE_BYTES:
        return name, f"is larger than {MAX_FILE_BYTES // 1_000_000} MB"
    return target, read()


def _safe(name: str) -> str | None:
    parts = []
    for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"):
        clean = "".join(letter for letter in part if letter.isprintable() and letter not in '<>:"|?*').strip()
        if clean in {"", "."}:
            continue
        if clean.startswith(".") or len(clean.encode()) > _MAX_NAME * 2:
            return None
        parts.append(clean)
    return "/".join(parts) or None


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
