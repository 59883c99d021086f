"""One worker process: its engine, its queue, its end. ``otvet worker`` calls ``run_worker``."""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final
from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from support.jobs import GenerationResult
from support.queue import BUILD_QUEUE, EMBED_QUEUE, GENERATION_QUEUES, RESULTS_STREAM, publish, reply
from support.settings import Settings
from support.worklog import WorkLog
from workers import engines, generation, reading
from workers.crew import STALLED, STOPPED, Crew, leave
from workers.engines.base import Engine, EngineError, EngineRefusedError, FormFiller, JudgeModel, LocalEngine
from workers.slot import Slot

UNUSABLE_SETTINGS: Final = 2
ENGINE_REFUSED: Final = 3
_ENGINE_PAUSE_S: Final = 5.0
# A hiccup of Redis is waited out here; what lasts longer is the slot's business, which reports it.
_REDIS_RETRY: Final = Retry(ExponentialBackoff(cap=0.5, base=0.05), 3)
_REDIS_TIMEOUT_S: Final = 15.0

_log = structlog.get_logger()


def run_worker(queue: str, settings: Settings, *, create_engine: Callable[[Settings], Engine] = engines.create) -> int:
    """Work on one queue until SIGTERM or SIGINT; return the process's exit status.

    0: stopped as asked. 2: the settings do not suffice. 3: the engine refuses to work as it is configured. It ends
    with 4 when the engine or a job hangs.
    Waits for a Redis or an engine that cannot be reached; until the engine answers, the bot sees no live worker.
    """
    # RQ reports every job twice in words of its own.
    logging.getLogger("rq").setLevel(logging.WARNING)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if not settings.redis_url:
        _log.error("REDIS_URL is not set: use `otvet run`, which starts a Redis of its own, or set it to a running one")
        return UNUSABLE_SETTINGS
    if queue in GENERATION_QUEUES:
        return _generate(queue, settings, create_engine)
    if queue == BUILD_QUEUE:
        return _build(settings)
    if queue == EMBED_QUEUE:
        return _embed(settings)
    _log.error("there is no such queue", queue=queue, known=[*GENERATION_QUEUES, BUILD_QUEUE, EMBED_QUEUE])
    return UNUSABLE_SETTINGS


def connect(url: str) -> Redis:
    """Return a client whose every call ends within seconds."""
    return Redis.from_url(url, retry=_REDIS_RETRY, socket_connect_timeout=5, socket_timeout=_REDIS_TIMEOUT_S)


def _generate(queue: str, settings: Settings, create_engine: Callable[[Settings], Engine]) -> int:
    try:
        engine, judge_model = create_engine(settings), engines.create_judge(settings)
    except ValueError as error:
        _log.error("the engine cannot be used: " + str(error))
        return UNUSABLE_SETTINGS
    stopped = _Stop()
    if not _usable(engine, stopped):
        return STOPPED if stopped.asked else ENGINE_REFUSED
    if judge_model:
        _greet(judge_model)
    redis = connect(settings.redis_url)

    def send(result: GenerationResult) -> None:
        publish(redis, RESULTS_STREAM, result)

    service = generation.Generation(
        engine=engine,
        threshold=settings.answer_threshold,
        send=send,
        worklog=WorkLog(redis=redis, queue=queue),
        judge_model=judge_model,
        shown=settings.shown_addresses,
    )
    generation.serve_with(service)
    profile = {"engine": engine.name, "model": engine.model, "prompt_version": service.prompt_version}
    if isinstance(engine, FormFiller) and engine.fills_forms:
        reading.serve_with(reading.Reader(engine=engine, reply=lambda to, read: reply(redis, to, read)))
        profile["reads"] = "yes"
    local = engine if isinstance(engine, LocalEngine) else None
    status = _serve(
        queue,
        settings,
        stopped,
        slots=engines.slots(settings),
        profile=profile,
        cancel=service.cancel,
        stalled_s=local.stalled_s if local else lambda: 0.0,
    )
    if local:
        local.close()
    return status


def _build(settings: Settings) -> int:
    from workers import build  # noqa: PLC0415  # what trains a release takes scipy, which a generation worker does without

    redis = connect(settings.redis_url)
    build.serve_with(redis, settings.embedding_model)
    return _serve(BUILD_QUEUE, settings, _Stop(), profile={"engine": "", "model": ""}, cancel=lambda _: None)


def _embed(settings: Settings) -> int:
    from workers import embed  # noqa: PLC0415  # this worker alone holds a sentence model

    name, reranker = settings.embedding_model, settings.reranker_model
    if not name and not reranker:
        _log.error("EMBEDDING_MODEL is not set, nor RERANKER_MODEL: name a model, or start no worker for it")
        return UNUSABLE_SETTINGS
    stopped = _Stop()
    served = embed.run(name, connect(settings.redis_url), lambda: stopped.asked, reranker=reranker)
    return STOPPED if served else UNUSABLE_SETTINGS


class _Stop:
    """Remembers a signal that came before the worker could handle it."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, signum: int, frame: object) -> None:  # noqa: ARG002  # a signal handler's signature
        self.asked = True


def _usable(engine: Engine, stopped: _Stop) -> bool:
    """Wait for an engine that is not there yet; give up on one that refuses."""
    while not stopped.asked:
        try:
            engine.check()
        except EngineRefusedError as error:
            _log.error("the engine refuses", engine=engine.name, reason=str(error))  # one sentence says it
            return False
        except EngineError as error:
            _log.warning("waiting for the engine", engine=engine.name, reason=str(error))
            _sleep(_ENGINE_PAUSE_S, stopped)
        else:
            return True
    return False


def _greet(judge_model: JudgeModel) -> None:
    """Say at the start whether the judge model is there: answers do without it, and are trusted less."""
    try:
        judge_model.check()
    except EngineError as error:
        _log.error(
            "answers are trusted less: the judge model cannot be asked", reason=str(error)
        )  # one sentence says it
    else:
        _log.info("the judge model is there", model=judge_model.model)


def _sleep(seconds: float, stopped: _Stop) -> None:
    end = time.monotonic() + seconds
    while not stopped.asked and time.monotonic() < end:
        time.sleep(0.1)


def _serve(
    queue: str,
    settings: Settings,
    stopped: "_Stop",
    *,
    slots: int = 1,
    profile: Mapping[str, str],
    cancel: Callable[[str], None],
    stalled_s: Callable[[], float] = lambda: 0.0,
) -> int:
    crew: list[Slot] = []
    failures = 0
    while len(crew) < slots and not stopped.asked:
        name = f"{queue}-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        try:
            # Each slot has its own connection: a blocking pop of one must not keep the others.
            crew.append(Slot(queue, redis=connect(settings.redis_url), profile=profile, cancel=cancel, name=name))
        except (RedisConnectionError, RedisTimeoutError) as error:
            _log.warning("Redis is gone, trying again", error=type(error).__name__)
            _sleep(min(10.0, 0.5 * 2**failures), stopped)
            failures += 1
    status = STOPPED
    if not stopped.asked:
        workers = Crew(crew, stalled_s=stalled_s)
        workers.handle_signals()
        status = workers.serve(lambda slot: _log.info("worker ready", queue=queue, worker=slot.name, **profile))
    if status == STALLED:
        leave(STALLED)
    _log.info("worker stopped", queue=queue)
    return status
