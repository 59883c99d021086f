"""Retrieval over a collection: every channel of the search alone, their blend, and what a reranker makes of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evaluation.collection import Asked, Collection
from evaluation.ranked import DEPTH, Mean, mean, ndcg, recall, reciprocal_rank, resamples
from knowledge.base import best
from knowledge.index import Index
from knowledge.ranking import Ranking, rank
from knowledge.reranking import TOP, Rerank, candidates, reordered
from knowledge.sentences import SentenceEmbedder

BLEND: Final = "blend"
RERANKED: Final = "reranked"


class Figures(BaseModel):
    """One channel's figures over some questions."""

    model_config = ConfigDict(frozen=True)

    recall_at_1: Mean
    recall_at_5: Mean
    recall_at_10: Mean
    mrr_at_10: Mean
    ndcg_at_10: Mean


class Slice(BaseModel):
    """Figures for the questions of one language and kind."""

    model_config = ConfigDict(frozen=True)

    language: str
    """``ru``, ``en``, or both ends of a search across: ``ru→en``."""
    kind: str
    questions: int
    channels: dict[str, Figures]


class ChannelsReport(BaseModel):
    """What a retrieval evaluation found out."""

    model_config = ConfigDict(frozen=True)

    chunks: int
    embedder: str
    slices: tuple[Slice, ...]


def measure_channels(
    collection: Collection,
    index: Index,
    model: SentenceEmbedder | None = None,
    *,
    rerank: Rerank | None = None,
    language: str | None = None,
    kind: str | None = None,
) -> ChannelsReport:
    """Ask every question of the language and kind, as production does: among the chunks of its language.

    Questions with right passages in the other language are also asked there.
    """
    written_in = {name: index.columns.written_in(name) for name in index.columns.languages}
    found: dict[tuple[str, str], list[tuple[Asked, frozenset[str], dict[str, list[str]]]]] = {}
    for asked in collection.questions:
        if language not in {None, asked.language} or kind not in {None, asked.kind}:
            continue
        for name, relevant, among in _searches(asked, written_in):
            vector = None if model is None else model.embed_questions([asked.text])[0]
            ranking = rank(index, asked.text, among=among, asked=vector)
            alone = rank(index, asked.text, among=among, channels={"vector"})
            lists = _lists(index, ranking, alone.vector, among)
            if rerank is not None:
                lists[RERANKED] = _reranked(index, asked.text, ranking, rerank)
            found.setdefault((name, asked.kind), []).append((asked, relevant, lists))
    slices = tuple(_slice(name, some, answers) for (name, some), answers in sorted(found.items()))
    return ChannelsReport(chunks=len(index.chunks), embedder=index.embedder_name, slices=slices)


def render_channels(report: ChannelsReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"{report.chunks} chunks, vectors by {report.embedder}"]
    for part in report.slices:
        lines += ["", f"{part.language} {part.kind}".strip() + f": {part.questions} questions (95 % over pages)"]
        names = ("recall@1", "@5", "@10", "MRR@10", "nDCG@10")
        lines.append(" " * 14 + "".join(f"{name:>22}" for name in names))
        for channel, figures in part.channels.items():
            told = (getattr(figures, name) for name in Figures.model_fields)
            lines.append(
                f"  {channel:12}" + "".join(f"{f'{one.value:.3f} ({one.low:.3f}–{one.high:.3f})':>22}" for one in told)
            )
    return "\n".join(lines)


def _searches(
    asked: Asked, written_in: Mapping[str, NDArray[np.bool_]]
) -> Iterator[tuple[str, frozenset[str], NDArray[np.bool_]]]:
    if asked.language in written_in:
        yield asked.language, asked.relevant, written_in[asked.language]
    for other, among in written_in.items():
        if other != asked.language and asked.relevant_abroad:
            yield f"{asked.language}→{other}", asked.relevant_abroad, among


def _lists(
    index: Index, ranking: Ranking, vector: NDArray[np.float32], among: NDArray[np.bool_]
) -> dict[str, list[str]]:
    """Each channel's first ten chunks."""
    scores = {"bm25": ranking.lexical, "characters": ranking.characters, "vectors": vector}
    if index.meaning is not None:
        scores["meaning"] = ranking.meaning
    rows = {name: _first(np.where(among, score, -np.inf)) for name, score in scores.items()}
    rows[BLEND] = list(ranking.order[:DEPTH])
    return {name: [index.chunks[row].id for row in some] for name, some in rows.items()}


def _reranked(index: Index, question: str, ranking: Ranking, rerank: Rerank) -> list[str]:
    """The first ten chunks as production orders them."""
    passages = best(index, ranking, TOP)
    again = candidates(passages, ranking.pinned)
    scores = rerank(question, again) if len(again) > 1 else None
    if scores is not None:
        passages = reordered(passages, ranking.pinned, scores)
    return [passage.chunk.id for passage in passages[:DEPTH]]


def _first(scores: NDArray[np.float64]) -> list[int]:
    return [int(row) for row in np.argsort(-scores, kind="stable")[:DEPTH] if scores[row] > 0]


def _slice(name: str, kind: str, answers: Sequence[tuple[Asked, frozenset[str], dict[str, list[str]]]]) -> Slice:
    weights = resamples([asked.page for asked, _, _ in answers])

    def figures(channel: str) -> Figures:
        lists = [(found[channel], relevant) for _, relevant, found in answers]
        recalls = [mean([recall(*one, depth) for one in lists], weights) for depth in (1, 5, DEPTH)]
        return Figures(
            recall_at_1=recalls[0],
            recall_at_5=recalls[1],
            recall_at_10=recalls[2],
            mrr_at_10=mean([reciprocal_rank(*one) for one in lists], weights),
            ndcg_at_10=mean([ndcg(*one) for one in lists], weights),
        )

    channels = {channel: figures(channel) for channel in answers[0][2]}
    return Slice(language=name, kind=kind, questions=len(answers), channels=channels)
