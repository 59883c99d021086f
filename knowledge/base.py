"""Answers “which passages speak to this question, and do they suffice?” for one release."""

import json
from collections.abc import Callable, Sequence, Set
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.calendar import Calendar
from knowledge.concepts import concepts_of, is_everyday
from knowledge.days import Today, today
from knowledge.errors import ReleaseError
from knowledge.index import Index
from knowledge.keyboard import repair
from knowledge.no_answer import NoAnswerModel, features
from knowledge.passages import Chunk, Passage, Scores, SearchResult
from knowledge.ranking import ALL_CHANNELS, Channel, Ranking, rank
from knowledge.reranking import TOP, Rerank, candidates, reordered
from knowledge.spelling import mend
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import stem

MANIFEST = "manifest.json"
NO_ANSWER = "no_answer.json"
MAX_QUERY_LETTERS = 2_000
"""What stands after so many characters of a message is not searched for."""

_SUFFICES = 0.5
_NOTHING = 0.2
"""Below it the customer's language has nothing to say, and an article in another language is better than none."""


Embed = Callable[[str, str], NDArray[np.float32] | None]
"""Model revision and question → float32[n_dimensions], or None for "not now"; it must not take long."""


class KnowledgeBase:
    """A loaded release. Immutable and safe to share between threads."""

    def __init__(
        self,
        index: Index,
        model: NoAnswerModel,
        *,
        release: int = 0,
        channels: Set[Channel] = ALL_CHANNELS,
        today: Today = today,
        embed: Embed | None = None,
        rerank: Rerank | None = None,
    ) -> None:
        """Search with ``channels`` only: switching one off shows what it is worth.

        Chunks that are not valid on the day that ``today`` tells are not found. ``embed`` gives a question's vector by
        the model that the release was built with; ``rerank`` gives scores by which the best are ordered anew.
        """
        self._embed = embed
        self._rerank = rerank
        self._index = index
        self._model = model
        self._release = release
        self._channels = frozenset(channels)
        self._calendar = Calendar(index.columns, today)
        self._today = today
        self._hidden: NDArray[np.bool_] | None = None
        self._written_in = {language: index.columns.written_in(language) for language in index.columns.languages}

    @classmethod
    def load(
        cls,
        folder: Path,
        channels: Set[Channel] = ALL_CHANNELS,
        *,
        embed: Embed | None = None,
        rerank: Rerank | None = None,
    ) -> Self:
        """Load a release's folder.

        Raises:
            ReleaseError: a file is missing or damaged.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            model = NoAnswerModel.from_json(json.loads((folder / NO_ANSWER).read_text(encoding="utf-8")))
            index, number = Index.load(folder), int(manifest["number"])
            return cls(index, model, release=number, channels=channels, embed=embed, rerank=rerank)
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise ReleaseError(f"Release {folder.name} cannot be read: build the knowledge base again.") from error

    @property
    def release(self) -> int:
        """Number of the release."""
        return self._release

    @property
    def index(self) -> Index:
        """What is searched: the next release takes over what has not changed."""
        return self._index

    @property
    def model(self) -> NoAnswerModel:
        """What says whether passages suffice."""
        return self._model

    @property
    def chunks(self) -> Sequence[Chunk]:
        """All chunks of the base; of a loaded release each is parsed when it is looked at."""
        return self._index.chunks

    def without(self, keys: Set[str]) -> Self:
        """Return the same base as if chunks with these keys (``Chunk.key``) did not stand in it."""
        hidden = self._index.columns.of_keys(keys)
        base = copy(self)
        base._hidden = hidden
        base._calendar = Calendar(self._index.columns, self._today, hidden)
        return base

    def chunk(self, chunk_id: str) -> Chunk | None:
        """Return the chunk of that id, None when the base does not hold it (any more)."""
        row = self._index.columns.row(chunk_id)
        hidden = row is None or (self._hidden is not None and bool(self._hidden[row]))
        return None if row is None or hidden else self._index.chunks[row]

    @property
    def model_revision(self) -> str | None:
        """The pretrained model that questions must be embedded with; None when no vectors of one are searched."""
        meaning = self._index.meaning
        return meaning.revision if meaning is not None and any(meaning.shares.values()) else None

    def searched(self, query: str) -> str:
        """Return what is searched for in the place of what was typed: this is what ``embed`` is asked for."""
        typed = repair(query.strip()[:MAX_QUERY_LETTERS], self._knows)
        return mend(typed, self._knows, lambda term: len(self._index.lexical.holders(term)))

    def search(self, query: str, *, language: str | None = None, limit: int = 5) -> SearchResult:
        """Return the best passages and whether they suffice.

        Chunks written in ``language`` are preferred; the others are asked only when nothing there matches. A reranker
        changes the order, never what is found nor whether it suffices.
        """
        if self._rerank is None:
            return self._find(query, language, limit)
        found = self._find(query, language, max(limit, TOP))
        again = candidates(found.passages, found.pinned)
        scores = self._rerank(found.query, again) if len(again) > 1 else None
        if scores is None:
            return replace(found, passages=found.passages[: max(limit, 0)])
        passages = reordered(found.passages, found.pinned, scores)
        return replace(found, passages=passages[: max(limit, 0)], reranked=True)

    def candidates(self, query: str, *, language: str | None = None) -> tuple[str, tuple[Chunk, ...]]:
        """Return what searching for the query asks ``rerank`` about; one chunk is not asked about."""
        found = self._find(query, language, TOP)
        return found.query, candidates(found.passages, found.pinned)

    def _find(self, query: str, language: str | None, limit: int) -> SearchResult:
        searched = self.searched(query)
        valid = self._calendar.valid()
        written = self._written_in.get(language or "")
        if written is None:
            return self._search(searched, valid, limit)
        own = written & valid
        result = self._search(searched, own, limit)
        if result.answerable >= _NOTHING or written.all():
            return result
        other = self._search(searched, ~written & valid, limit)
        nothing_here = not result.passages or (
            result.features["term_coverage"] == 0 and other.features["term_coverage"] > 0
        )
        return other if other.answerable >= _SUFFICES or nothing_here else result

    def _search(self, query: str, among: NDArray[np.bool_], limit: int) -> SearchResult:
        ranking = rank(self._index, query, among=among, channels=self._channels, asked=self._vector(query))
        found = features(self._index, query, ranking, among)
        passages = best(self._index, ranking, limit)
        answerable = self._model.probability(found) if ranking.order else 0.0
        return SearchResult(query, self._release, passages, answerable, found, ranking.pinned)

    def _vector(self, query: str) -> NDArray[np.float32] | None:
        revision = self.model_revision
        return None if self._embed is None or revision is None else self._embed(revision, query)

    def _knows(self, word: str) -> bool:
        if word in STOP_WORDS or stem(word) in self._index.lexical.vocabulary:
            return True
        return is_everyday(word) or bool(concepts_of(word))


def best(index: Index, ranking: Ranking, limit: int) -> tuple[Passage, ...]:
    """Return the first passages of a ranking."""
    return tuple(
        Passage(
            index.chunks[row],
            Scores(
                lexical=float(ranking.lexical[row]),
                characters=float(ranking.characters[row]),
                vector=float(ranking.vector[row]),
                blend=float(ranking.blend[row]),
            ),
        )
        for row in ranking.order[: max(limit, 0)]
    )
