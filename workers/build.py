"""The RQ job of a knowledge release: build it aside, report progress and result."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import structlog
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from knowledge.documents import SourceError
from knowledge.errors import BuildRunningError, KnowledgeError, SourcesError
from knowledge.golden import GoldenResult
from knowledge.releases import BuildReport, Order, ReleaseStore, Stage
from support.builds import BuildDone, BuildFailed, BuildProgress, BuildRequest, GoldenTold, Listed, Objection
from support.queue import BUILD_STREAM, announce_release, publish

OTHER_BUILD_S: Final = 1800.0
"""A build from the command line is waited for so long."""
_log = structlog.get_logger()


_redis: Redis | None = None


def serve_with(redis: Redis) -> None:
    """Set where the events of this process's builds go."""
    global _redis  # noqa: PLW0603  # RQ calls a function by its name and passes nothing but the payload
    _redis = redis


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
    event = _build(request, lambda event: publish(redis, BUILD_STREAM, event))
    if isinstance(event, BuildDone) and event.outcome == "switched":
        announce_release(redis, event.release)
    publish(redis, BUILD_STREAM, event)


def _build(request: BuildRequest, report: Callable[[BuildProgress], None]) -> BuildDone | BuildFailed:
    def progress(at: Stage) -> None:
        report(BuildProgress(request_id=request.request_id, stage=at.step, done=at.number, total=at.of, count=at.count))

    store = ReleaseStore(Path(request.releases))
    order = Order(built_by=request.built_by, reason=request.reason)
    try:
        built = store.build(Path(request.sources), progress=progress, order=order, wait_s=OTHER_BUILD_S)
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


def _cause(error: Exception) -> Literal["sources", "busy", "release"]:
    match error:
        case SourcesError():
            return "sources"
        case BuildRunningError():
            return "busy"
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
