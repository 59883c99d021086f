"""Texts to vectors over Redis: what the process that holds the sentence model shares with those who ask it.

A request is a key ``otvet:embed:request:<id>`` that expires and goes with the reply, holding JSON: ``{"kind":
"question" | "passage", "texts": […]}``; its id is pushed to one of the model's two lists, customers' or the builds'.
The reply is a list ``otvet:embed:reply:<id>`` with one element, which expires too: one line of JSON, ``{"shape": [n,
d]}`` or ``{"error": "…"}``, then n rows of d numbers, IEEE 754 of 32 bits, little-endian. Any language can speak it;
nothing is unpickled.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self, cast
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from redis import Redis
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import Pipeline
from redis.exceptions import RedisError

from knowledge.errors import EmbeddingModelError

ALIVE_S: Final = 6
"""How long a process that has stopped beating counts as alive."""
BEAT_S: Final = 2.0
REPLY_TTL_S: Final = 60
HELD_S: Final = 60
"""The process renews what it has in hand; whoever finds neither it nor a reply asks again."""
LIST_TTL_S: Final = 600
REQUEST_TTL_S: Final = 600
"""Of a build's request: it waits while questions are answered."""
TEXTS_A_REQUEST: Final = 32
_IN_FLIGHT: Final = 4
"""Requests of one build that wait: the process never idles, and little is lost with it."""
_LOOK_S: Final = 1
_ABSENT_S: Final = 60.0
"""A process that is being started again has loaded its model by then."""
_ALIVE: Final = "otvet:embed:alive:"

Kind = Literal["question", "passage"]


class EmbedWorker(BaseModel):
    """A process with a sentence model, a reranker or both, as it describes itself."""

    model_config = ConfigDict(frozen=True)

    model: str
    """As EMBEDDING_MODEL names it; empty when there is only a reranker."""
    revision: str = ""
    """Empty while the model is being loaded, and without one."""
    dimensions: int = 0
    host: str = ""
    pid: int = 0
    reranker: str = ""
    """As RERANKER_MODEL names it; see support.reranking."""
    reranks: bool = False
    """False while the reranker is being loaded."""

    @property
    def is_ready(self) -> bool:
        """Whether it answers with vectors."""
        return bool(self.revision)


class EmbedRequest(BaseModel):
    """Texts to embed; ``kind`` says which prefix the model wants before each."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    texts: tuple[str, ...]

    @classmethod
    def of(cls, kind: Kind, texts: Sequence[str]) -> Self:
        """Take texts as they come: half an emoji, which is no Unicode, becomes a question mark."""
        return cls(kind=kind, texts=tuple(text.encode("utf-8", "replace").decode("utf-8") for text in texts))


def waiting(revision: str, *, urgent: bool) -> str:
    """Return the list that a model's requests wait in: customers' questions in the urgent one."""
    return f"otvet:embed:{'now' if urgent else 'later'}:{revision}"


def request_key(request_id: str) -> str:
    """Return where a request's texts lie."""
    return f"otvet:embed:request:{request_id}"


def reply_key(request_id: str) -> str:
    """Return where the reply comes."""
    return f"otvet:embed:reply:{request_id}"


def alive_key(worker: EmbedWorker) -> str:
    """Return what a process renews: by its revision once it answers, so that one look-up tells."""
    return _ALIVE + (worker.revision or f"loading-{worker.host}-{worker.pid}")


def is_alive_key(revision: str) -> str:
    """Return the key that exists as long as a process answers for the revision."""
    return _ALIVE + revision


def encode_vectors(vectors: NDArray[np.float32]) -> bytes:
    """Return float32[n, d] as a reply."""
    return json.dumps({"shape": list(vectors.shape)}).encode() + b"\n" + vectors.astype("<f4").tobytes()


def encode_error(sentence: str) -> bytes:
    """Return why there are no vectors, as a reply."""
    return json.dumps({"error": sentence}).encode() + b"\n"


def decode_vectors(reply: bytes, *, n: int) -> NDArray[np.float32]:
    """Read a reply to ``n`` texts: float32[n, d], finite.

    Raises:
        EmbeddingModelError: the model could not do it, or this is no such reply.
    """
    head, _, body = reply.partition(b"\n")
    try:
        header = json.loads(head)
        if sentence := header.get("error"):
            raise EmbeddingModelError(str(sentence))
        vectors = np.frombuffer(body, dtype="<f4").astype(np.float32).reshape(header["shape"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmbeddingModelError("The embedding process sent something that is no vectors.") from error
    if vectors.ndim != 2 or len(vectors) != n:  # noqa: PLR2004  # rows of numbers
        raise EmbeddingModelError("The embedding process sent too few vectors.")
    if not np.isfinite(vectors).all():
        raise EmbeddingModelError("The embedding model gave numbers that are not finite.")
    return vectors


def put(
    pipeline: Pipeline | AsyncPipeline,
    request_id: str,
    request: EmbedRequest,
    revision: str,
    *,
    urgent: bool,
    ttl_s: int,
) -> None:
    """Add a request to a pipeline, of ``redis`` or ``redis.asyncio``; unread after ``ttl_s`` it is forgotten."""
    submit(pipeline, request_id, request, waiting(revision, urgent=urgent), ttl_s=ttl_s)


def submit(pipeline: Pipeline | AsyncPipeline, request_id: str, request: BaseModel, queue: str, *, ttl_s: int) -> None:
    """Add a request of any kind to a pipeline."""
    pipeline.set(request_key(request_id), request.model_dump_json(), ex=ttl_s)
    pipeline.rpush(queue, request_id)
    pipeline.expire(queue, LIST_TTL_S)


def workers(redis: Redis) -> tuple[EmbedWorker, ...]:
    """Return the processes that live, those that still load their model included."""
    keys = sorted(redis.scan_iter(f"{_ALIVE}*", count=1000))
    found = cast("list[bytes | None]", redis.mget(keys)) if keys else []
    return tuple(_worker(value) for value in found if value is not None)


def _worker(value: bytes) -> EmbedWorker:
    try:
        return EmbedWorker.model_validate_json(value)
    except ValidationError as error:
        raise EmbeddingModelError("Another version's embedding process uses this Redis: stop it.") from error


def serving(redis: Redis, model: str, *, wait_s: float = 0.0, absent_s: float = 0.0) -> EmbedWorker | None:
    """Return the process that serves this EMBEDDING_MODEL, None when there is none.

    ``wait_s``: how long one that loads its model is waited for; ``absent_s``: how long one that is not there yet.
    """
    begun = time.monotonic()
    while True:
        found = [worker for worker in workers(redis) if worker.model == model]
        ready = next((worker for worker in found if worker.is_ready), None)
        patience = wait_s if found else absent_s
        if ready is not None or time.monotonic() - begun >= patience:
            return ready
        time.sleep(0.2)


@dataclass(slots=True)
class _Asked:
    request_id: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A sentence model in another process, asked through Redis. Blocking; a ``knowledge.sentences.SentenceEmbedder``.

    Customers' questions go first, whatever ``kind`` is asked for here. A process that is started again is waited for.
    """

    redis: Redis
    worker: EmbedWorker
    urgent: bool = False
    absent_s: float = _ABSENT_S

    @property
    def name(self) -> str:
        """As EMBEDDING_MODEL names it."""
        return self.worker.model

    @property
    def revision(self) -> str:
        """Of the model that answers."""
        return self.worker.revision

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is searched.

        Raises:
            EmbeddingModelError: the process has gone, or cannot do it.
        """
        return self._embed("passage", texts)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is asked.

        Raises:
            EmbeddingModelError: the process has gone, or cannot do it.
        """
        return self._embed("question", texts)

    def _embed(self, kind: Kind, texts: Sequence[str]) -> NDArray[np.float32]:
        parts = [texts[start : start + TEXTS_A_REQUEST] for start in range(0, len(texts), TEXTS_A_REQUEST)]
        try:
            found = list(self._replies(kind, parts))
        except RedisError as error:
            raise EmbeddingModelError(
                f"EMBEDDING_MODEL={self.name}: its process cannot be asked, Redis is gone."
            ) from error
        return np.vstack(found) if found else np.zeros((0, self.worker.dimensions), dtype=np.float32)

    def _replies(self, kind: Kind, parts: Iterable[Sequence[str]]) -> Iterable[NDArray[np.float32]]:
        left, asked = deque(parts), deque[_Asked]()
        while left or asked:
            while left and len(asked) < _IN_FLIGHT:
                asked.append(self._ask(kind, left.popleft()))
            yield self._wait(kind, asked.popleft())

    def _ask(self, kind: Kind, texts: Sequence[str]) -> _Asked:
        request_id = uuid4().hex
        request = EmbedRequest.of(kind, texts)
        with self.redis.pipeline() as pipeline:
            put(pipeline, request_id, request, self.revision, urgent=self.urgent, ttl_s=REQUEST_TTL_S)
            pipeline.execute()
        return _Asked(request_id, texts)

    def _wait(self, kind: Kind, asked: _Asked) -> NDArray[np.float32]:
        gone_at: float | None = None
        lost = False
        while True:
            reply = cast("tuple[bytes, bytes] | None", self.redis.blpop([reply_key(asked.request_id)], _LOOK_S))
            if reply is not None:
                return decode_vectors(reply[1], n=len(asked.texts))
            now = time.monotonic()
            if not self.redis.exists(is_alive_key(self.revision)):
                gone_at = gone_at or now
                if now - gone_at >= self.absent_s:
                    raise EmbeddingModelError(
                        f"EMBEDDING_MODEL={self.name}: its process has gone: start otvet worker --queue embed."
                    )
                continue
            gone_at = None
            if lost:  # a process died with it in hand, and another one is there
                asked = self._ask(kind, asked.texts)
            lost = not self.redis.exists(request_key(asked.request_id))
