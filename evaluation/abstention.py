"""Does the no-answer model know when there is no answer? Over a collection of which only some sources are indexed."""

from collections.abc import Collection as Names
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evaluation.collection import Asked, Collection
from evaluation.figures import auroc
from evaluation.json_lines import RowsError, some
from evaluation.ranked import Mean, resamples
from knowledge.index import Index
from knowledge.no_answer import NoAnswerModel, features
from knowledge.ranking import rank
from knowledge.sentences import SentenceEmbedder

COVERAGES: Final = tuple(step / 10 for step in range(1, 11))


class AbstentionSlice(BaseModel):
    """Figures for one language."""

    model_config = ConfigDict(frozen=True)

    language: str
    answerable: int
    unanswerable: int
    auroc: Mean | None
    """Whether a question with an answer scores above one without. None, like the next: there are not both."""
    brier: float | None
    """Mean squared error of the probability, both classes weighing the same."""
    risk_at: dict[str, float]
    """Coverage → share without an answer among so many of the most certain questions."""
    features: dict[str, float]
    """What each feature alone is worth, as AUROC; empty without both."""


class AbstentionReport(BaseModel):
    """What an evaluation of the no-answer model found out."""

    model_config = ConfigDict(frozen=True)

    chunks: int
    slices: tuple[AbstentionSlice, ...]


def known(collection: Collection, sources: Names[str]) -> Collection:
    """Keep only the passages of some sources; none named keeps all.

    Raises:
        RowsError: no passage is from one of them.
    """
    if strange := set(sources) - set(collection.sources):
        raise RowsError(f"No passage comes from {some(strange)}. Sources in kb.jsonl: {some(set(collection.sources))}.")
    kept = [number for number, source in enumerate(collection.sources) if not sources or source in sources]
    chunks = tuple(collection.chunks[number] for number in kept)
    return Collection(chunks, tuple(collection.sources[number] for number in kept), collection.questions)


def measure_abstention(
    collection: Collection,
    index: Index,
    model: NoAnswerModel,
    embedder: SentenceEmbedder | None = None,
    *,
    language: str | None = None,
    kind: str | None = None,
) -> AbstentionReport:
    """Ask every question of the language and kind; the index holds what ``collection`` does.

    A question whose right passages are not indexed has no answer. Where all are, each question is asked a second time
    while the articles that answer it are hidden.
    """
    ids = {chunk.id: row for row, chunk in enumerate(index.chunks)}
    asked = [one for one in collection.questions if language in {None, one.language} and kind in {None, one.kind}]
    everything = all(one.relevant <= ids.keys() for one in asked)
    told: dict[str, list[tuple[Asked, bool, float, dict[str, float]]]] = {}
    for one in asked:
        vector = None if embedder is None else embedder.embed_questions([one.text])[0]
        own = index.columns.written_in(one.language)
        answerable = not one.relevant.isdisjoint(ids)
        told.setdefault(one.language, []).append((one, answerable, *_judge(index, model, one, own, vector)))
        if everything:
            hidden = {index.chunks[ids[name]].source for name in one.relevant}
            rest = own & np.array([chunk.source not in hidden for chunk in index.chunks], dtype=np.bool_)
            told[one.language].append((one, False, *_judge(index, model, one, rest, vector)))
    slices = tuple(_slice(name, rows) for name, rows in sorted(told.items()))
    return AbstentionReport(chunks=len(index.chunks), slices=slices)


def render_abstention(report: AbstentionReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"{report.chunks} chunks"]
    for part in report.slices:
        area = part.auroc
        lines += ["", f"{part.language}: {part.answerable} questions with an answer, {part.unanswerable} without"]
        if area is None or part.brier is None:
            lines.append("  not measurable: how they are told apart, for there are not both")
            continue
        lines += [
            f"  AUROC {area.value:.3f} ({area.low:.3f}–{area.high:.3f}, 95 % over pages), Brier score {part.brier:.3f}",
            "  coverage      " + "".join(f"{share:>7}" for share in part.risk_at),
            "  without answer" + "".join(f"{risk:>7.3f}" for risk in part.risk_at.values()),
            "  AUROC of single features: " + ", ".join(f"{name} {one:.3f}" for name, one in part.features.items()),
        ]
    return "\n".join(lines)


def _judge(
    index: Index, model: NoAnswerModel, asked: Asked, among: NDArray[np.bool_], vector: NDArray[np.float32] | None
) -> tuple[float, dict[str, float]]:
    ranking = rank(index, asked.text, among=among, asked=vector)
    found = features(index, asked.text, ranking, among)
    return model.probability(found) if ranking.order else 0.0, found


def _slice(name: str, rows: list[tuple[Asked, bool, float, dict[str, float]]]) -> AbstentionSlice:
    answerable = np.array([row[1] for row in rows])
    probability = np.array([row[2] for row in rows])
    both = bool(answerable.any() and not answerable.all())
    missing = 1 - answerable[np.argsort(-probability, kind="stable")]
    balance = np.where(answerable, 0.5 / max(answerable.sum(), 1), 0.5 / max((~answerable).sum(), 1))
    return AbstentionSlice(
        language=name,
        answerable=int(answerable.sum()),
        unanswerable=int((~answerable).sum()),
        auroc=_area(probability, answerable, [row[0].page for row in rows]) if both else None,
        brier=float(balance @ (probability - answerable) ** 2) if both else None,
        risk_at={f"{share:.1f}": float(missing[: max(1, round(share * len(missing)))].mean()) for share in COVERAGES},
        features={
            feature: _auroc(np.array([row[3][feature] for row in rows]), answerable)
            for feature in (rows[0][3] if both else ())
        },
    )


def _area(probability: NDArray[np.float64], answerable: NDArray[np.bool_], pages: list[str]) -> Mean:
    weights = resamples(pages)
    drawn = [_auroc(probability, answerable, weight) for weight in weights[:: max(1, len(weights) // 300)]]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Mean(value=_auroc(probability, answerable), low=float(low), high=float(high))


def _auroc(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
) -> float:
    times = np.ones(len(scores), dtype=np.int64) if weights is None else weights.astype(np.int64)
    taken, labels = np.repeat(scores, times), np.repeat(positive, times)
    area = auroc(taken[labels].tolist(), taken[~labels].tolist())
    return float("nan") if area is None else area
