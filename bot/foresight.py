"""Vectors of questions, fetched before the transaction in which a turn is decided: search never waits for Redis."""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast
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
from support.availability import UNAVAILABLE
from support.embedding import EmbedRequest, decode_vectors, is_alive_key, put, reply_key
from support.readings import Understood
from support.turn_search import TurnSearch

PATIENCE_S: Final = 1.0
"""Longer than that nobody waits for a vector: search goes on without it."""
PAUSE_S: Final = 5.0
"""A process that did not answer is left alone for so long: it costs nobody anything meanwhile."""
REMEMBERED: Final = 2_000
log = structlog.get_logger()


class Vectors:
    """The vectors of the questions asked last, by model revision and searched text. Safe to share between threads."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._found: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, revision: str, question: str) -> NDArray[np.float32] | None:
        """Return float32[n_dimensions], None when the question has not been embedded: a ``knowledge.base.Embed``."""
        with self._lock:
            vector = self._found.get((revision, question))
            if vector is not None:
                self._found.move_to_end((revision, question))
            return vector

    def remember(self, revision: str, questions: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors, float32[len(questions), n_dimensions]."""
        with self._lock:
            for question, vector in zip(questions, vectors, strict=True):
                self._found[revision, question] = vector
                self._found.move_to_end((revision, question))
            while len(self._found) > self._most:
                self._found.popitem(last=False)


@dataclass(slots=True)
class Foresight:
    """Asks the process that holds the sentence model, where the release was built with one."""

    redis: Redis
    units: Units
    search: TurnSearch
    knowledge: CurrentKnowledge
    vectors: Vectors
    patience_s: float = PATIENCE_S
    clock: Callable[[], float] = time.monotonic
    _quiet_until: float = field(default=0.0)

    async def prepare(self, turn_id: int, understood: Understood | None = None) -> None:
        """Fetch what the turn's search will look for; whatever goes wrong, search does without."""
        base = self.knowledge.get()
        if base is None or base.model_revision is None or self.clock() < self._quiet_until:
            return
        try:
            async with self.units.database.reading() as session:
                questions = await self.search.questions(session, turn_id, self.units.clock(), understood)
        except UNAVAILABLE:  # the decision waits for the database anyway
            return
        if questions:
            await self.fetch(base, questions)

    async def fetch(self, base: KnowledgeBase, questions: Sequence[str]) -> None:
        """Fetch the vectors of these questions."""
        revision = base.model_revision or ""
        searched = dict.fromkeys(base.searched(question) for question in questions)
        missing = [question for question in searched if self.vectors.find(revision, question) is None]
        if not missing:
            return
        try:
            async with asyncio.timeout(self.patience_s):
                found = await self._ask(revision, missing)
        except (TimeoutError, RedisError, OSError, EmbeddingModelError) as error:
            self._quiet_until = self.clock() + PAUSE_S
            reason = str(error) if isinstance(error, EmbeddingModelError) else type(error).__name__
            log.warning("questions are searched without the sentence model", reason=reason, for_s=PAUSE_S)
        else:
            self.vectors.remember(revision, missing, found)

    async def _ask(self, revision: str, questions: Sequence[str]) -> NDArray[np.float32]:
        if not await self.redis.exists(is_alive_key(revision)):
            raise EmbeddingModelError("no process serves the release's model")
        request_id = uuid4().hex
        async with self.redis.pipeline(transaction=False) as pipeline:
            request = EmbedRequest.of("question", questions)
            put(pipeline, request_id, request, revision, urgent=True, ttl_s=max(1, round(self.patience_s)))
            await pipeline.execute()
        reply = cast("list[bytes] | None", await self.redis.blpop([reply_key(request_id)], timeout=self.patience_s))
        if reply is None:
            raise EmbeddingModelError("the process that serves it is busy")
        return decode_vectors(reply[1], n=len(questions))
