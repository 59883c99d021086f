"""What search will need of other processes, fetched before the transaction in which a turn is decided.

Search itself never waits for Redis: it looks up here the vector of a question and a reranker's scores, and does without
what is not there.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast
from uuid import uuid4

import numpy as np
import structlog
from numpy.typing import NDArray
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.unit import Units
from knowledge.base import KnowledgeBase
from knowledge.current import CurrentKnowledge
from knowledge.errors import EmbeddingModelError
from knowledge.passages import Chunk
from support import abuse, reranking
from support.availability import UNAVAILABLE
from support.embedding import TEXTS_A_REQUEST, EmbedRequest, decode_vectors, is_alive_key, put, reply_key
from support.jobs import GenerationResult
from support.readings import Understood
from support.tables import TurnRow
from support.turn_search import Ahead, TurnSearch, asked

PATIENCE_S: Final = 1.0
"""Longer than that nobody waits for a vector: search goes on without it."""
PAUSE_S: Final = 5.0
"""A process that did not answer is left alone for so long: it costs nobody anything meanwhile."""
EXAMPLES_PATIENCE_S: Final = 60.0
"""For all examples of all intents, behind the questions of customers."""
HEARD: Final = 500
"""Characters: a longer message is classified by its words alone, and masked elsewhere first."""
REMEMBERED: Final = 2_000
log = structlog.get_logger()
KeyT = TypeVar("KeyT", bound=Hashable)


class _Lately(Generic[KeyT]):
    """The arrays asked for last. Safe to share between threads."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._found: OrderedDict[KeyT, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: KeyT) -> NDArray[np.float32] | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: KeyT, value: NDArray[np.float32]) -> None:
        with self._lock:
            self._found[key] = value
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)


class Vectors:
    """The vectors of the questions asked last, by model revision and searched text."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._lately: _Lately[tuple[str, str]] = _Lately(most)

    def find(self, revision: str, question: str) -> NDArray[np.float32] | None:
        """Return float32[n_dimensions], None when the question has not been embedded: a ``knowledge.base.Embed``."""
        return self._lately.get((revision, question))

    def remember(self, revision: str, questions: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors, float32[len(questions), n_dimensions]."""
        for question, vector in zip(questions, vectors, strict=True):
            self._lately.put((revision, question), vector)


class Relevances:
    """A reranker's scores of what was found last, by searched text and the chunks in their order."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._lately: _Lately[tuple[str, tuple[str, ...]]] = _Lately(most)

    def find(self, question: str, chunks: Sequence[Chunk]) -> NDArray[np.float32] | None:
        """Return float32[n_chunks], None when these have not been scored: a ``knowledge.reranking.Rerank``."""
        return self._lately.get((question, _ids(chunks)))

    def remember(self, question: str, chunks: Sequence[Chunk], scores: NDArray[np.float32]) -> None:
        """Keep the scores, float32[n_chunks]."""
        self._lately.put((question, _ids(chunks)), scores)


def _ids(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """Ids are stable while headings and text are."""
    return tuple(chunk.id for chunk in chunks)


@dataclass(slots=True)
class _Patience:
    """Waits for one kind of answer; after a failure nobody is asked for ``PAUSE_S``."""

    seconds: float
    clock: Callable[[], float]
    what: str
    """As the log calls it."""
    _quiet_until: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the process is left alone at this moment."""
        return self.clock() < self._quiet_until

    async def wait(self, answer: Coroutine[Any, Any, None]) -> None:
        """Wait; whatever goes wrong, nothing is raised."""
        try:
            async with asyncio.timeout(self.seconds):
                await answer
        except (TimeoutError, RedisError, OSError, EmbeddingModelError) as error:
            self._quiet_until = self.clock() + PAUSE_S
            reason = str(error) if isinstance(error, EmbeddingModelError) else type(error).__name__
            log.warning("questions are searched without it", what=self.what, reason=reason, for_s=PAUSE_S)


@dataclass(slots=True)
class Foresight:
    """Asks the process that holds the sentence model and the reranker: for what the release, and the settings, name."""

    redis: Redis
    units: Units
    search: TurnSearch
    knowledge: CurrentKnowledge
    vectors: Vectors
    relevances: Relevances = field(default_factory=Relevances)
    reranker: str = ""
    """RERANKER_MODEL; nobody is asked when it is empty."""
    patience_s: float = PATIENCE_S
    reranking_patience_s: float = reranking.PATIENCE_S
    clock: Callable[[], float] = time.monotonic
    _for_vectors: _Patience = field(init=False)
    _for_scores: _Patience = field(init=False)
    _in_hand: dict[tuple[tuple[str, tuple[str, ...]], ...], asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._for_vectors = _Patience(self.patience_s, self.clock, "sentence model")
        self._for_scores = _Patience(self.reranking_patience_s, self.clock, "reranker")

    async def hear(self, turn_id: int) -> None:
        """Fetch the vector of what was said, without personal data: the classifier looks it up by the very words."""
        base = self.knowledge.get()
        if base is None or not self._embeds(base):
            return
        try:
            async with self.units.database.reading() as session:
                turn = await session.get(TurnRow, turn_id)
        except UNAVAILABLE:
            return
        if turn is None or not 0 < len(turn.text) <= HEARD or abuse.says_nothing_else(turn.text):
            return
        revision = base.model_revision or ""
        if self.vectors.find(revision, turn.text) is None:
            await self._for_vectors.wait(self._embed(revision, {turn.text: await asyncio.to_thread(asked, turn)}))

    async def examples(self, texts: Sequence[str]) -> tuple[str, NDArray[np.float32]] | None:
        """Return the revision of the model that is in use and float32[len(texts), d]; None when it cannot be had."""
        base = self.knowledge.get()
        if base is None or not self._embeds(base):
            return None
        revision, found = base.model_revision or "", []
        try:
            async with asyncio.timeout(EXAMPLES_PATIENCE_S):
                for start in range(0, len(texts), TEXTS_A_REQUEST):
                    part = texts[start : start + TEXTS_A_REQUEST]
                    found.append(await self._vectors_of(revision, part, urgent=False, patience_s=EXAMPLES_PATIENCE_S))
        except (TimeoutError, RedisError, OSError, EmbeddingModelError) as error:
            log.info("intents are told apart by words alone for now", reason=type(error).__name__)
            return None
        return revision, np.vstack(found)

    async def prepare(self, turn_id: int, understood: Understood | None = None) -> None:
        """Fetch what the turn's search will look for; whatever goes wrong, search does without."""
        base = self.knowledge.get()
        if base is None or not (self._embeds(base) or self._reranks):
            return
        try:
            async with self.units.database.reading() as session:
                ahead = await self.search.ahead(session, turn_id, self.units.clock(), understood)
        except UNAVAILABLE:  # the decision waits for the database anyway
            return
        if ahead is not None and self._embeds(base):
            await self.fetch(base, ahead.questions)
        if ahead is not None and self._reranks:
            await self.weigh(base, ahead)

    async def prepare_again(self, result: GenerationResult) -> None:
        """Fetch the same where a result's text is gone and its question will be asked anew."""
        base = self.knowledge.get()
        if base is None or not (self._embeds(base) or self._reranks):
            return
        try:
            async with self.units.database.reading() as session:
                anew = await self.search.begins_anew(session, result)
        except UNAVAILABLE:
            return
        if anew:
            await self.prepare(result.turn_id)

    @property
    def revision(self) -> str | None:
        """Of the sentence model that the current release was built with; None without one."""
        base = self.knowledge.get()
        return None if base is None else base.model_revision

    async def fetch(self, base: KnowledgeBase, questions: Sequence[str]) -> None:
        """Fetch the vectors of these questions."""
        revision = base.model_revision or ""
        searched = dict.fromkeys(base.searched(question) for question in questions)
        missing = [question for question in searched if self.vectors.find(revision, question) is None]
        if missing:
            await self._for_vectors.wait(self._embed(revision, dict(zip(missing, missing, strict=True))))

    async def weigh(self, base: KnowledgeBase, ahead: Ahead) -> None:
        """Fetch the reranker's scores of what these questions find, where an answer would be made of it."""
        found = await asyncio.to_thread(_candidates, base, ahead)
        missing = [
            (question, chunks)
            for question, chunks in found
            if len(chunks) > 1 and self.relevances.find(question, chunks) is None
        ]
        if not missing:
            return
        # A turn whose close takes long is closed once more meanwhile: its passages are read once.
        key = tuple((question, _ids(chunks)) for question, chunks in missing)
        task = self._in_hand.get(key)
        if task is None:
            task = self._in_hand[key] = asyncio.create_task(self._for_scores.wait(self._rerank(missing)))
            task.add_done_callback(lambda _: self._in_hand.pop(key, None))
        await task

    def _embeds(self, base: KnowledgeBase) -> bool:
        return base.model_revision is not None and not self._for_vectors.is_over

    @property
    def _reranks(self) -> bool:
        return bool(self.reranker) and not self._for_scores.is_over

    async def _embed(self, revision: str, questions: Mapping[str, str]) -> None:
        """Remember the vectors of the values under the keys."""
        vectors = await self._vectors_of(revision, list(questions.values()), urgent=True, patience_s=self.patience_s)
        self.vectors.remember(revision, list(questions), vectors)

    async def _vectors_of(
        self, revision: str, texts: Sequence[str], *, urgent: bool, patience_s: float
    ) -> NDArray[np.float32]:
        if not await self.redis.exists(is_alive_key(revision)):
            raise EmbeddingModelError("no process serves the release's model")
        request_id = uuid4().hex
        async with self.redis.pipeline(transaction=False) as pipeline:
            request = EmbedRequest.of("question", texts)
            put(pipeline, request_id, request, revision, urgent=urgent, ttl_s=max(1, round(patience_s)))
            await pipeline.execute()
        return decode_vectors(await self._reply(request_id, patience_s), n=len(texts))

    async def _rerank(self, found: Sequence[tuple[str, Sequence[Chunk]]]) -> None:
        if not await self.redis.exists(reranking.alive_key(self.reranker)):
            raise EmbeddingModelError("no process serves RERANKER_MODEL")
        patience_s = self.reranking_patience_s
        async with self.redis.pipeline(transaction=False) as pipeline:
            ids = [reranking.put(pipeline, self.reranker, *one, patience_s=patience_s) for one in found]
            await pipeline.execute()
        for request_id, (question, chunks) in zip(ids, found, strict=True):
            reply = await self._reply(request_id, patience_s)
            self.relevances.remember(question, chunks, reranking.decode_scores(reply, n=len(chunks)))

    async def _reply(self, request_id: str, patience_s: float) -> bytes:
        reply = cast("list[bytes] | None", await self.redis.blpop([reply_key(request_id)], timeout=patience_s))
        if reply is None:
            raise EmbeddingModelError("the process that serves it is busy")
        return reply[1]


def _candidates(base: KnowledgeBase, ahead: Ahead) -> list[tuple[str, tuple[Chunk, ...]]]:
    return [base.candidates(part.text, language=ahead.language) for part in ahead.rehearse(base)]
