"""The process that holds the sentence model, the reranker or both: texts in, numbers out, customers' questions first.

Alone of all processes it imports torch, and late. support.embedding and support.reranking say how it is asked.
"""

import contextlib
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar, cast

import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from redis import Redis
from redis.exceptions import RedisError

from knowledge.errors import EmbeddingModelError
from knowledge.reranking import CrossEncoderModel, Reranker
from knowledge.sentences import OFFLINE, SentenceEmbedder, SentenceModel
from support import reranking
from support.embedding import (
    ALIVE_S,
    BEAT_S,
    HELD_S,
    REPLY_TTL_S,
    EmbedRequest,
    EmbedWorker,
    alive_key,
    encode_error,
    encode_vectors,
    reply_key,
    request_key,
    waiting,
)
from support.queue import EMBED_QUEUE
from workers.crew import STALLED, leave
from workers.passes import Job, Pace, Pass

MOST_TEXTS: Final = 64
"""Of customers' questions in one forward pass."""
STALL_S: Final = 180.0
"""A pass that takes longer hangs; only a new process can help."""
_WAIT_S: Final = 1
_PAUSE_S: Final = 0.5

RequestT = TypeVar("RequestT", bound=BaseModel)
_log = structlog.get_logger()


def run(name: str, redis: Redis, stopped: Callable[[], bool], *, reranker: str = "") -> bool:
    """Load what is named and serve it until asked to stop; False, after a sentence in the log, if it cannot be had."""
    heart = Heart(redis, this_worker(name, reranker))
    heart.start()
    _log.info("loading the embedding model", model=name, reranker=reranker)
    if not all(one in {"", OFFLINE} or Path(one).is_dir() for one in (name, reranker)):
        # The Hub is asked for one of them: the other's folder must not close the way.
        os.environ.setdefault("HF_HUB_OFFLINE", "0")
    try:
        model = SentenceModel.open(name) if name else None
        second = CrossEncoderModel.open(reranker) if reranker else None
    except EmbeddingModelError as error:
        with contextlib.suppress(RedisError):
            heart.stop()
        _log.error(str(error))  # one sentence says it
        return False
    found = {} if model is None else {"revision": model.revision, "dimensions": model.dimensions}
    ready = heart.worker.model_copy(update={**found, "reranks": second is not None})
    while not stopped() and not _is_shown(heart, ready):
        time.sleep(_PAUSE_S)
    _log.info("worker ready", queue=EMBED_QUEUE, model=name, **found, reranker=reranker, memory_mb=memory_mb())
    EmbedServer(redis, model, heart, reranker=second).serve(stopped)
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


def this_worker(model: str, reranker: str = "") -> EmbedWorker:
    """Describe this process before it has loaded its models."""
    return EmbedWorker(model=model, reranker=reranker, host=socket.gethostname(), pid=os.getpid())


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
        for key in self._keys():
            self._redis.set(key, self.worker.model_dump_json(), ex=ALIVE_S)

    def stop(self) -> None:
        """Vanish at once."""
        self._stopped.set()
        self._redis.delete(*self._keys())

    def _keys(self) -> tuple[str, ...]:
        worker = self.worker
        return (alive_key(worker), *([reranking.alive_key(worker.reranker)] if worker.reranks else []))

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
    """Works off what waits in a process's lists, as many texts at once as pay.

    Customers' questions that want vectors first, then passages that a customer's question waits for, then builds.
    """

    def __init__(
        self, redis: Redis, model: SentenceEmbedder | None, heart: Heart, *, reranker: Reranker | None = None
    ) -> None:
        self._redis = redis
        self._model = model
        self._heart = heart
        self._reranker = reranker
        revision = "" if model is None else model.revision
        self._urgent = waiting(revision, urgent=True) if revision else ""
        self._later = waiting(revision, urgent=False) if revision else ""
        self._rerank = "" if reranker is None else reranking.waiting(reranker.name)
        self._reranking: Job | None = None
        self._building: Job | None = None
        self._pace_of_passages, self._pace_of_pairs = Pace(), Pace()

    def serve(self, stopped: Callable[[], bool]) -> None:
        """Work until asked to stop; when Redis goes away, wait for it. What was in hand then is asked for again."""
        while not stopped():
            try:
                self.step()
            except RedisError as error:
                self._reranking = self._building = None
                _log.warning("Redis is gone, trying again", error=type(error).__name__)
                time.sleep(_PAUSE_S)

    def step(self) -> None:
        """Make one forward pass, over what is the most urgent; wait for work when there is none."""
        if ids := self._waiting_questions():
            self._answer(ids)
        elif job := self._reranking or self._next_to_rerank():
            self._reranking = self._go_on(job)
        elif self._building is not None:
            self._building = self._go_on(self._building)
        else:
            self._wait()

    def _wait(self) -> None:
        lists = [name for name in (self._urgent, self._rerank, self._later) if name]
        found = cast("tuple[bytes, bytes] | None", self._redis.blpop(lists, _WAIT_S))
        if found is None:
            return
        queue, id_ = found[0].decode(), found[1]
        if queue == self._later:
            self._building = self._begin(id_)
        elif queue == self._rerank:
            self._reranking = self._begin_reranking(id_)
        else:
            # Those that came at the same moment go with it.
            self._answer([id_, *self._waiting_questions()])

    def _waiting_questions(self) -> list[bytes]:
        if not self._urgent:
            return []
        return cast("list[bytes] | None", self._redis.lpop(self._urgent, MOST_TEXTS)) or []

    def _next_to_rerank(self) -> Job | None:
        id_ = cast("bytes | None", self._redis.lpop(self._rerank)) if self._rerank else None
        return None if id_ is None else self._begin_reranking(id_)

    def _answer(self, ids: Sequence[bytes]) -> None:
        requests = [(id_.decode(), request) for id_ in ids if (request := self._read(id_, EmbedRequest)) is not None]
        for kind in ("question", "passage"):
            of_kind = [(id_, request) for id_, request in requests if request.kind == kind]
            texts = [text for _, request in of_kind for text in request.texts]
            if not of_kind:
                continue
            vectors = self._pass(self._embedding(kind), texts)
            start = 0
            for id_, request in of_kind:
                end = start + len(request.texts)
                self._reply(id_, vectors if isinstance(vectors, str) else vectors[start:end])
                start = end

    def _begin(self, id_: bytes) -> Job | None:
        request = self._read(id_, EmbedRequest)
        if request is None:
            return None
        return Job(id_.decode(), request.texts, self._embedding(request.kind), self._pace_of_passages, is_urgent=False)

    def _begin_reranking(self, id_: bytes) -> Job | None:
        reranker, request = self._reranker, self._read(id_, reranking.RerankRequest, held=False)
        if request is None or reranker is None:
            return None

        def work(passages: Sequence[str]) -> NDArray[np.float32]:
            return reranker.scores(request.question, passages)[:, np.newaxis]

        return Job(id_.decode(), request.passages, work, self._pace_of_pairs, is_urgent=True)

    def _go_on(self, job: Job) -> Job | None:
        """Make one pass for a job; None when it is done with."""
        key = request_key(job.request_id)
        if job.is_urgent and not self._redis.exists(key):
            return None
        rows = [job.left.popleft() for _ in range(min(job.pace.at_once, len(job.left)))]
        started = time.monotonic()
        found = self._pass(job.work, [job.texts[row] for row in rows])
        if isinstance(found, str):
            self._reply(job.request_id, found)
            return None
        job.pace.learn(len(rows), max(time.monotonic() - started, 1e-3))
        if not job.is_urgent:
            self._redis.expire(key, HELD_S)
        job.rows |= dict(zip(rows, found, strict=True))
        if job.left:
            return job
        ordered = [job.rows[row] for row in range(len(job.rows))]
        self._reply(job.request_id, np.stack(ordered) if ordered else found)
        return None

    def _read(self, id_: bytes, kind: type[RequestT], *, held: bool = True) -> RequestT | None:
        """Return a request, ``held`` as long as it is in hand; None when nobody waits for it any more."""
        key = request_key(id_.decode())
        payload = cast("bytes | None", self._redis.getex(key, ex=HELD_S) if held else self._redis.get(key))
        if payload is None:
            return None
        try:
            return kind.model_validate_json(payload)
        except ValidationError as error:
            _log.error("a request to embed cannot be read", problems=error.error_count())
            self._reply(id_.decode(), "The request to embed cannot be read.")
            return None

    def _embedding(self, kind: str) -> Pass:
        if self._model is None:
            raise RuntimeError("there is no list of texts to embed without a model")
        return self._model.embed_questions if kind == "question" else self._model.embed_passages

    def _pass(self, work: Pass, texts: Sequence[str]) -> NDArray[np.float32] | str:
        """Return float32[n, d], or a sentence when the model cannot; the same text is read once."""
        different = list(dict.fromkeys(texts))
        self._heart.busy_since = time.monotonic()
        try:
            found = work(different)
        except Exception as error:  # noqa: BLE001  # the process's edge: whoever asked hears of it, the next one is served
            _log.exception("texts could not be embedded", n=len(texts))
            return f"The embedding model failed ({type(error).__name__})."
        finally:
            self._heart.busy_since = None
        place = {text: row for row, text in enumerate(different)}
        return found[[place[text] for text in texts]]

    def _reply(self, request_id: str, found: NDArray[np.float32] | str) -> None:
        key = reply_key(request_id)
        reply = encode_error(found) if isinstance(found, str) else encode_vectors(found)
        with self._redis.pipeline() as pipeline:
            pipeline.rpush(key, reply)
            pipeline.expire(key, REPLY_TTL_S)
            pipeline.delete(request_key(request_id))
            pipeline.execute()
