"""What is measured: the demo shop, the release that answers now, or a folder of articles built aside."""

import shutil
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowledge.address_book import FILE as ADDRESS_BOOK
from knowledge.base import Embed, KnowledgeBase
from knowledge.current import CurrentKnowledge
from knowledge.errors import ReleaseError
from knowledge.passages import Chunk
from knowledge.ranking import ALL_CHANNELS
from knowledge.releases import ReleaseStore
from knowledge.reranking import Rerank
from knowledge.sentences import SentenceEmbedder
from support.settings import PACKAGE_ROOT

DEMO: Final = "demo shop"
DEMO_SHOP: Final = PACKAGE_ROOT / "otvet" / "demo_shop"


@dataclass(frozen=True, slots=True)
class Subject:
    """A release with the orders that customers may ask about."""

    name: str
    store: ReleaseStore
    knowledge: KnowledgeBase
    blind: KnowledgeBase
    """The same without the vectors."""
    current: CurrentKnowledge
    """What the desk searches."""
    orders: Path | None = None
    """A list of orders; None: there are none."""
    hidden: Set[str] = frozenset()
    """Keys of passages that answer nobody (``Chunk.key``)."""

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """What may be found."""
        return tuple(chunk for chunk in self.knowledge.chunks if chunk.key not in self.hidden)

    @classmethod
    def of(
        cls,
        name: str,
        store: ReleaseStore,
        orders: Path | None = None,
        embed: Embed | None = None,
        rerank: Rerank | None = None,
        *,
        hidden: Set[str] = frozenset(),
    ) -> "Subject":
        """Open the store's current release, without what is hidden.

        Raises:
            ReleaseError: there is none, or it is damaged.
        """
        number = store.current()
        if number is None:
            raise ReleaseError("There is no release yet: run otvet kb build, or name a folder with --knowledge.")
        blind = KnowledgeBase.load(store.root / str(number), channels=ALL_CHANNELS - {"vector"})
        knowledge, current = store.open(number, embed, rerank), CurrentKnowledge(store, embed, rerank)
        if hidden:
            blind, knowledge = blind.without(hidden), knowledge.without(hidden)
            current.hide(hidden)
        return cls(name, store, knowledge, blind, current, orders, hidden)


@contextmanager
def demo_shop(orders: Path | None = None) -> Iterator[Subject]:
    """Build the demo shop's release aside, with its own orders unless others are given; it is thrown away afterwards.

    Raises:
        SourcesError, ReleaseError: it cannot be built.
    """
    with folder(DEMO_SHOP / "knowledge", name=DEMO, orders=orders or DEMO_SHOP / "orders.csv") as subject:
        yield subject


@contextmanager
def folder(
    sources: Path,
    *,
    name: str = "folder",
    orders: Path | None = None,
    model: SentenceEmbedder | None = None,
    rerank: Rerank | None = None,
    hidden: Set[str] = frozenset(),
    releases: Path | None = None,
) -> Iterator[Subject]:
    """Build a release of a folder of articles aside; it is thrown away afterwards.

    ``hidden``: as in ``Subject.of``; ``releases``: the folder whose address book says where answers may lead customers.

    Raises:
        SourcesError, ReleaseError: it cannot be built.
        EmbeddingModelError: the model cannot be had any more.
    """

    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as aside:
        store = ReleaseStore(Path(aside))
        if releases is not None and (book := releases / ADDRESS_BOOK).exists():
            shutil.copyfile(book, store.root / ADDRESS_BOOK)
        store.build(sources, model=model)
        embed: Embed | None = None
        if model is not None:
            revision = model.revision
            embed = lambda asked, text: model.embed_questions([text])[0] if asked == revision else None  # noqa: E731
        yield Subject.of(name, store, orders, embed, rerank, hidden=hidden)
