"""Zips from outside → files below a folder. Names and sizes are never trusted; nothing is written outside."""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from knowledge.documents import SourceError
from knowledge.loaders.kinds import kind_of
from knowledge.loaders.limits import MAX_DEPTH, MAX_UNPACKED_BYTES, MAX_ZIPPED_FILES
from knowledge.loaders.names import is_hidden
from knowledge.loaders.unreadable import UnreadableError

_ENCRYPTED_FLAG = 0x1
_UTF_8_FLAG = 0x800
_PIECE = 1 << 16
_MAX_NAME_LETTERS = 100
_MAX_NAME_BYTES = 240
_DRIVE = re.compile(r"[A-Za-z]:")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_CYRILLIC = re.compile("[А-Яа-яЁё]")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a zip gave."""

    files: tuple[str, ...]
    """Paths below the folder, with forward slashes."""
    refused: tuple[SourceError, ...]


def unpack(archive: Path, folder: Path, name: str = "") -> Unpacked:
    """Unpack the articles in a zip into an empty folder; what is no article or plays tricks is named.

    ``name`` is what the zip is called where it is not its own name.
    """
    name = printable(name or archive.name)
    try:
        with zipfile.ZipFile(archive) as opened:
            return _unpacked(opened, name, folder)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        reason = "is damaged, or no zip: pack it again"
        if isinstance(error, OSError) and error.strerror:
            reason = f"cannot be unpacked: {error.strerror}"
        return Unpacked((), (SourceError(name, None, reason),))


def safe_path(name: str) -> PurePosixPath:
    """Return the path that a file from outside may have below the knowledge folder.

    Raises:
        UnreadableError: the name would lead elsewhere, or means something else on other systems.
    """
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Cf"} for letter in name):
        raise UnreadableError("has a name with invisible characters: rename it")
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise UnreadableError("has an absolute path: only paths inside the zip are taken")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise UnreadableError("has a path that leads out of the knowledge folder")
    if not parts or len(parts) > MAX_DEPTH:
        raise UnreadableError(f"lies deeper than {MAX_DEPTH} folders" if parts else "has no name")
    return PurePosixPath(*(_safe_name(part) for part in parts))


def _safe_name(part: str) -> str:
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", part)).strip().rstrip(". ")
    if not name or name.startswith("."):
        raise UnreadableError("has a name that begins or ends with dots: rename it")
    if _RESERVED.fullmatch(name):
        raise UnreadableError(f"has the name “{name}”, which Windows keeps for devices: rename it")
    if len(name) > _MAX_NAME_LETTERS or len(name.encode()) > _MAX_NAME_BYTES:
        raise UnreadableError(f"has a name longer than {_MAX_NAME_LETTERS} letters: rename it")
    return name


def _unpacked(archive: zipfile.ZipFile, archive_name: str, folder: Path) -> Unpacked:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_ZIPPED_FILES:
        reason = f"holds more than {MAX_ZIPPED_FILES:,} files: split it"
        return Unpacked((), (SourceError(archive_name, None, reason),))
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        reason = f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB: split it"
        return Unpacked((), (SourceError(archive_name, None, reason),))
    files: list[str] = []
    refused: list[SourceError] = []
    taken: set[str] = set()
    for member in members:
        name = _name_of(member)
        if any(is_hidden(part) for part in name.replace("\\", "/").split("/") if part not in {"..", "."}):
            continue
        try:
            path = safe_path(name).as_posix()
            _refuse_twin(path, taken)
            _extract(archive, member, path, folder)
        except UnreadableError as problem:
            refused.append(SourceError(printable(name), None, problem.reason))
        else:
            taken.add(path.casefold())
            files.append(path)
    return Unpacked(tuple(files), tuple(refused))


def _refuse_twin(path: str, taken: set[str]) -> None:
    if path.casefold() in taken:
        raise UnreadableError("is in the zip twice, or differs from another only in capital letters")


def _name_of(member: zipfile.ZipInfo) -> str:
    """Return the whole name; zips made by Windows in Russian keep it in code page 866 and do not say so."""
    name = member.orig_filename
    if member.flag_bits & _UTF_8_FLAG:
        return name
    try:
        russian = name.encode("cp437").decode("cp866")
    except UnicodeError:
        return name
    return russian if _CYRILLIC.search(russian) else name


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, folder: Path) -> None:
    if member.flag_bits & _ENCRYPTED_FLAG:
        raise UnreadableError("is protected with a password: pack it without one")
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        raise UnreadableError("is a link or a device, no file")
    most = kind_of(path).max_bytes
    if member.file_size > most:
        raise UnreadableError(f"is larger than {most // 1_000_000} MB: split it into several articles")
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, target.open("xb") as file:
            for piece in _pieces(packed, most):
                file.write(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        target.unlink(missing_ok=True)
        raise UnreadableError("is damaged inside the zip: pack it again") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UnreadableError("has the name of a folder in the zip: rename it") from error


def _pieces(packed: IO[bytes], most: int) -> Iterator[bytes]:
    size = 0
    while piece := packed.read(_PIECE):
        size += len(piece)
        if size > most:
            raise ValueError("it is larger than it says")
        yield piece


def printable(name: str) -> str:
    """Return a name that can be printed in a sentence."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)[:_MAX_NAME_LETTERS]
