"""What the knowledge base has for a turn: for a follow-up as completed by what was asked before, else as it stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.base import KnowledgeBase
from knowledge.current import CurrentKnowledge
from support import abuse, answering, followups, freshness, traces, understanding
from support.followups import Completion
from support.jobs import GenerationJob, GenerationResult, Language
from support.masking import mask
from support.readings import Understood
from support.tables import TurnRow
from support.turns import TurnRepository, TurnState, turn_language


@dataclass(frozen=True, slots=True)
class Ahead:
    """What deciding about a turn may search for."""

    text: str
    language: Language
    completion: Completion | None

    @property
    def questions(self) -> tuple[str, ...]:
        """All texts that may be searched for."""
        return (*answering.asked(self.text), *(() if self.completion is None else (self.completion.question,)))

    def rehearse(self, knowledge: KnowledgeBase) -> tuple[answering.Part, ...]:
        """Search as the decision will; return the questions that an answer would be made for."""
        if self.completion is not None:
            completed = answering.prepare(self.text, self.language, knowledge, completion=self.completion)
            if completed.parts:
                return completed.parts
        return answering.prepare(self.text, self.language, knowledge).parts


@dataclass(frozen=True, slots=True)
class TurnSearch:
    """Searches the release of now, and writes into the turn's trace what was found. None: there is no release."""

    knowledge: CurrentKnowledge

    async def of(
        self, session: AsyncSession, turn: TurnRow, now: datetime, known: Understood | None = None
    ) -> answering.Prepared | None:
        """Search for a turn; ``known``: what was read out of it beforehand."""
        return await self.of_follow_up(session, turn, now, known) or self.alone(turn)

    async def of_follow_up(
        self, session: AsyncSession, turn: TurnRow, now: datetime, known: Understood | None
    ) -> answering.Prepared | None:
        """Search for a follow-up completed by the customer's last question; None when it is none, or finds nothing."""
        completion = await self._completion(session, turn, now, known)
        prepared = None if completion is None else self.alone(turn, completion)
        return prepared if prepared is not None and prepared.parts else None

    def alone(self, turn: TurnRow, completion: Completion | None = None) -> answering.Prepared | None:
        """Search for a turn's own words, or for their completion."""
        knowledge = self.knowledge.get()
        if knowledge is None:
            return None
        prepared = answering.prepare(asked(turn), turn_language(turn), knowledge, completion=completion)
        turn.trace = traces.search(turn.trace, prepared, completion)
        return prepared

    async def ahead(
        self, session: AsyncSession, turn_id: int, now: datetime, understood: Understood | None
    ) -> Ahead | None:
        """Return what deciding about the turn may search for; None when there is nothing to search for."""
        turn = await session.get(TurnRow, turn_id)
        if turn is None or not turn.text.strip():
            return None
        known = understood.of(turn.epoch, turn.text) if understood else None
        return Ahead(asked(turn), turn_language(turn), await self._completion(session, turn, now, known))

    async def begins_anew(self, session: AsyncSession, result: GenerationResult) -> bool:
        """Whether taking in the result will search once more, because the draft rests on text that is gone."""
        turn = await session.get(TurnRow, result.turn_id)
        if turn is None or turn.state != TurnState.GENERATING or turn.epoch != result.epoch:
            return False
        if turn.job is None or result.draft is None:
            return False
        job = GenerationJob.model_validate_json(turn.job)
        return not job.renewed and bool(freshness.gone(result.draft, job.passages, self.knowledge.get()))

    async def _completion(
        self, session: AsyncSession, turn: TurnRow, now: datetime, known: Understood | None
    ) -> Completion | None:
        if followups.leaning(turn.text) is None:
            return None
        turns = TurnRepository(session)
        topic = await turns.topic(turn, now)
        if topic is None:
            return None
        if known is not None and known.reading is not None:
            history = await turns.history(turn, now)
            if question := understanding.completed(known.reading, asked(turn), topic, history):
                return Completion(question, topic, "The language model completed it.")
        return followups.complete(asked(turn), topic)


def asked(turn: TurnRow) -> str:
    """Return what is searched for and what a model reads: without personal data or swearing beside the question.

    A message that is nothing but abuse does not come here.
    """
    return mask(abuse.without(turn.text))
