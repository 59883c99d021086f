"""Releases of the knowledge base: built aside, passed through a gate, switched by replacing one pointer."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from knowledge.address_book import AddressBook
from knowledge.base import MANIFEST, NO_ANSWER, Embed, KnowledgeBase
from knowledge.chunks import chunk_documents
from knowledge.differences import Difference, compare
from knowledge.documents import SourceError, Sources
from knowledge.errors import ReleaseError, SourcesError
from knowledge.gate import OWN_SHARE, Doubt, Objection, objections, own_share
from knowledge.golden import Golden, GoldenResult, read_golden
from knowledge.golden import compare as compare_golden
from knowledge.index import Index
from knowledge.loaders.kinds import KNOWN
from knowledge.meaning import vector_names
from knowledge.no_answer import NoAnswerModel
from knowledge.passages import Chunk
from knowledge.sentences import Counted, SentenceEmbedder
from knowledge.shelf import ASIDE, KEPT, POINTER, ReleaseInfo, Shelf, digest, flush, flush_folder, manifest_text
from knowledge.sources import read_sources
from knowledge.tokens import terms
from knowledge.training import train
from knowledge.vectors import VectorCache

__all__ = ["KEPT", "POINTER", "BuildReport", "Order", "Outcome", "ReleaseInfo", "ReleaseStore", "Stage", "Step"]


_log = structlog.get_logger(__name__)

READINGS = ".readings"
"""The file beside the releases that keeps what unchanged files gave."""
VECTORS = ".vectors"
"""The folder beside the releases that keeps what a pretrained model gave for the text of releases that stand."""
TRAINED_BELOW = 500
"""A base of fewer chunks is trained at every build: it takes a second."""
TRAINED_AFTER = 0.05
"""Once so large a share of the chunks has changed, embedder and no-answer model are trained again."""
LOOKED_AT = 500
"""Chunks of a new release that are read back and compared, spread evenly."""
REMEMBERED = 30_000
"""A release of at most so many chunks, 12 KB each, stays in the memory of the process that built it, for the next."""
_last_built: dict[Path, tuple[str, Index, NoAnswerModel]] = {}
"""By the releases' folder, at most one: its digest and what it holds."""


class Step(StrEnum):
    """The steps of a build, in their order."""

    READING = "reading"
    CHUNKING = "chunking"
    INDEXING = "indexing"
    EMBEDDING = "embedding"
    """Only with a pretrained model."""
    TRAINING = "training"
    SAVING = "saving"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a build stands."""

    step: Step
    number: int
    """1-based."""
    of: int
    count: int | None = None
    """How many articles or chunks the step deals with, when that is known; of texts embedded, how many so far."""


Progress = Callable[[Stage], None]


class Outcome(StrEnum):
    """What became of a build."""

    SWITCHED = "switched"
    UNCHANGED = "unchanged"
    """The sources say what the current release says: no new one was made."""
    HELD = "held"
    """The new release stands, and something speaks against it: the former one goes on answering."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants a build, why, and whether it is switched to whatever speaks against it."""

    built_by: str = ""
    reason: str = ""
    force: bool = False
    """Build even when nothing has changed, and switch even when something speaks against it."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    release: int
    """The new release; of an unchanged one the current."""
    articles: int
    chunks: int
    errors: tuple[SourceError, ...]
    seconds: float
    outcome: Outcome = Outcome.SWITCHED
    objections: tuple[Objection, ...] = ()
    """What speaks against it, also when that was overruled."""
    difference: Difference = field(default_factory=lambda: Difference((), (), (), ()))
    """From the release that answered before."""
    golden: GoldenResult | None = None
    """None when there are no golden questions."""
    waiting: tuple[tuple[str, str], ...] = ()
    """Addresses and promotional codes that no answer may hold before an administrator confirms them, and an article."""


class ReleaseStore(Shelf):
    """The releases below one folder, and how another one is made."""

    def build(
        self,
        sources_folder: Path,
        *,
        progress: Progress | None = None,
        order: Order | None = None,
        wait_s: float = 0.0,
        model: SentenceEmbedder | None = None,
    ) -> BuildReport:
        """Read the sources, build a release aside and switch to it; on any error the old one goes on answering.

        ``model``: the pretrained one whose vectors the release is to hold.

        Raises:
            EmbeddingModelError: the model cannot be had any more.
            SourcesError: the folder is missing or holds no readable article.
            BuildRunningError: another build is under way and does not end within ``wait_s``.
            ReleaseError: the new release holds broken numbers or does not find itself, or cannot be written.
        """
        with self.building(wait_s):
            try:
                return _Build(self, sources_folder, order or Order(), progress or (lambda _: None), model).run()
            except OSError as error:
                raise ReleaseError(f"The release cannot be written: {error.strerror or error}.") from error


class _Build:
    """One build, under the lock."""

    def __init__(
        self, store: ReleaseStore, folder: Path, order: Order, progress: Progress, model: SentenceEmbedder | None
    ) -> None:
        self._store, self._folder, self._order, self._progress = store, folder, order, progress
        self._model = None if model is None else Counted(model, lambda count: self._tell(Step.EMBEDDING, count))
        self._vectors = VectorCache(store.root / VECTORS)
        self._started = time.monotonic()
        self._opened: KnowledgeBase | None = None
        self._waiting: tuple[tuple[str, str], ...] = ()
        try:
            self._before = store.current()
        except ReleaseError:
            self._before = None

    def run(self) -> BuildReport:
        self._tell(Step.READING)
        sources = read_sources(self._folder, cache=self._store.root / READINGS)
        questions, golden_errors = read_golden(self._folder)
        sources = Sources(sources.documents, (*sources.errors, *golden_errors))
        self._tell(Step.CHUNKING, len(sources.documents))
        chunks = chunk_documents(sources.documents)
        if not any(terms(chunk.text) for chunk in chunks):
            raise SourcesError(_nothing_to_index(sources))
        former = self._former_chunks()
        self._waiting = AddressBook(self._store.root).review(former, chunks)
        if former == chunks and self._before is not None and not self._order.force and self._can_stay(self._before):
            return self._report(self._before, sources, chunks, outcome=Outcome.UNCHANGED)
        return self._make(sources, chunks, compare(former, chunks), questions)

    def _make(
        self, sources: Sources, chunks: tuple[Chunk, ...], difference: Difference, questions: tuple[Golden, ...]
    ) -> BuildReport:
        self._tell(Step.INDEXING, len(chunks))
        former, changed = self._former(chunks, difference)
        index = Index.build(
            chunks, self._model, self._vectors if self._model else None, former=former.index if former else None
        )
        if not index.is_finite():
            raise ReleaseError("The new release holds numbers that are not finite: it was not switched on.")
        self._tell(Step.TRAINING)
        model = former.model if former else train(index, self._model)
        self._tell(Step.SAVING)
        number = max([0, *self._store.numbers()]) + 1
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=self._store.root))
        aside.chmod(0o755)
        try:
            index.save(aside)
            (aside / NO_ANSWER).write_text(json.dumps(model.to_json()), encoding="utf-8")
            manifest = self._manifest(number, sources, chunks, digest(aside)) | {"taken_over": changed}
            (aside / MANIFEST).write_text(manifest_text(manifest), encoding="utf-8")
            self._tell(Step.CHECKING)
            base = _read_back(aside, chunks, self._embed)
            golden = self._ask(questions, base)
            against = self._against(len(sources.documents), len(chunks), golden)
            held = () if self._order.force else against
            manifest |= {"held": [asdict(one) for one in held], "seconds": round(time.monotonic() - self._started, 3)}
            (aside / MANIFEST).write_text(manifest_text(manifest), encoding="utf-8")
            flush(aside)
            aside.rename(self._store.root / str(number))
            _last_built.clear()
            if len(chunks) <= REMEMBERED:
                parsed = replace(base.index, chunks=chunks)
                _last_built[self._store.root] = str(manifest["digest"]), parsed, base.model
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        flush_folder(self._store.root)
        against, held = self._switch(number, against, held)
        self._store.forget_old()
        self._forget_vectors()
        outcome = Outcome.HELD if held else Outcome.SWITCHED
        return self._report(
            number, sources, chunks, outcome=outcome, against=against, difference=difference, golden=golden
        )

    def _switch(
        self, number: int, against: tuple[Objection, ...], held: tuple[Objection, ...]
    ) -> tuple[tuple[Objection, ...], tuple[Objection, ...]]:
        """Move the pointer, unless something speaks against it or somebody has moved it during the build."""
        with self._store.switching():
            try:
                current = self._store.current()
            except ReleaseError:
                current = None
            if current != self._before and current is not None and not self._order.force:
                meanwhile = Objection(Doubt.SWITCHED_MEANWHILE, self._before or 0, current)
                against, held = (*against, meanwhile), (*held, meanwhile)
            if not held:
                self._store.point_to(number)
            else:
                self._store.hold(number, held)
        return against, held

    def _former_chunks(self) -> tuple[Chunk, ...]:
        base = self._open_before()
        return () if base is None else tuple(base.chunks)

    def _former(self, chunks: tuple[Chunk, ...], difference: Difference) -> tuple[KnowledgeBase | None, int]:
        """Return the release whose trained parts serve on, and how many chunks have changed since they were trained."""
        info = None if self._before is None else self._store.info(self._before)
        if info is None or self._order.force or len(chunks) < TRAINED_BELOW or not self._is_same_software():
            return None, 0
        changed = info.taken_over + len(difference.chunks)
        if changed > len(chunks) * TRAINED_AFTER:
            return None, 0
        base = self._open_before()
        return (None, 0) if base is None else (base, changed)

    def _open_before(self) -> KnowledgeBase | None:
        """Return the release that answers, None when it is damaged: from memory if this process built it last."""
        if self._opened is None and self._before is not None:
            info, kept = self._store.info(self._before), _last_built.get(self._store.root)
            if info is not None and kept is not None and kept[0] == info.digest:
                self._opened = KnowledgeBase(kept[1], kept[2], release=self._before, embed=self._embed)
            with suppress(ReleaseError):
                self._opened = self._opened or self._store.open(self._before, self._embed)
        return self._opened

    def _can_stay(self, number: int) -> bool:
        """Whether building the same articles again would change nothing: what is in memory may be damaged on disk."""
        return self._is_same_software() and self._store.is_intact(number)

    def _is_same_software(self) -> bool:
        """Whether this code with this very model built the current release."""
        info = None if self._before is None else self._store.info(self._before)
        wanted = "" if self._model is None else self._model.revision
        return info is not None and (info.software, info.model_revision) == (software(), wanted)

    def _embed(self, revision: str, question: str) -> NDArray[np.float32] | None:
        """Embed a golden question as the bot will; None for a release of another model."""
        model = self._model
        return model.embed_questions([question])[0] if model is not None and revision == model.revision else None

    def _forget_vectors(self) -> None:
        """Keep the vectors that a build of what stands would need; what is forgotten is only embedded again."""
        if not (self._store.root / VECTORS).is_dir():
            return
        kept = set(self._vectors.used)
        for info in self._store.infos():
            if info.model_revision:
                with suppress(ReleaseError):
                    kept |= vector_names(self._store.chunks(info.number), info.model_revision)
        try:
            self._vectors.keep(kept)
        except OSError as error:  # the new release answers already
            _log.warning("vectors_not_tidied", error=error.strerror or str(error))

    def _ask(self, questions: tuple[Golden, ...], base: KnowledgeBase) -> GoldenResult | None:
        return compare_golden(questions, self._open_before(), base) if questions else None

    def _against(self, articles: int, chunks: int, golden: GoldenResult | None) -> tuple[Objection, ...]:
        info = None if self._before is None else self._store.info(self._before)
        if info is None:
            return ()
        return objections((info.articles, articles), (info.chunks, chunks), golden)

    def _manifest(self, number: int, sources: Sources, chunks: tuple[Chunk, ...], files: str) -> dict[str, object]:
        return {
            "number": number,
            "built_at": datetime.now(UTC).isoformat(),
            "articles": len(sources.documents),
            "chunks": len(chunks),
            "languages": sorted({chunk.language for chunk in chunks}),
            "digest": files,
            "errors": [asdict(error) for error in sources.errors],
            "built_by": self._order.built_by,
            "reason": self._order.reason,
            "software": software(),
            "model": "" if self._model is None else self._model.name,
            "model_revision": "" if self._model is None else self._model.revision,
        }

    def _report(
        self,
        number: int,
        sources: Sources,
        chunks: tuple[Chunk, ...],
        *,
        outcome: Outcome,
        against: tuple[Objection, ...] = (),
        difference: Difference | None = None,
        golden: GoldenResult | None = None,
    ) -> BuildReport:
        return BuildReport(
            release=number,
            articles=len(sources.documents),
            chunks=len(chunks),
            errors=sources.errors,
            seconds=time.monotonic() - self._started,
            outcome=outcome,
            objections=against,
            difference=difference or Difference((), (), (), ()),
            golden=golden,
            waiting=self._waiting,
        )

    def _tell(self, step: Step, count: int | None = None) -> None:
        steps = [one for one in Step if self._model is not None or one is not Step.EMBEDDING]
        self._progress(Stage(step, steps.index(step) + 1, len(steps), count))


def _read_back(folder: Path, chunks: tuple[Chunk, ...], embed: Embed) -> KnowledgeBase:
    """Load a release as readers will.

    Raises:
        ReleaseError: it does not come back as it was, or does not find its own chunks.
    """
    base = KnowledgeBase.load(folder, embed=embed)
    some = slice(None, None, -(-len(chunks) // LOOKED_AT))
    if len(base.chunks) != len(chunks) or base.chunks[some] != chunks[some] or own_share(base) < OWN_SHARE:
        raise ReleaseError("The new release does not find its own articles: it was not switched on.")
    return base


def _nothing_to_index(sources: Sources) -> str:
    first = next((error for error in sources.errors if not error.warning), None)
    if first is None:
        return f"The knowledge folder holds no article that answers today: put articles in it ({KNOWN})."
    return f"The knowledge folder holds no readable article ({first.place}: {first.reason})."


@cache
def software() -> str:
    """Return a digest of this package's code and word lists: with others the same articles make another release."""
    whole = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(path for path in here.rglob("*") if path.suffix in {".py", ".toml", ".json"}):
        whole.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]
