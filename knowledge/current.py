"""The knowledge base that answers now: follows the pointer, keeps the old snapshot when the new one is damaged."""

import gc
import sys
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Final

import structlog

from knowledge.address_book import AddressBook
from knowledge.base import Embed, KnowledgeBase
from knowledge.errors import ReleaseError
from knowledge.reranking import Rerank
from knowledge.shelf import Shelf

_log = structlog.get_logger(__name__)

SWITCH_S: Final = 0.00003
"""After so long a thread that loads a release lets others go on."""

Signature = tuple[int, int, int] | None
"""(inode, modification time in ns, size) of the pointer; None while there is none."""


@contextmanager
def _yielding() -> Iterator[None]:
    """Let other threads have the interpreter sooner: a search asks for it dozens of times, 5 ms each by default.

    Meanwhile no garbage is sought either: looking through all chunks again and again holds up everybody.
    """
    interval, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(SWITCH_S)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collecting:
            gc.enable()


class CurrentKnowledge:
    """Hands out snapshots; a reader keeps his own until he is done. Safe to share between threads."""

    def __init__(self, store: Shelf, embed: Embed | None = None, rerank: Rerank | None = None) -> None:
        """Follow the store's pointer; nothing is loaded before the first ``get``.

        ``embed``, ``rerank``: see ``KnowledgeBase``.
        """
        self._store = store
        self.addresses = AddressBook(store.root)
        """Where answers from any release may send customers."""
        self._embed = embed
        self._rerank = rerank
        self._loading = threading.Lock()
        self._seen: Signature = None
        self._showing = threading.Lock()
        self._hidden: Set[str] = frozenset()
        self._whole: KnowledgeBase | None = None
        self._base: KnowledgeBase | None = None
        """The whole one without what is hidden."""

    def get(self) -> KnowledgeBase | None:
        """Return the base without waiting: while a new release is being loaded, still the one before.

        Only the very first base is waited for. None while there is no usable release.
        """
        if self.is_behind():
            if self._base is None:
                return self.refresh()
            if not self._loading.locked():
                threading.Thread(target=self.refresh, name="release", daemon=True).start()
        return self._base

    def hide(self, keys: Set[str]) -> None:
        """Hand out bases without chunks of these keys (``Chunk.key``) from now on, and with all others."""
        with self._showing:
            if keys == self._hidden:
                return
            self._hidden = frozenset(keys)
            self._base = self._shown()

    def is_behind(self) -> bool:
        """Whether the pointer has moved since the last look; costs one stat."""
        return self._signature() != self._seen

    def refresh(self) -> KnowledgeBase | None:
        """Load what the pointer names, if that is not what is loaded already; takes a second for a large base."""
        with self._loading:
            signature = self._signature()
            if signature != self._seen:
                with _yielding():
                    self._load()
                # Remembered whatever came of it: a damaged release is not read again at every question.
                self._seen = signature
        return self._base

    def _load(self) -> None:
        kept = self._base
        try:
            number = self._store.current()
            if number is None:
                return
            self._show(self._store.open(number, self._embed, self._rerank))
        except ReleaseError as error:
            _log.error("release_unusable", reason=str(error), kept=None if kept is None else kept.release)
            if kept is None:
                self._show(self._older())
        else:
            _log.info("release_loaded", release=number)

    def _show(self, base: KnowledgeBase | None) -> None:
        with self._showing:
            self._whole = base
            self._base = self._shown()

    def _shown(self) -> KnowledgeBase | None:
        return self._whole.without(self._hidden) if self._whole is not None and self._hidden else self._whole

    def _older(self) -> KnowledgeBase | None:
        """Return the newest older release that is intact: a newer one may have been rolled back."""
        try:
            current = self._store.current() or 0
        except ReleaseError:
            return None
        for info in reversed(self._store.infos()):
            if info.number < current and not info.held:
                try:
                    base = self._store.open(info.number, self._embed, self._rerank)
                except ReleaseError:
                    continue
                _log.warning("an older release answers", release=info.number, instead_of=current)
                return base
        return None

    def _signature(self) -> Signature:
        try:
            status = self._store.pointer.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
