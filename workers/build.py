"""The RQ job of a knowledge release: build it aside, report progress and result."""

from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from knowledge.documents import SourceError
from knowledge.errors import KnowledgeError
from knowledge.releases import ReleaseStore
from support.builds import BuildDone, BuildFailed, BuildProgress, BuildRequest
from support.queue import BUILD_STREAM, publish

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
    publish(redis, BUILD_STREAM, _build(request, lambda event: publish(redis, BUILD_STREAM, event)))


def _build(request: BuildRequest, report: Callable[[BuildProgress], None]) -> BuildDone | BuildFailed:
    def progress(stage: str, done: int, total: int) -> None:
        report(BuildProgress(request_id=request.request_id, stage=stage, done=done, total=total))

    try:
        built = ReleaseStore(Path(request.releases)).build(Path(request.sources), progress=progress)
    except (KnowledgeError, OSError) as error:
        _log.warning("release was not built", request_id=request.request_id, reason=str(error))
        return BuildFailed(request_id=request.request_id, detail=str(error))
    except RedisError:
        raise
    except Exception as error:  # noqa: BLE001  # the process's edge: the admin hears of it whatever broke
        _log.exception("build broke", request_id=request.request_id)
        return BuildFailed(request_id=request.request_id, detail=f"unexpected {type(error).__name__}")
    _log.info("release built", request_id=request.request_id, release=built.release, chunks=built.chunks)
    return BuildDone(
        request_id=request.request_id,
        release=built.release,
        articles=built.articles,
        chunks=built.chunks,
        errors=tuple(_sentence(error) for error in built.errors),
        seconds=built.seconds,
    )


def _sentence(error: SourceError) -> str:
    return f"{error.place}: {error.reason}"
