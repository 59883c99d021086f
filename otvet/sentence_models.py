"""Where a command gets what EMBEDDING_MODEL and RERANKER_MODEL name: from the process that serves them, or its own."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from otvet.errors import CommandError

if TYPE_CHECKING:
    from redis import Redis

    from knowledge.base import Embed
    from knowledge.reranking import Rerank
    from knowledge.sentences import SentenceEmbedder
    from support.settings import Settings

LOADING_S: Final = 600.0
"""A model that the Hub sends first takes minutes."""
STARTING_S: Final = 60.0
"""A process that has just been started shows itself by then."""
_REDIS_TIMEOUT_S: Final = 15.0


@contextmanager
def model_for(settings: "Settings", *, served: bool = False) -> "Iterator[SentenceEmbedder | None]":
    """Give the model, None without EMBEDDING_MODEL; ``served``: a process is being started for it, which is waited for.

    Raises:
        CommandError: it cannot be had.
    """
    from redis.exceptions import RedisError

    from knowledge.errors import EmbeddingModelError
    from knowledge.sentences import SentenceModel
    from support.embedding import RemoteModel, serving

    name = settings.embedding_model
    if not name:
        yield None
        return
    with _redis(settings) as redis:
        try:
            wait_s, absent_s = (LOADING_S, STARTING_S) if served else (LOADING_S, 0.0)
            worker = None if redis is None else serving(redis, name, wait_s=wait_s, absent_s=absent_s)
            if redis is not None and worker is not None:
                yield RemoteModel(redis, worker)
            elif served:
                raise CommandError(f"EMBEDDING_MODEL={name}: the process that serves it does not come up.")
            else:
                yield SentenceModel.open(name)
        except RedisError as error:
            raise CommandError(f"EMBEDDING_MODEL={name}: Redis is gone ({type(error).__name__}).") from error
        except EmbeddingModelError as error:
            raise CommandError(str(error)) from error


@contextmanager
def questions_for(settings: "Settings", revision: str | None) -> "Iterator[Embed | None]":
    """Give what embeds questions for a release of that model revision; None when no process serves it."""
    from redis.exceptions import RedisError

    from knowledge.errors import EmbeddingModelError
    from support.embedding import RemoteModel, workers

    with _redis(settings) as redis:
        try:
            alive = [] if redis is None or revision is None else list(workers(redis))
        except (RedisError, EmbeddingModelError):
            alive = []
        worker = next((one for one in alive if one.revision == revision), None)
        if redis is None or worker is None:
            yield None
        else:
            model = RemoteModel(redis, worker, urgent=True, absent_s=0.0)
            yield lambda asked, question: model.embed_questions([question])[0] if asked == revision else None


@contextmanager
def relevances_for(settings: "Settings") -> "Iterator[Rerank | None]":
    """Give the reranker; None without RERANKER_MODEL, and when no process serves it."""
    from redis.exceptions import RedisError

    from support.reranking import RemoteReranker

    with _redis(settings) as redis:
        reranker = None
        if redis is not None and settings.reranker_model:
            reranker = RemoteReranker(redis, settings.reranker_model)
        try:
            yield reranker if reranker is not None and reranker.is_served else None
        except RedisError:
            yield None


@contextmanager
def _redis(settings: "Settings") -> "Iterator[Redis | None]":
    from redis import Redis

    from otvet.redis_server import running

    url = running(settings.redis_url, settings.data_dir)
    if url is None:
        yield None
        return
    try:
        redis = Redis.from_url(url, socket_timeout=_REDIS_TIMEOUT_S, socket_connect_timeout=2)
    except ValueError as error:
        raise CommandError("REDIS_URL cannot be used: it must look like redis://host:6379/0.") from error
    with redis:
        yield redis
