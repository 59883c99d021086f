"""A turn's trace: what was decided and why, for people. JSON; every function returns a new one."""

from typing import Any, Final

from support import outcomes
from support.answering import Part, Prepared, heading
from support.followups import Completion
from support.intents.classifier import Classification
from support.jobs import Draft
from support.orders import lookup
from support.tables import AnswerRow

Trace = dict[str, Any]

NAMES: Final[dict[type, str]] = {
    outcomes.Ignored: "ignored",
    outcomes.Greeted: "greeted",
    outcomes.OutOfScope: "out_of_scope",
    outcomes.Abused: "abused",
    outcomes.MediaNotUnderstood: "media",
    outcomes.Clarify: "clarify",
    lookup.AskNumber: "order_number_asked",
    lookup.AskProof: "order_proof_asked",
    lookup.Found: "order_shown",
    lookup.Refused: "order_refused",
    lookup.LockedOut: "order_locked",
    outcomes.Answered: "answered",
    outcomes.Stopped: "stopped",
}


def intent(trace: Trace, classification: Classification) -> Trace:
    """Add what the classifier said."""
    value = {
        "name": classification.intent,
        "source": classification.source,
        "confidence": round(classification.confidence, 4),
        "sure": classification.sure,
        "ranking": [[name, round(p, 4)] for name, p in classification.ranking[:6]],
        "why": classification.why,
    }
    return {**trace, "intent": value}


def chosen(trace: Trace, name: str) -> Trace:
    """Add which intent the customer chose by button."""
    return {**trace, "intent": {**trace.get("intent", {}), "name": name, "source": "button", "sure": True}}


def rule(trace: Trace, name: str) -> Trace:
    """Add which rule of the desk file called a person."""
    return {**trace, "rule": name}


def search(trace: Trace, prepared: Prepared, completion: Completion | None = None) -> Trace:
    """Add what was searched and found, and how a follow-up was completed."""
    parts = (*prepared.parts, *prepared.unanswered)
    value: Trace = {
        "query": " | ".join(part.found.query for part in parts),
        "release": parts[0].found.release if parts else None,
        "answerable": round(prepared.answerable, 4),
        "parts": [_part(part) for part in parts],
    }
    if completion is not None:
        value["followup"] = {"question": completion.question, "topic": completion.topic, "why": completion.why}
    unanswered = [part.text for part in prepared.unanswered]
    return {**trace, "search": value, "unanswered": unanswered, "left_over": list(prepared.left_over)}


def draft(trace: Trace, made: Draft, threshold: float, *, again: AnswerRow | None = None) -> Trace:
    """Add the worker's draft and what the judge thought of it; ``again``: the answer that it was given as before."""
    value: Trace = {
        "text": made.text,
        "engine": made.engine,
        "model": made.model,
        "prompt_version": made.prompt_version,
        "score": round(made.verdict.score, 4),
        "threshold": threshold,
        "reasons": [f"{failed.name}: {failed.detail}" for failed in made.verdict.failed],
        "doubts": [[doubt.name, doubt.detail] for doubt in made.verdict.doubts],
        "features": {name: round(value, 4) for name, value in made.verdict.features.items()},
        "timings_ms": made.timings_ms,
    }
    if made.judge is not None:
        value["judge"] = made.judge.model_dump()
    if again is not None:
        value["cached"] = {"answer_id": again.id, "at": again.created_at.isoformat(timespec="seconds")}
    return {**trace, "draft": value}


def outcome(trace: Trace, name: str, reason: str | None = None) -> Trace:
    """Add how the turn ended."""
    return {**trace, "outcome": name, "reason": reason}


def _part(part: Part) -> dict[str, Any]:
    return {
        "question": part.text,
        "answerable": round(part.found.answerable, 4),
        "reranked": part.found.reranked,
        "passages": [
            {
                "heading": heading(passage.chunk),
                "source": passage.chunk.source,
                "text": passage.chunk.text,
                "lexical": round(passage.scores.lexical, 3),
                "characters": round(passage.scores.characters, 3),
                "vector": round(passage.scores.vector, 3),
                "blend": round(passage.scores.blend, 3),
            }
            for passage in part.found.passages
        ],
    }
