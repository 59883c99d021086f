"""Takes files that somebody sent into the knowledge folder, and puts back what they replaced."""

import json
import os
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.errors import IntakeError
from knowledge.golden import FILE_NAMES, read_golden
from knowledge.sources import read_sources

MAX_FILE_BYTES = 10_000_000
MAX_FILES = 1_000
MAX_UNPACKED_BYTES = 100_000_000
_RECORD = "intake.json"
_MAX_NAME_BYTES = 200
_TOO_LARGE = f"is larger than {MAX_FILE_BYTES // 1_000_000} MB: split it into several articles"


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
    """Say what ``store`` would do, and write nothing there.

    Raises:
        IntakeError: the received file cannot be read.
    """
    contents, refused = _readable(received, name)
    stored, replaced, unchanged = [], [], []
    for target, content in contents.items():
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
    contents, _ = _readable(received, name)
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


def _readable(received: Path, name: str) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """Return the files that can become articles, read as a build would read them, and the others with the reason."""
    contents: dict[str, bytes] = {}
    refused: list[tuple[str, str]] = []
    try:
        for sent, content in _contents(received, name):
            target = _safe(sent)
            if isinstance(content, str):
                refused.append((sent, content))
            elif target is None:
                refused.append((sent, "has a name that cannot be used"))
            else:
                contents[target] = content
        with tempfile.TemporaryDirectory(prefix="otvet-intake-") as aside:
            reasons = _reasons(Path(aside), contents)
    except zipfile.BadZipFile:
        return {}, [(name, "is not a zip archive that can be read")]
    except (OSError, RuntimeError, NotImplementedError) as error:  # also: encrypted, or packed in an unknown way
        raise IntakeError(f"The received file cannot be read: {error}.") from error
    refused += reasons.items()
    return {target: content for target, content in contents.items() if target not in reasons}, refused


def _reasons(aside: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Read the files as sources; return why some give no article."""
    for target, content in contents.items():
        path = aside / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sources = read_sources(aside)
    golden, errors = read_golden(aside)
    fine = {document.source for document in sources.documents} | ({*FILE_NAMES} if golden else set())
    told = {error.file: error.reason for error in (*sources.errors, *errors)}
    return {target: told.get(target, "holds no text") for target in contents if target not in fine}


def _contents(received: Path, name: str) -> Iterator[tuple[str, bytes | str]]:
    """Yield each file's name as sent and its content, or why it is refused."""
    if PurePosixPath(name).suffix.lower() != ".zip":
        yield name, received.read_bytes() if received.stat().st_size <= MAX_FILE_BYTES else _TOO_LARGE
        return
    with zipfile.ZipFile(received) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            yield name, f"unpacks to more than {MAX_FILES} files or {MAX_UNPACKED_BYTES // 1_000_000} MB"
            return
        for member in members:
            if member.file_size > MAX_FILE_BYTES:
                yield member.filename, _TOO_LARGE
                continue
            with archive.open(member) as file:
                # The archive's word about sizes is not taken for it.
                content = file.read(MAX_FILE_BYTES + 1)
            yield member.filename, content if len(content) <= MAX_FILE_BYTES else _TOO_LARGE


def _safe(name: str) -> str | None:
    parts = []
    for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"):
        clean = "".join(letter for letter in part if letter.isprintable() and letter not in '<>:"|?*').strip()
        if clean in {"", "."}:
            continue
        if clean.startswith(".") or len(clean.encode()) > _MAX_NAME_BYTES:
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
