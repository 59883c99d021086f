"""Where figures come from: enough to measure them again."""

import platform
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from evaluation.baskets import Basket
from evaluation.subject import Subject
from support.settings import Settings
from support.version import VERSION
from workers.generation import Generation


class Provenance(BaseModel):
    """What was measured, with what, when."""

    model_config = ConfigDict(frozen=True)

    version: str
    """Of Otvet."""
    python: str
    measured_at: str
    """ISO 8601, UTC."""
    command: str
    basket: str
    basket_digest: str
    """sha256 over its files."""
    basket_items: int
    drafts_left_out: int
    knowledge: str
    """``demo shop``, ``current release`` or ``folder``."""
    release: int
    release_digest: str
    hidden: int = 0
    """Passages that were called wrong and answer nobody."""
    software: str
    """Digest of the search's code."""
    engine: str
    model: str
    prompt_version: str
    judge_model: str
    embedding_model: str
    reranker_model: str
    threshold: float
    """ANSWER_THRESHOLD; what decided is in the report's ``assurance``."""


def provenance(
    settings: Settings, subject: Subject, generation: Generation, basket: Basket, *, name: str, command: str
) -> Provenance:
    """Put down where the figures of this run come from."""
    info = subject.store.info(subject.knowledge.release)
    parts = (basket.questions, basket.unanswerable, basket.routing, basket.order_dialogues, basket.followups)
    return Provenance(
        version=VERSION,
        python=platform.python_version(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        basket=name,
        basket_digest=basket.digest,
        basket_items=sum(len(part) for part in parts),
        drafts_left_out=basket.left_out,
        knowledge=subject.name,
        release=subject.knowledge.release,
        release_digest=info.digest if info else "",
        hidden=len(subject.knowledge.chunks) - len(subject.chunks),
        software=info.software if info else "",
        engine=generation.engine.name,
        model=generation.engine.model,
        prompt_version=generation.prompt_version,
        judge_model=settings.judge_model,
        embedding_model=info.model if info else "",
        reranker_model=settings.reranker_model,
        threshold=settings.answer_threshold,
    )
