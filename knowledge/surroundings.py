"""What a chunk's place tells about it: its neighbours in the article, and whether it answers a question by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import Chunk
from knowledge.tokens import words

BEFORE = 0.3
AFTER = 0.1
"""Weights of the neighbours' scores beside a chunk's own: what comes before sets the scene."""
EXPECTED = 0.75
"""A neighbour's usual score in units of the chunk's own: what evens out chunks that have none."""
FEWEST_WORDS = 15
"""A shorter text says one thing, and its neighbours speak of other things: lists of short answers."""
QUESTION_PRIOR = 0.12
"""What a question-and-answer chunk is given beforehand when the customer asks a question; scores span 0..1."""

REMEMBERED = 30_000
"""Chunks of which a process remembers it: the build worker asks about most of them again and again."""

# Pages of questions and answers name themselves: in the title, a heading, or the file's name.
_QUESTIONS_PAGE = re.compile(r"\bfaqs?\b|\bq ?& ?a\b|вопросы|\bquestions\b")
_SIGNS = re.compile(r"[-_./\\]+")
_QUESTION_WORDS = frozenset(
    """
    what how why when where which who whom whose can could is are do does did will would should may must has have i if
    как что почему зачем когда где куда откуда какой какая какое какие каким какую каков какова каково сколько кто
    чем чей можно могу можете можем есть нужно должен должна если нельзя
    """.split()  # noqa: SIM905  # a list of 60 quoted words would say the same in a page
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts about the places of all chunks, each bool[n_chunks]."""

    follows: NDArray[np.bool_]
    """The chunk before it continues into it: same article, one's headings begin with the other's, neither is a pair
    nor short."""
    alone: NDArray[np.bool_]
    """No chunk continues into it, and it into none."""
    pairs: NDArray[np.bool_]
    """Question–answer pairs: complete in themselves."""
    begins: NDArray[np.bool_]
    """The first chunk of its article."""

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Self:
        """Look at the chunks in their order."""
        pairs = np.array([is_pair(chunk) for chunk in chunks], dtype=np.bool_)
        whole = [len(chunk.text.split(maxsplit=FEWEST_WORDS)) >= FEWEST_WORDS for chunk in chunks]
        near = np.array([_near(a, b) for a, b in pairwise(chunks)], dtype=np.bool_)
        near &= np.array(whole[1:], dtype=np.bool_) & np.array(whole[:-1], dtype=np.bool_)
        before, after = np.append(False, near), np.append(near, False)
        follows = before & ~pairs & ~np.append(False, pairs[:-1])
        begins = np.array([a.source != b.source for a, b in pairwise(chunks)], dtype=np.bool_)
        return cls(follows, ~before & ~after, pairs, np.append(True, begins))

    def spread(self, scores: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
        """Let neighbours vouch for each other, ``strength`` 0..1; pairs and lonely chunks keep their scores."""
        result = scores.copy()
        result[1:] += strength * BEFORE * scores[:-1] * self.follows[1:]
        result[:-1] += strength * AFTER * scores[1:] * self.follows[1:]
        result[~(self.pairs | self.alone)] /= 1 + strength * EXPECTED * (BEFORE + AFTER)
        return result

    def best_of_article(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[n_chunks]: the best score in each chunk's article."""
        starts = np.flatnonzero(self.begins)
        best = np.maximum.reduceat(scores, starts)
        return np.asarray(np.repeat(best, np.diff(starts, append=len(scores))), dtype=np.float32)

    def beside(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the chunks before and after these in their articles, at an edge a chunk itself."""
        ends = np.append(self.begins[1:], True)
        return np.where(self.begins[rows], rows, rows - 1), np.where(ends[rows], rows, rows + 1)


def _near(a: Chunk, b: Chunk) -> bool:
    shared = min(len(a.breadcrumb), len(b.breadcrumb))
    return a.source == b.source and a.breadcrumb[:shared] == b.breadcrumb[:shared]


@lru_cache(maxsize=REMEMBERED)
def is_pair(chunk: Chunk) -> bool:
    """Say whether the chunk is a question's answer, complete in itself."""
    if chunk.question is not None or (chunk.breadcrumb[-1:] and chunk.breadcrumb[-1].rstrip().endswith("?")):
        return True
    place = " ".join((chunk.title, *chunk.breadcrumb, _SIGNS.sub(" ", chunk.source)))
    return bool(_QUESTIONS_PAGE.search(place.lower()))


def is_question(query: str) -> bool:
    """Say whether the words ask something, with or without a question mark."""
    if "?" in query:
        return True
    spoken = words(query)
    return "ли" in spoken or (bool(spoken) and spoken[0] in _QUESTION_WORDS)
