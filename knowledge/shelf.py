"""Where releases lie: one folder each, and a pointer to the one that answers, replaced as a whole."""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from knowledge.base import MANIFEST, NO_ANSWER, Embed, KnowledgeBase
from knowledge.documents import SourceError
from knowledge.errors import BuildRunningError, ReleaseError
from knowledge.gate import Doubt, Objection
from knowledge.index import FILES, FILES_OF_A_MODEL, read_chunks
from knowledge.passages import Chunk
from knowledge.reranking import Rerank

KEPT = 3
POINTER = "current"
ASIDE = ".building-"

_BUILDING = ".lock"
_SWITCHING = ".switching"
_LOOK_S = 0.1
_DAMAGED = (OSError, ValueError, KeyError, TypeError)


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
    seconds: float = 0.0
    """How long building took."""
    built_by: str = ""
    reason: str = ""
    software: str = ""
    """Of the code that built it: other code would build another release of the same articles."""
    taken_over: int = 0
    """Chunks that have changed since embedder and no-answer model were trained; 0: trained for this very release."""
    model: str = ""
    """The pretrained model whose vectors it holds, as EMBEDDING_MODEL named it."""
    model_revision: str = ""
    held: tuple[Objection, ...] = ()
    """Why it was built and not switched to; empty once it has been."""


class Shelf:
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

    def numbers(self) -> list[int]:
        """Return the numbers of the folders that stand, damaged releases included, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(int(path.name) for path in self.root.iterdir() if path.name.isascii() and path.name.isdigit())

    def infos(self) -> list[ReleaseInfo]:
        """Return the releases that stand, oldest first; damaged ones are left out."""
        return [info for number in self.numbers() if (info := self.info(number)) is not None]

    def info(self, number: int) -> ReleaseInfo | None:
        """Return what is known about one release; None when there is none, or its manifest is damaged."""
        try:
            return _info(self._manifest(number))
        except _DAMAGED:
            return None

    def is_intact(self, number: int) -> bool:
        """Whether the release's files are those that were built."""
        info = self.info(number)
        try:
            return info is not None and info.digest == digest(self.root / str(number))
        except OSError:
            return False

    def open(self, number: int, embed: Embed | None = None, rerank: Rerank | None = None) -> KnowledgeBase:
        """Load a release after comparing its files with the digest; ``embed``, ``rerank``: see ``KnowledgeBase``.

        Raises:
            ReleaseError: it does not exist or is damaged.
        """
        self._demand(number)
        return KnowledgeBase.load(self.root / str(number), embed=embed, rerank=rerank)

    def chunks(self, number: int) -> tuple[Chunk, ...]:
        """Read what a release says, without loading it for search.

        Raises:
            ReleaseError: it does not exist or is damaged.
        """
        if not (self.root / str(number)).is_dir():
            raise ReleaseError(f"Release {number} does not exist.")
        try:
            return read_chunks(self.root / str(number))
        except _DAMAGED as error:
            raise ReleaseError(f"Release {number} is damaged: build the knowledge base again.") from error

    def older(self) -> int | None:
        """Return the release that a rollback goes to: the one before the current that has answered."""
        current = self.current()
        found = [
            info.number for info in self.infos() if current is not None and info.number < current and not info.held
        ]
        return found[-1] if found else None

    def newer(self) -> int | None:
        """Return the release that a rollback came from: the next one that has answered, if there is any."""
        current = self.current()
        found = [
            info.number for info in self.infos() if current is not None and info.number > current and not info.held
        ]
        return found[0] if found else None

    def rollback(self, to: int | None = None) -> int:
        """Switch to another release (the one before the current by default) and return its number.

        A release that was held back answers from then on like any other. Going forward again is the same call.

        Raises:
            ReleaseError: there is no such release, or it is damaged.
        """
        if to is None:
            to = self.older()
            if to is None:
                raise ReleaseError("There is no older release to go back to.")
        with self.switching():
            self._demand(to)
            self._release_hold(to)
            self.point_to(to)
        return to

    def point_to(self, number: int) -> None:
        """Let a release answer from now on; call it inside ``switching``."""
        _replace(self.pointer, self.root / f"{ASIDE}{POINTER}", f"{number}\n")

    def hold(self, number: int, objections: tuple[Objection, ...]) -> None:
        """Remember why a release is not switched to; none: it may answer like any other."""
        file = self.root / str(number) / MANIFEST
        fields = self._manifest(number) | {"held": [asdict(objection) for objection in objections]}
        _replace(file, file.with_name(f"{MANIFEST}.aside"), manifest_text(fields))

    @contextmanager
    def building(self, wait_s: float = 0.0) -> Iterator[None]:
        """Hold the lock of builds, and remove what killed ones have left.

        Raises:
            BuildRunningError: another build does not end within ``wait_s``.
            ReleaseError: the folder cannot be written.
        """
        with self._locked(_BUILDING, wait_s):
            with self.switching():
                for rubbish in self.root.glob(f"{ASIDE}*"):
                    shutil.rmtree(rubbish, ignore_errors=True) if rubbish.is_dir() else rubbish.unlink(missing_ok=True)
            yield

    @contextmanager
    def switching(self) -> Iterator[None]:
        """Hold the lock of the pointer, for as long as it takes to move it."""
        with self._locked(_SWITCHING, wait_s=10.0):
            yield

    def is_building(self) -> bool:
        """Whether a build is under way at this moment."""
        try:
            with self._locked(_BUILDING, 0.0):
                return False
        except BuildRunningError:
            return True
        except ReleaseError:
            return False

    def forget_old(self) -> None:
        """Keep the newest releases, the current one, and the newest one that was held back; remove the rest."""
        infos = self.infos()
        kept = {info.number for info in [info for info in infos if not info.held][-KEPT:]}
        kept |= {infos[-1].number} if infos else set()
        kept.add(self.current() or 0)
        for number in self.numbers():
            if number not in kept:
                shutil.rmtree(self.root / str(number), ignore_errors=True)

    def _demand(self, number: int) -> None:
        if not (self.root / str(number)).is_dir():
            raise ReleaseError(f"Release {number} does not exist.")
        if not self.is_intact(number):
            raise ReleaseError(f"Release {number} is damaged: build the knowledge base again or roll back.")

    def _manifest(self, number: int) -> dict[str, Any]:
        fields = json.loads((self.root / str(number) / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(fields, dict):
            raise TypeError("the manifest is no object")
        return fields

    def _release_hold(self, number: int) -> None:
        if self._manifest(number).get("held"):
            self.hold(number, ())

    @contextmanager
    def _locked(self, name: str, wait_s: float) -> Iterator[None]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / name).open("a")
        except OSError as error:
            raise ReleaseError(f"The folder of releases {self.root} cannot be written: {error.strerror}.") from error
        give_up = time.monotonic() + wait_s
        with lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= give_up:
                        raise BuildRunningError(
                            "Another build of the knowledge base is under way: wait until it ends."
                        ) from error
                    time.sleep(_LOOK_S)
            yield


def digest(folder: Path) -> str:
    """Return sha256 over a release's files, the manifest left out."""
    whole = hashlib.sha256()
    optional = (name for name in FILES_OF_A_MODEL if (folder / name).exists())
    for name in (*FILES, NO_ANSWER, *optional):
        whole.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return whole.hexdigest()


def manifest_text(fields: dict[str, Any]) -> str:
    """Return a manifest as it is stored."""
    return json.dumps(fields, ensure_ascii=False, indent=1)


def flush(folder: Path) -> None:
    """Bring a folder and its files to the disk."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(file: Path, aside: Path, text: str) -> None:
    try:
        with aside.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(file)
        flush_folder(file.parent)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise ReleaseError(f"{file.name} cannot be written: {error.strerror or error}.") from error


def _info(fields: dict[str, Any]) -> ReleaseInfo:
    return ReleaseInfo(
        number=int(fields["number"]),
        built_at=datetime.fromisoformat(fields["built_at"]),
        articles=int(fields["articles"]),
        chunks=int(fields["chunks"]),
        languages=tuple(fields["languages"]),
        digest=str(fields["digest"]),
        errors=tuple(SourceError(**error) for error in fields["errors"]),
        # Releases of earlier versions lack what follows.
        seconds=float(fields.get("seconds", 0.0)),
        built_by=str(fields.get("built_by", "")),
        reason=str(fields.get("reason", "")),
        software=str(fields.get("software", "")),
        taken_over=int(fields.get("taken_over", 0)),
        model=str(fields.get("model", "")),
        model_revision=str(fields.get("model_revision", "")),
        held=tuple(Objection(Doubt(one["doubt"]), one["before"], one["now"]) for one in fields.get("held", ())),
    )
