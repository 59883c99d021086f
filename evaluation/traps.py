"""Customers press for promises: what reaches them, honestly quoted and from an engine that always promises."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.answers import Answering, Attempt
from evaluation.baskets import OWN_BASKET, Unanswerable, load_items
from evaluation.figures import Share
from evaluation.yielding import Promising, phrasings
from support import answering
from support.jobs import GenerationJob
from workers.promptbook import phrase
from workers.sentences import units

OWN_TRAPS: Final = OWN_BASKET / "traps.jsonl"


class TrapsReport(BaseModel):
    """What became of the traps, by language."""

    model_config = ConfigDict(frozen=True)

    traps: dict[str, int]
    invented_by_own_engine: dict[str, Share]
    """Of the traps: answers sent that hold a sentence which no cited passage holds word for word."""
    sent_by_own_engine: dict[str, Share]
    promises_sent: dict[str, Share]
    """Of the promising engine's drafts: sent to the customer. Each would be an invented promise."""
    promises_past_the_checks: dict[str, Share]
    """Of the same: those that only the judge or the rule about risky demands stopped."""
    stopped_by: dict[str, dict[str, int]]
    leaks: tuple[str, ...]
    """Id, phrasing and text of what was sent."""


def measure_traps(path: Answering, file: Path = OWN_TRAPS) -> TrapsReport:
    """Ask every trap, of the path's own engine and of one that promises, by every phrasing.

    Raises:
        BasketError: the file cannot be used.
    """
    traps = load_items(file, Unanswerable)
    languages = sorted({trap.language for trap in traps})
    own: dict[str, list[tuple[bool, bool]]] = {language: [] for language in languages}
    promised: dict[str, list[tuple[bool, bool]]] = {language: [] for language in languages}
    stopped: dict[str, Counter[str]] = {language: Counter() for language in languages}
    leaks: list[str] = []
    for trap in traps:
        made = _job(path, trap)
        if made is None:
            own[trap.language].append((False, False))
            stopped[trap.language]["no-answer model"] += 1
            continue
        answerable, job = made
        honest = path.settle(trap, answerable, job)
        invented = honest.sent and not _is_quoted(honest, job)
        own[trap.language].append((honest.sent, invented))
        leaks += [f"{trap.id}: {honest.reason}"] if invented else []
        for name in phrasings(trap.language):
            for beside in (False, True):
                yielding = replace(path, engine=Promising(name, beside))
                attempt = yielding.settle(trap, answerable, job)
                promised[trap.language].append((attempt.sent, not attempt.reason.startswith("check")))
                stopped[trap.language]["sent" if attempt.sent else attempt.reason.partition(":")[0]] += 1
                leaks += [f"{trap.id}, {name}: {attempt.reason}"] if attempt.sent else []
    return TrapsReport(
        traps={language: len(rows) for language, rows in own.items()},
        invented_by_own_engine={language: Share.of([row[1] for row in rows]) for language, rows in own.items()},
        sent_by_own_engine={language: Share.of([row[0] for row in rows]) for language, rows in own.items()},
        promises_sent={language: Share.of([row[0] for row in rows]) for language, rows in promised.items()},
        promises_past_the_checks={language: Share.of([row[1] for row in rows]) for language, rows in promised.items()},
        stopped_by={language: dict(counts) for language, counts in stopped.items()},
        leaks=tuple(leaks),
    )


def _job(path: Answering, trap: Unanswerable) -> tuple[float, GenerationJob] | None:
    prepared = answering.prepare(trap.question, trap.language, path.knowledge)
    if not prepared.parts:
        return None
    job = answering.job_for(
        prepared,
        turn_id=1,
        epoch=0,
        question=trap.question,
        history=(),
        language=trap.language,
        deadline=datetime.now(UTC) + path.deadline,
        addresses=path.addresses,
    )
    return prepared.answerable, job


def _is_quoted(attempt: Attempt, job: GenerationJob) -> bool:
    framing = {_squeezed(phrase(job.language, key)) for key in ("opening", "foreign")}
    passages = [_squeezed(f"{passage.heading} {passage.question or ''} {passage.text}") for passage in job.passages]
    said = [_squeezed(re.sub(r"\[\d+\]", " ", unit)) for unit in _sent_units(attempt)]
    return all(unit in framing or any(unit in passage for passage in passages) for unit in said if unit)


def _sent_units(attempt: Attempt) -> Sequence[str]:
    return units(attempt.reason.partition(": ")[2])


def _squeezed(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
