"""Vectors kept on disk, so that unchanged text is never embedded again."""

import hashlib
import uuid
import zipfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

BATCH = 512
"""So many texts are embedded before their vectors are saved: a build that is killed goes on from there."""
MOST = 1_000_000
"""Vectors that stay at most; 384 numbers each are 1.5 GB."""

_log = structlog.get_logger(__name__)

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → float32[n, n_dimensions]."""


def key(model: str, prefix: str, text: str) -> str:
    """Return the name of a text's vector; ``model`` is the model's name with its revision."""
    told = (part.encode("utf-8", "surrogatepass") for part in (model, prefix, text))
    return hashlib.sha256(b"|".join(told)).hexdigest()


class VectorCache:
    """Vectors in one folder, in files that are written once; one process writes at a time (the build lock)."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is created when the first vectors are saved."""
        self._folder = folder
        self.used: set[str] = set()
        """Names of the vectors that have been asked for."""

    def embed(self, texts: Sequence[str], *, model: str, prefix: str, embed: Embed) -> NDArray[np.float32]:
        """Return float32[len(texts), n_dimensions]; ``embed`` is asked only for texts that are not known.

        ``embed`` gets the texts as they are: the prefix is only part of their name.
        """
        names = [key(model, prefix, text) for text in texts]
        self.used.update(names)
        known = self._read(set(names))
        missing = list({name: text for name, text in zip(names, texts, strict=True) if name not in known}.items())
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            vectors = np.asarray(embed([text for _, text in batch]), dtype=np.float32)
            if vectors.shape[0] != len(batch) or not np.isfinite(vectors).all():
                raise ValueError("the embedder gave too few vectors, or numbers that are not finite")
            fresh = dict(zip((name for name, _ in batch), vectors, strict=True))
            self._write(fresh)
            known |= fresh
        return np.stack([known[name] for name in names]) if names else np.zeros((0, 0), dtype=np.float32)

    def keep(self, names: Collection[str], *, most: int = MOST) -> int:
        """Forget every vector but these, and the oldest beyond ``most``; return how many stay."""
        wanted = set(names)
        files = self._files()
        kept: dict[str, NDArray[np.float32]] = {}
        changed = len(files) > 1
        for file in files:
            found = self._load(file)
            for name, vector in found.items():
                if name in wanted:
                    kept[name] = vector
                else:
                    changed = True
        if len(kept) > most:
            kept, changed = dict(list(kept.items())[-most:]), True
        if changed:
            for size in {len(vector) for vector in kept.values()}:
                self._write({name: vector for name, vector in kept.items() if len(vector) == size})
            for file in files:
                file.unlink(missing_ok=True)
        return len(kept)

    def _files(self) -> list[Path]:
        """Oldest first."""
        found = self._folder.glob("*.npz") if self._folder.is_dir() else ()
        return sorted(found, key=lambda file: (file.stat().st_mtime_ns, file.name))

    def _read(self, wanted: set[str]) -> dict[str, NDArray[np.float32]]:
        return {name: vector for file in self._files() for name, vector in self._load(file).items() if name in wanted}

    def _load(self, file: Path) -> dict[str, NDArray[np.float32]]:
        try:
            with file.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
                names, vectors = arrays["names"], arrays["vectors"]
                return dict(zip(names.tolist(), vectors.astype(np.float32), strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            # What it held is embedded again.
            _log.warning("vectors_unreadable", file=file.name, error=type(error).__name__)
            file.unlink(missing_ok=True)
            return {}

    def _write(self, vectors: dict[str, NDArray[np.float32]]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{uuid.uuid4().hex}"
        try:
            with aside.open("wb") as file:
                np.savez(file, allow_pickle=False, names=np.array(list(vectors)), vectors=np.stack([*vectors.values()]))
            aside.replace(self._folder / f"{uuid.uuid4().hex}.npz")
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
