"""What was read last time, by the files' contents: unchanged files are not read again.

The file holds only what the last reading used, so that a deleted article is gone from it with the next one.
"""

import hashlib
import json
import os
import tempfile
import time
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

from knowledge.documents import Reading
from knowledge.loaders.wire import from_json, to_json

REMEMBERED = 20_000
"""Files whose readings a process keeps in memory: the build worker reads most of them again and again."""
SETTLED_NS = 1_000_000_000
"""A file that has not been touched for so long can be told by what the file system says of it."""
_LIBRARIES = ("markdown-it-py", "lxml", "openpyxl", "pypdf", "python-docx")


class ReadingCache:
    """Readings of earlier files; a damaged or older cache is as good as none."""

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``; it is made when the first reading is kept."""
        self._path = path
        self._known = dict(_lines(path))
        self._used: dict[str, str] = {}

    def get(self, key: str) -> Reading | None:
        """Return what the file with this key gave."""
        line = self._known.get(key)
        if line is None or (reading := _parsed(line)) is None:
            return None
        self._used[key] = line
        return reading

    def put(self, key: str, reading: Reading) -> None:
        """Remember a reading until the one after next."""
        self._used[key] = json.dumps(to_json(reading), ensure_ascii=False)

    def save(self) -> None:
        """Keep what was used, forget the rest.

        Raises:
            OSError: it cannot be written.
        """
        if self._used.keys() == self._known.keys():
            return
        handle, aside = tempfile.mkstemp(prefix=f"{self._path.name}-", dir=self._path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(f"{key} {line}\n" for key, line in self._used.items())
            Path(aside).replace(self._path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise


@lru_cache(maxsize=REMEMBERED)
def _parsed(line: str) -> Reading | None:
    try:
        return from_json(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None


def key_of(path: Path, source: str) -> str:
    """Return the key of a file's contents under its name, as these loaders read it.

    Raises:
        OSError: the file cannot be read.
    """
    status = path.stat()
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    # A file that has just been written may be written once more within the same tick of its clock.
    digest = _digest if time.time_ns() - status.st_ctime_ns < SETTLED_NS else _remembered_digest
    contents = digest(path, stamp)
    return hashlib.sha256(f"{_loaders()}\n{contents}\n{source}".encode("utf-8", "surrogateescape")).hexdigest()


def _digest(path: Path, _: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_remembered_digest = lru_cache(maxsize=REMEMBERED)(_digest)
"""By path and by what the file system says of the file: whoever writes to it moves st_ctime_ns."""


@cache
def _loaders() -> str:
    """Digest of everything that decides what a file's contents become."""
    digest = hashlib.sha256(" ".join(map(version, _LIBRARIES)).encode())
    folder = Path(__file__).parent
    for module in sorted([*folder.glob("*.py"), *(folder.parent / f"{name}.py" for name in ("markdown", "pairs"))]):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [(key, line) for key, _, line in (row.partition(" ") for row in text.split("\n")) if line]
