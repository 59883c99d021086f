"""The process that holds the sentence model: texts in, vectors out, customers' questions first.

Alone of all processes it imports torch, and late. support.embedding says how it is asked.
"""

import contextlib
import os
import resource
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from knowledge.errors import EmbeddingModelError
from knowledge.sentences import SentenceEmbedder, SentenceModel
from support.embedding import (
    ALIVE_S,
    BEAT_S,
    HELD_S,
    REPLY_TTL_S,
    EmbedRequest,
    EmbedWorker,
    Kind,
    alive_key,
    encode_error,
    encode_vectors,
    reply_key,
    request_key,
    waiting,
)
from support.queue import EMBED_QUEUE
from workers.crew import STALLED, leave

MOST_TEXTS: Final = 64
"""Of customers' questions in one forward pass."""
MOST_PASSAGES: Final = 32
A_PASS_S: Final = 0.1
"""A pass over a build's texts takes about so long: a question that comes meanwhile waits for it."""
STALL_S: Final = 180.0
"""A pass that takes longer hangs; only a new process can help."""
_WAIT_S: Final = 1
_PAUSE_S: Final = 0.5

_log = structlog.get_logger()


def run(name: str, redis: Redis, stopped: Callable[[], bool]) -> bool:
    """Load the model and serve it until asked to stop; False, after one sentence in the log, when it cannot be had."""
    heart = Heart(redis, this_worker(name))
    heart.start()
    _log.info("loading the embedding model", model=name)
    try:
        model = SentenceModel.open(name)
    except EmbeddingModelError as error:
        with contextlib.suppress(RedisError):
            heart.stop()
        _log.error(str(error))  # one sentence says it
        return False
    ready = heart.worker.model_copy(update={"revision": model.revision, "dimensions": model.dimensions})
    while not stopped() and not _is_shown(heart, ready):
        time.sleep(_PAUSE_S)
    said = {"model": name, "revision": model.revision, "dimensions": model.dimensions}
    _log.info("worker ready", queue=EMBED_QUEUE, **said, memory_mb=memory_mb())
    EmbedServer(redis, model, heart).serve(stopped)
    with contextlib.suppress(RedisError):
        heart.stop()
    _log.info("worker stopped", queue=EMBED_QUEUE)
    return True


def memory_mb() -> int:
    """Return the most memory that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _is_shown(heart: "Heart", worker: EmbedWorker) -> bool:
    try:
        heart.become(worker)
    except RedisError as error:
        _log.warning("Redis is gone, trying again", error=type(error).__name__)
        return False
    return True


def this_worker(model: str) -> EmbedWorker:
    """Describe this process before it has loaded its model."""
    return EmbedWorker(model=model, host=socket.gethostname(), pid=os.getpid())


@dataclass(slots=True)
class _Job:
    """A build's request, worked off a part at a time, short texts first: they are padded to the longest of a pass."""

    request_id: str
    request: EmbedRequest
    left: deque[int]
    rows: dict[int, NDArray[np.float32]]


class Heart:
    """Shows in Redis that the process lives, from a thread of its own; ends the process when a pass hangs."""

    def __init__(self, redis: Redis, worker: EmbedWorker, *, stall_s: float = STALL_S) -> None:
        self._redis = redis
        self._stall_s = stall_s
        self._stopped = threading.Event()
        self.worker = worker
        self.busy_since: float | None = None
        """Monotonic; None while nothing is embedded."""

    def start(self) -> None:
        """Beat from now on."""
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def become(self, worker: EmbedWorker) -> None:
        """Show another state at once."""
        before, self.worker = self.worker, worker
        self.beat()
        if alive_key(before) != alive_key(worker):
            self._redis.delete(alive_key(before))

    def beat(self) -> None:
        """Show that the process lives."""
        self._redis.set(alive_key(self.worker), self.worker.model_dump_json(), ex=ALIVE_S)

    def stop(self) -> None:
        """Vanish at once."""
        self._stopped.set()
        self._redis.delete(alive_key(self.worker))

    def _run(self) -> None:
        while not self._stopped.wait(BEAT_S):
            since = self.busy_since
            if since is not None and time.monotonic() - since > self._stall_s:
                _log.error("the model hangs; this process ends, its supervisor starts another")
                leave(STALLED)
            try:
                self.beat()
            except RedisError as error:
                _log.warning("Redis is gone, trying again", error=type(error).__name__)


class EmbedServer:
    """Embeds what waits in a model's two lists, as many texts at once as pay."""

    def __init__(self, redis: Redis, model: SentenceEmbedder, heart: Heart) -> None:
        self._redis = redis
        self._model = model
        self._heart = heart
        self._urgent = waiting(model.revision, urgent=True)
        self._later = waiting(model.revision, urgent=False)
        self._job: _Job | None = None
        self._passages = 1

    def serve(self, stopped: Callable[[], bool]) -> None:
        """Work until asked to stop; when Redis goes away, wait for it. What was in hand then is asked for again."""
        while not stopped():
            try:
                self.step()
            except RedisError as error:
                self._job = None
                _log.warning("Redis is gone, trying again", error=type(error).__name__)
                time.sleep(_PAUSE_S)

    def step(self) -> None:
        """Make one forward pass: over all questions that wait, otherwise over some texts of a build."""
        ids = self._waiting_questions()
        if not ids and self._job is None:
            found = cast("tuple[bytes, bytes] | None", self._redis.blpop([self._urgent, self._later], _WAIT_S))
            if found is None:
                return
            if found[0].decode() == self._later:
                self._job = self._begin(found[1])
                return
            # Those that came at the same moment go with it.
            ids = [found[1], *self._waiting_questions()]
        if ids:
            self._answer(ids)
        elif self._job is not None:
            self._go_on(self._job)

    def _waiting_questions(self) -> list[bytes]:
        return cast("list[bytes] | None", self._redis.lpop(self._urgent, MOST_TEXTS)) or []

    def _answer(self, ids: Sequence[bytes]) -> None:
        requests = [(id_.decode(), request) for id_ in ids if (request := self._read(id_)) is not None]
        for kind in ("question", "passage"):
            of_kind = [(id_, request) for id_, request in requests if request.kind == kind]
            texts = [text for _, request in of_kind for text in request.texts]
            if not of_kind:
                continue
            vectors = self._embed(kind, texts)
            start = 0
            for id_, request in of_kind:
                end = start + len(request.texts)
                self._reply(id_, vectors if isinstance(vectors, str) else vectors[start:end])
                start = end

    def _begin(self, id_: bytes) -> _Job | None:
        request = self._read(id_)
        if request is None:
            return None
        order = sorted(range(len(request.texts)), key=lambda row: len(request.texts[row]))
        return _Job(id_.decode(), request, deque(order), {})

    def _go_on(self, job: _Job) -> None:
        rows = [job.left.popleft() for _ in range(min(self._passages, len(job.left)))]
        started = time.monotonic()
        vectors = self._embed(job.request.kind, [job.request.texts[row] for row in rows])
        if isinstance(vectors, str):
            self._job = None
            self._reply(job.request_id, vectors)
            return
        took = max(time.monotonic() - started, 1e-3)
        self._redis.expire(request_key(job.request_id), HELD_S)
        if len(rows) == self._passages or took > A_PASS_S:
            self._passages = max(1, min(MOST_PASSAGES, 2 * self._passages, int(len(rows) * A_PASS_S / took)))
        job.rows |= dict(zip(rows, vectors, strict=True))
        if not job.left:
            self._job = None
            ordered = [job.rows[row] for row in range(len(job.rows))]
            self._reply(job.request_id, np.stack(ordered) if ordered else vectors)

    def _read(self, id_: bytes) -> EmbedRequest | None:
        payload = cast("bytes | None", self._redis.getex(request_key(id_.decode()), ex=HELD_S))
        if payload is None:  # nobody waits for it any more
            return None
        try:
            return EmbedRequest.model_validate_json(payload)
        except ValidationError as error:
            _log.error("a request to embed cannot be read", problems=error.error_count())
            self._reply(id_.decode(), "The request to embed cannot be read.")
            return None

    def _embed(self, kind: Kind, texts: Sequence[str]) -> NDArray[np.float32] | str:
        """Return float32[n, d], or a sentence when the model cannot; the same text is embedded once."""
        different = list(dict.fromkeys(texts))
        embed = self._model.embed_questions if kind == "question" else self._model.embed_passages
        self._heart.busy_since = time.monotonic()
        try:
            vectors = embed(different)
        except Exception as error:  # noqa: BLE001  # the process's edge: whoever asked hears of it, the next one is served
            _log.exception("texts could not be embedded", n=len(texts))
            return f"The embedding model failed ({type(error).__name__})."
        finally:
            self._heart.busy_since = None
        place = {text: row for row, text in enumerate(different)}
        return vectors[[place[text] for text in texts]]

    def _reply(self, request_id: str, vectors: NDArray[np.float32] | str) -> None:
        key = reply_key(request_id)
        reply = encode_error(vectors) if isinstance(vectors, str) else encode_vectors(vectors)
        with self._redis.pipeline() as pipeline:
            pipeline.rpush(key, reply)
            pipeline.expire(key, REPLY_TTL_S)
            pipeline.delete(request_key(request_id))
            pipeline.execute()
