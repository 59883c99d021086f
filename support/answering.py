"""From a question to a job: split it, search, and let the no-answer model decide whether the passages suffice."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.address_book import AddressBook
from knowledge.base import KnowledgeBase
from knowledge.injection import cut
from knowledge.passages import Chunk, SearchResult
from support.followups import Completion
from support.jobs import Exchange, GenerationJob, JobPassage, JudgeFit, Language

NO_ANSWER_CUTOFF: Final = 0.3
"""Below it no generation is spent. Lower than any sensible ANSWER_THRESHOLD: between the two the judge decides."""
MAX_PARTS: Final = 3
PASSAGES_OF_ONE: Final = 5
PASSAGES_OF_MANY: Final = 3
MAX_QUERY: Final = 1000
"""Characters searched; a customer's novel is cut there."""
MIN_PART_WORDS: Final = 3

# A full stop inside «3.5» or «shop.example» ends no sentence: white space follows one that does.
_SENTENCE = re.compile(r"\S[^\n]*?(?:[.?!…]+(?=\s|$)|$)", re.MULTILINE)
_ASKS = re.compile(
    r"^(?:а\s+|и\s+|ещё\s+|еще\s+|also\s+|and\s+)*(?:как|где|когда|сколько|куда|почему|зачем|можно|какой|какая|какие|какое|"
    r"кто|есть\s+ли|можете|how|where|when|what|which|why|who|can|could|do|does|is|are|will)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the customer's questions with what was found for it."""

    text: str
    found: SearchResult


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the knowledge base has for a message."""

    parts: tuple[Part, ...]
    unanswered: tuple[Part, ...]
    """Questions of the message that the passages do not answer."""
    left_over: tuple[str, ...] = ()
    """Questions beyond those that one answer holds: the customer is told, so that he can ask again."""

    @property
    def answerable(self) -> float:
        """The best part's probability, 0..1, that its passages suffice."""
        return max((part.found.answerable for part in (*self.parts, *self.unanswered)), default=0.0)


def split(text: str) -> tuple[str, ...]:
    """Return the separate questions of a message; the whole message when it asks one thing."""
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text)]
    questions = [
        sentence
        for sentence in sentences
        if (sentence.endswith("?") or _ASKS.match(sentence)) and len(sentence.split()) >= MIN_PART_WORDS
    ]
    return tuple(questions) if len(questions) > 1 else (text,)


def asked(text: str) -> tuple[str, ...]:
    """Return everything that ``prepare`` may search for in a message that is no follow-up."""
    questions = tuple(question[:MAX_QUERY] for question in split(text))[:MAX_PARTS]
    return questions if len(questions) == 1 else (*questions, text[:MAX_QUERY])


def prepare(
    text: str, language: Language, knowledge: KnowledgeBase, *, completion: Completion | None = None
) -> Prepared:
    """Search for every question of the message; for the completed one when the message is a follow-up."""
    if completion is not None:
        found = Part(
            completion.question, knowledge.search(completion.question, language=language, limit=PASSAGES_OF_ONE)
        )
        return Prepared((found,), ()) if _suffices(found) else Prepared((), (found,))
    every = tuple(question[:MAX_QUERY] for question in split(text))
    text, questions, left_over = text[:MAX_QUERY], every[:MAX_PARTS], every[MAX_PARTS:]
    limit = PASSAGES_OF_ONE if len(questions) == 1 else PASSAGES_OF_MANY
    searched = tuple(Part(part, knowledge.search(part, language=language, limit=limit)) for part in questions)
    parts = tuple(part for part in searched if _suffices(part))
    if not parts and len(searched) > 1:
        whole = Part(text, knowledge.search(text, language=language, limit=PASSAGES_OF_ONE))
        return Prepared((whole,), ()) if _suffices(whole) else Prepared((), (whole,))
    return Prepared(parts, tuple(part for part in searched if part not in parts), left_over)


def heading(chunk: Chunk) -> str:
    """Return ``Document › H1 › H2``."""
    return " › ".join((chunk.title, *chunk.breadcrumb))


def _suffices(part: Part) -> bool:
    return bool(part.found.passages) and part.found.answerable >= NO_ANSWER_CUTOFF


def job_for(
    prepared: Prepared,
    *,
    turn_id: int,
    epoch: int,
    question: str,
    history: tuple[Exchange, ...],
    language: Language,
    deadline: datetime,
    addresses: AddressBook | None,
    renewed: bool = False,
    judge: JudgeFit | None = None,
) -> GenerationJob:
    """Build the worker's first attempt at the turn; without a book of addresses all may be shown."""
    found = [(index, passage) for index, part in enumerate(prepared.parts) for passage in part.found.passages]
    passages = [
        JobPassage(
            number=number,
            chunk_id=passage.chunk.id,
            source=passage.chunk.source,
            heading=heading(passage.chunk),
            # Builds leave such sentences out; a release of before may hold one.
            text=cut(passage.chunk.text)[0],
            question=passage.chunk.question,
            part=index,
            lexical=passage.scores.lexical,
            vector=passage.scores.vector,
            blend=passage.scores.blend,
        )
        for number, (index, passage) in enumerate(found, start=1)
    ]
    return GenerationJob(
        turn_id=turn_id,
        epoch=epoch,
        attempt=1,
        question=question[:MAX_QUERY],
        parts=tuple(part.text for part in prepared.parts),
        passages=tuple(passages),
        answerable=tuple(part.found.answerable for part in prepared.parts),
        history=history,
        language=language,
        deadline=deadline.timestamp(),
        withheld=addresses.withheld(f"{one.heading}\n{one.question or ''}\n{one.text}" for one in passages)
        if addresses
        else (),
        renewed=renewed,
        judge=judge,
    )
