"""Rows of context, answer and label as the product judges them: a job with one passage, and a draft that cites it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import Judged
from support.jobs import GenerationJob, JobPassage, Language
from workers.engines.base import Opinion
from workers.grounding.model import GroundingModel
from workers.judge import judge, score

# Nothing is known of the search that found the passage, so nothing is said for or against it.
_EVEN: Final = 0.5
_NO_QUESTION: Final[dict[Language, str]] = {"ru": "Что об этом известно?", "en": "What is known about this?"}


def job_of(row: Judged, number: int = 0) -> GenerationJob:
    """Return the job that the answer might have been written for; ``number`` tells jobs apart."""
    language: Language = "ru" if row.language == "ru" else "en"
    passage = JobPassage(number=1, chunk_id="1", source="row", heading="", text=row.context, blend=1.0)
    return GenerationJob(
        turn_id=number,
        epoch=1,
        attempt=1,
        question=row.question or _NO_QUESTION[language],
        parts=(row.question,),
        passages=(passage,),
        answerable=(_EVEN,),
        language=language,
        deadline=0.0,
    )


def draft_of(row: Judged) -> str:
    """Return the answer with its citation."""
    return f"{row.answer.strip()} [1]"


def product_scores(
    rows: Sequence[Judged],
    opinions: Sequence[Opinion | None] | None = None,
    grounding: GroundingModel | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the product's scores, float64[n], 0 where a check fails, and the same without ``backed``."""
    whole, unbacked = [], []
    for row, opinion in zip(rows, opinions or [None] * len(rows), strict=True):
        verdict = judge(job_of(row), draft_of(row), (1,), opinion, grounding=grounding)
        whole.append(verdict.score)
        unbacked.append(0.0 if verdict.failed else score(verdict.features | {"backed": 1.0}))
    return np.array(whole), np.array(unbacked)
