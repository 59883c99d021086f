"""Releases of the knowledge base: built aside, switched by replacing one pointer, three of them kept."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from knowledge.base import MANIFEST, NO_ANSWER, KnowledgeBase
from knowledge.chunks import chunk_documents
from knowledge.documents import SourceError, Sources
from knowledge.errors import BuildRunningError, ReleaseError, SourcesError
from knowledge.index import FILES, Index
from knowledge.sources import read_sources
from knowledge.tokens import terms
from knowledge.training import train

KEPT = 3
POINTER = "current"

_LOCK = ".lock"
_ASIDE = ".building-"
_STEPS = 5

Progress = Callable[[str, int, int], None]
"""(name of the step, its 1-based number, number of steps)"""


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """What is known about a release without loading it."""

    number: int
    built_at: datetime
    articles: int
    chunks: int
    languages: tuple[str, ...]
    digest: str
    """sha256 over the release's files."""
    errors: tuple[SourceError, ...]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    release: int
    articles: int
    chunks: int
    errors: tuple[SourceError, ...]
    seconds: float


class ReleaseStore:
    """The releases below one folder: ``<n>/`` each, and the pointer ``current``."""

    def __init__(self, root: Path) -> None:
        """Use ``root``; it is created by the first build."""
        self.root = root

    @property
    def pointer(self) -> Path:
        """The file that names the current release; replaced as a whole whenever it changes."""
        return self.root / POINTER

    def current(self) -> int | None:
        """Return the number of the release that answers, None before the first build.

        Raises:
            ReleaseError: the pointer is damaged.
        """
        try:
            return int(self.pointer.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ReleaseError("The pointer to the current release is damaged: build or roll back.") from error

    def infos(self) -> list[ReleaseInfo]:
        """Return the releases that stand, oldest first; damaged ones are left out."""
        found = []
        for number in self._numbers():
            try:
                found.append(self._info(number))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def open(self, number: int) -> KnowledgeBase:
        """Load a release after comparing its files with the digest.

        Raises:
            ReleaseError: it does not exist or is damaged.
        """
        folder = self.root / str(number)
        if not folder.is_dir():
            raise ReleaseError(f"Release {number} does not exist.")
        try:
            intact = self._info(number).digest == _digest(folder)
        except (OSError, ValueError, KeyError, TypeError):
            intact = False
        if not intact:
            raise ReleaseError(f"Release {number} is damaged: build the knowledge base again or roll back.")
        return KnowledgeBase.load(folder)

    def build(self, sources_folder: Path, *, progress: Progress | None = None) -> BuildReport:
        """Read the sources, build a release aside and switch to it; on any error the old one goes on answering.

        Raises:
            SourcesError: the folder is missing or holds no readable article.
            BuildRunningError: another build is under way.
            ReleaseError: the new release did not pass the sanity gate, or cannot be written.
        """
        started = time.monotonic()

        def tell(step: str, number: int) -> None:
            if progress is not None:
                progress(step, number, _STEPS)

        with self._locked():
            tell("reading", 1)
            sources = read_sources(sources_folder)
            try:
                number, chunks = self._build(sources, tell)
            except OSError as error:
                raise ReleaseError(f"The release cannot be written: {error.strerror or error}.") from error
        seconds = time.monotonic() - started
        return BuildReport(number, len(sources.documents), chunks, sources.errors, seconds)

    def rollback(self, to: int | None = None) -> int:
        """Switch to an older release (the one before the current by default) and return its number.

        Raises:
            ReleaseError: there is no such release, or it is damaged.
        """
        with self._locked():
            if to is None:
                current = self.current()
                older = [number for number in self._numbers() if current is not None and number < current]
                if not older:
                    raise ReleaseError("There is no older release to go back to.")
                to = older[-1]
            self.open(to)
            self._switch(to)
        return to

    def _build(self, sources: Sources, tell: Callable[[str, int], None]) -> tuple[int, int]:
        tell("chunking", 2)
        chunks = chunk_documents(sources.documents)
        if not any(terms(chunk.text) for chunk in chunks):
            raise SourcesError(_nothing_to_index(sources))
        tell("indexing", 3)
        index = Index.build(chunks)
        if not index.is_finite():
            raise ReleaseError("The new release holds numbers that are not finite: it was not switched on.")
        tell("training", 4)
        model = train(index)
        tell("saving", 5)
        number = max([0, *self._numbers()]) + 1
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.root))
        aside.chmod(0o755)
        try:
            index.save(aside)
            (aside / NO_ANSWER).write_text(json.dumps(model.to_json()), encoding="utf-8")
            _write_manifest(aside, number, sources, index)
            self._accept(aside, index)
            _flush(aside)
            aside.rename(self.root / str(number))
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        _flush_folder(self.root)
        self._switch(number)
        self._forget_old()
        return number, len(chunks)

    def _accept(self, folder: Path, index: Index) -> None:
        """Refuse a release that does not come back from the disk as it was, or cannot find its own first chunk."""
        base = KnowledgeBase.load(folder)
        told = next(chunk for chunk in index.chunks if terms(chunk.text))
        if len(base.chunks) != len(index.chunks) or not base.search(told.text).passages:
            raise ReleaseError("The new release does not find its own articles: it was not switched on.")

    def _switch(self, number: int) -> None:
        aside = self.root / f"{_ASIDE}{POINTER}"
        with aside.open("w", encoding="ascii") as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.pointer)
        _flush_folder(self.root)

    def _forget_old(self) -> None:
        current = self.current()
        for number in self._numbers()[:-KEPT]:
            if number != current:
                shutil.rmtree(self.root / str(number), ignore_errors=True)

    def _numbers(self) -> list[int]:
        if not self.root.is_dir():
            return []
        return sorted(int(path.name) for path in self.root.iterdir() if path.name.isascii() and path.name.isdigit())

    def _info(self, number: int) -> ReleaseInfo:
        fields = json.loads((self.root / str(number) / MANIFEST).read_text(encoding="utf-8"))
        return ReleaseInfo(
            number=int(fields["number"]),
            built_at=datetime.fromisoformat(fields["built_at"]),
            articles=int(fields["articles"]),
            chunks=int(fields["chunks"]),
            languages=tuple(fields["languages"]),
            digest=str(fields["digest"]),
            errors=tuple(SourceError(**error) for error in fields["errors"]),
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / _LOCK).open("a")
        except OSError as error:
            raise ReleaseError(f"The folder of releases {self.root} cannot be written: {error.strerror}.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BuildRunningError(
                    "Another build of the knowledge base is under way: wait until it ends."
                ) from error
            for rubbish in self.root.glob(f"{_ASIDE}*"):
                shutil.rmtree(rubbish) if rubbish.is_dir() else rubbish.unlink()
            yield


def _nothing_to_index(sources: Sources) -> str:
    if not sources.errors:
        return "The knowledge folder holds no article: put .md, .txt, .csv or .jsonl files in it."
    first = sources.errors[0]
    place = first.file if first.line is None else f"{first.file}, line {first.line}"
    return f"The knowledge folder holds no readable article ({place}: {first.reason})."


def _write_manifest(folder: Path, number: int, sources: Sources, index: Index) -> None:
    manifest = {
        "number": number,
        "built_at": datetime.now(UTC).isoformat(),
        "articles": len(sources.documents),
        "chunks": len(index.chunks),
        "languages": sorted({chunk.language for chunk in index.chunks}),
        "digest": _digest(folder),
        "errors": [asdict(error) for error in sources.errors],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (*FILES, NO_ANSWER):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _flush(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
