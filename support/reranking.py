"""Question and passages to scores over Redis: what bot and commands share with the process that holds the reranker.

The same form as support.embedding: the request is JSON, ``{"question": "…", "passages": […]}``, the reply n rows of one
number, higher is better. Requests wait in one list a model; the process takes them after customers' questions that want
vectors and before the texts of builds.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, cast
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from redis import Redis
from redis.asyncio.client import Pipeline as AsyncPipeline
from redis.client import Pipeline
from redis.exceptions import RedisError

from knowledge.errors import EmbeddingModelError
from knowledge.meaning import passage_text
from knowledge.passages import Chunk
from knowledge.reranking import TOP
from support.embedding import decode_vectors, reply_key, submit

PATIENCE_S: Final = 3.0
"""Longer than that nobody waits for scores; a pass over twenty passages takes one processor up to two seconds."""


_WORDS: Final = 100
"""Of a passage of ordinary length."""


class RerankRequest(BaseModel):
    """A question, and the passages to be read with it."""

    # Errors are logged, and the input is customers' words.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    question: str
    passages: tuple[str, ...]

    @classmethod
    def of(cls, question: str, chunks: Sequence[Chunk]) -> Self:
        """Take texts as they come: half an emoji, which is no Unicode, becomes a question mark."""
        texts = (question, *(passage_text(chunk) for chunk in chunks))
        first, *rest = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
        return cls(question=first, passages=tuple(rest))


def waiting(name: str) -> str:
    """Return the list that the requests to a RERANKER_MODEL wait in."""
    return f"otvet:rerank:now:{name}"


def alive_key(name: str) -> str:
    """Return the key that exists as long as a process answers for that RERANKER_MODEL."""
    return f"otvet:rerank:alive:{name}"


def put(
    pipeline: Pipeline | AsyncPipeline, name: str, question: str, chunks: Sequence[Chunk], *, patience_s: float
) -> str:
    """Add a request to a pipeline and return its id; it is forgotten when nobody waits for it any more."""
    request_id = uuid4().hex
    ttl_s = max(1, math.ceil(patience_s))
    submit(pipeline, request_id, RerankRequest.of(question, chunks), waiting(name), ttl_s=ttl_s)
    return request_id


def decode_scores(reply: bytes, *, n: int) -> NDArray[np.float32]:
    """Read a reply about ``n`` passages: float32[n], finite.

    Raises:
        EmbeddingModelError: the model could not do it, or this is no such reply.
    """
    rows = decode_vectors(reply, n=n)
    if rows.shape[1] != 1:
        raise EmbeddingModelError("The embedding process sent something that is no scores.")
    return rows[:, 0]


@dataclass(frozen=True, slots=True)
class RemoteReranker:
    """A reranker in another process, asked through Redis. Blocking; calling it is a ``knowledge.reranking.Rerank``."""

    redis: Redis
    name: str
    patience_s: float = PATIENCE_S

    @property
    def is_served(self) -> bool:
        """Whether a process answers."""
        return bool(self.redis.exists(alive_key(self.name)))

    def try_out(self) -> float | None:
        """Return the seconds that as many passages take as a question finds; None when the bot would not wait."""
        text = " ".join(["слово", "word"] * (_WORDS // 2))
        # No two are the same: the same text is read once.
        chunks = [Chunk(str(row), "", str(row), (), text, "ru") for row in range(TOP)]
        begun = time.monotonic()
        return None if self("слово", chunks) is None else time.monotonic() - begun

    def __call__(self, question: str, chunks: Sequence[Chunk]) -> NDArray[np.float32] | None:
        """Return float32[n], None when the process is away or slow."""
        try:
            with self.redis.pipeline() as pipeline:
                request_id = put(pipeline, self.name, question, chunks, patience_s=self.patience_s)
                pipeline.execute()
            reply = self.redis.blpop([reply_key(request_id)], self.patience_s)
            return None if reply is None else decode_scores(cast("tuple[bytes, bytes]", reply)[1], n=len(chunks))
        except (RedisError, EmbeddingModelError):
            return None
