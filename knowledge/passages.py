"""The values that search hands out: chunks of documents, and chunks as found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source document, the unit that is indexed and cited."""

    id: str
    """Stable over releases while source, headings and text stay the same."""
    source: str
    """Path below the sources' folder, with forward slashes, e.g. ``ru/returns.md``."""
    title: str
    breadcrumb: tuple[str, ...]
    """Headings below the title, outermost first."""
    text: str
    language: str
    """``ru`` or ``en``: what the text itself is written in."""
    question: str | None = None
    """The question of a question–answer pair."""
    valid_from: str | None = None
    """The first day on which it may answer, ISO 8601."""
    valid_until: str | None = None
    """The last one."""

    @property
    def key(self) -> str:
        """What source, headings and text come to: chunks that repeat one another word for word share it."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Scores:
    """One passage's scores for one query, channel by channel."""

    lexical: float
    """BM25 over stems, unbounded."""
    characters: float
    """BM25 over character 4-grams, unbounded."""
    vector: float
    """Cosine, -1..1; 0 while the channel is off."""
    blend: float
    """Convex blend of the query's min–max scores, the reranker's included, 0..1. Never compare it between queries."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as found."""

    chunk: Chunk
    scores: Scores


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What one search found, best first."""

    query: str
    """The query as searched: after keyboard-layout repair."""
    release: int
    passages: tuple[Passage, ...]
    answerable: float
    """Calibrated probability, 0..1, that the passages suffice to answer (the no-answer model)."""
    features: dict[str, float]
    """Raw features of the no-answer model by name."""
    pinned: int = 0
    """How many of the first passages hold a code of the query: nothing goes above them."""
    reranked: bool = False
    """Whether a reranker had its say about the order."""
