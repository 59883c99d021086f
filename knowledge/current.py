"""The knowledge base that answers now: follows the pointer, keeps the old snapshot when the new one is damaged."""

import threading

import structlog

from knowledge.base import KnowledgeBase
from knowledge.errors import ReleaseError
from knowledge.releases import ReleaseStore

_log = structlog.get_logger(__name__)

Signature = tuple[int, int, int] | None
"""(inode, modification time in ns, size) of the pointer; None while there is none."""


class CurrentKnowledge:
    """Hands out snapshots; a reader keeps his own until he is done. Safe to share between threads."""

    def __init__(self, store: ReleaseStore) -> None:
        """Follow the store's pointer; nothing is loaded before the first ``get``."""
        self._store = store
        self._lock = threading.Lock()
        self._seen: Signature = None
        self._base: KnowledgeBase | None = None

    def get(self) -> KnowledgeBase | None:
        """Return the current base, None while there is no usable release."""
        if self._signature() != self._seen:
            with self._lock:
                self._reload()
        return self._base

    def _reload(self) -> None:
        signature = self._signature()
        if signature == self._seen:
            return
        # Remembered before loading: a damaged release is not read again at every question.
        self._seen = signature
        try:
            number = self._store.current()
            if number is None:
                return
            self._base = self._store.open(number)
        except ReleaseError as error:
            kept = None if self._base is None else self._base.release
            _log.error("release_unusable", reason=str(error), kept=kept)
        else:
            _log.info("release_loaded", release=number)

    def _signature(self) -> Signature:
        try:
            status = self._store.pointer.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
