"""The RQ job of a knowledge release: build it aside, report progress and result."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import structlog
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from knowledge.documents import SourceError
from knowledge.errors import BuildRunningError, EmbeddingModelError, KnowledgeError, SourcesError
from knowledge.golden import GoldenResult
from knowledge.releases import BuildReport, Order, ReleaseStore, Stage
from support.builds import BuildDone, BuildFailed, BuildProgress, BuildRequest, GoldenTold, Listed, Objection
from support.embedding import RemoteModel, serving
from support.queue import BUILD_STREAM, announce_release, publish

OTHER_BUILD_S: Final = 1800.0
"""A build from the command line is waited for so long."""
MODEL_LOADS_S: Final = 600.0
MODEL_ABSENT_S: Final = 30.0
"""A process that is being started again shows itself by then."""
_log = structlog.get_logger()


_redis: Redis | None = None
_embedding_model = ""


def serve_with(redis: Redis, embedding_model: str = "") -> None:
    """Set where the events of this process's builds go, and EMBEDDING_MODEL."""
    global _redis, _embedding_model  # RQ calls a function by its name and passes nothing but the payload
    _redis, _embedding_model = redis, embedding_model


def build(payload: str) -> None:
    """Do one job of the build queue; support.queue names this function."""
    redis = _redis
    if redis is None:
        raise RuntimeError("this process does not know Redis: start workers with `otvet worker`, not with `rq worker`")
    try:
        request = BuildRequest.model_validate_json(payload)
    except ValidationError as error:
        _log.error("build request cannot be read", problems=error.error_count())
        return
    event = _build(request, redis, lambda event: publish(redis, BUILD_STREAM, event))
    if isinstance(event, BuildDone) and event.outcome == "switched":
        announce_release(redis, event.release)
    publish(redis, BUILD_STREAM, event)


def _build(request: BuildRequest, redis: Redis, report: Callable[[BuildProgress], None]) -> BuildDone | BuildFailed:
    def progress(at: Stage) -> None:
        report(BuildProgress(request_id=request.request_id, stage=at.step, done=at.number, total=at.of, count=at.count))

    store = ReleaseStore(Path(request.releases))
    order = Order(built_by=request.built_by, reason=request.reason)
    try:
        model = _model(redis)
        built = store.build(Path(request.sources), progress=progress, order=order, wait_s=OTHER_BUILD_S, model=model)
    except (KnowledgeError, OSError) as error:
        _log.warning("release was not built", request_id=request.request_id, reason=str(error))
        return BuildFailed(request_id=request.request_id, cause=_cause(error), detail=str(error))
    except RedisError:
        raise
    except Exception as error:  # noqa: BLE001  # the process's edge: the admin hears of it whatever broke
        _log.exception("build broke", request_id=request.request_id)
        return BuildFailed(request_id=request.request_id, detail=f"unexpected {type(error).__name__}")
    _log.info("release built", request_id=request.request_id, release=built.release, outcome=built.outcome)
    return _done(request, built)


def _model(redis: Redis) -> RemoteModel | None:
    """Return the configured sentence model; a process that starts is waited for.

    Raises:
        EmbeddingModelError: no process serves it.
    """
    if not _embedding_model:
        return None
    worker = serving(redis, _embedding_model, wait_s=MODEL_LOADS_S, absent_s=MODEL_ABSENT_S)
    if worker is None:
        raise EmbeddingModelError(
            f"EMBEDDING_MODEL={_embedding_model}: no process serves it, start otvet worker --queue embed."
        )
    return RemoteModel(redis, worker)


def _cause(error: Exception) -> Literal["sources", "busy", "release", "model"]:
    match error:
        case SourcesError():
            return "sources"
        case BuildRunningError():
            return "busy"
        case EmbeddingModelError():
            return "model"
        case _:
            return "release"


def _done(request: BuildRequest, built: BuildReport) -> BuildDone:
    return BuildDone(
        request_id=request.request_id,
        outcome=built.outcome.value,
        release=built.release,
        articles=built.articles,
        chunks=built.chunks,
        added=Listed.of(built.difference.added),
        changed=Listed.of(built.difference.changed),
        removed=Listed.of(built.difference.removed),
        golden=None if built.golden is None else _told(built.golden),
        objections=tuple(Objection(doubt=one.doubt, before=one.before, now=one.now) for one in built.objections),
        errors=Listed.of(tuple(sentence(error) for error in built.errors)),
        waiting=Listed.of(tuple(f"{one} ({source})" for one, source in built.waiting)),
        seconds=built.seconds,
    )


def _told(golden: GoldenResult) -> GoldenTold:
    return GoldenTold(
        asked=golden.asked,
        found=golden.found,
        found_before=golden.found_before,
        lost=Listed.of(golden.lost),
        won=Listed.of(golden.won),
        orphaned=Listed.of(golden.orphaned),
    )


def sentence(error: SourceError) -> str:
    """Name a file that could not be read, and why."""
    return f"{error.place}: {error.reason}"
