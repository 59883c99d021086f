"""The support desk: decides what happens to every message of a customer. Callers own the transaction.

Every method is safe to repeat: it looks at the state of the turn first, and a turn that has moved on is left alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.current import CurrentKnowledge
from support import (
    answering,
    answers,
    calling,
    citations,
    closing,
    endings,
    freshness,
    judge_fits,
    offers,
    proven,
    risk,
    ruling,
    smalltalk,
    suggesting,
    thresholds,
    traces,
    understanding,
)
from support.answer_audits import Draw
from support.customers import follow_language
from support.desk_file import DeskFile, Rule
from support.escalations import EscalationReason, EscalationRepository, heard
from support.intents.classifier import Classification
from support.intents.current import CurrentClassifier
from support.intents.examples import Intent, Route
from support.jobs import Draft, FailureReason, GenerationJob, GenerationResult, job_id
from support.masking import mask
from support.order_desk import OrderDesk
from support.orders import lookup
from support.outcomes import (
    Abused,
    Answered,
    Collected,
    Escalated,
    ForOperator,
    Generating,
    Greeted,
    Ignored,
    Outcome,
    OutOfScope,
    Stopped,
)
from support.readings import Understood
from support.suspicion import is_to_a_model
from support.tables import CustomerRow, TurnRow
from support.turn_search import TurnSearch, asked
from support.turns import Opened, TurnRepository, TurnState, Words, turn_language

ANSWERABLE_DECIDES: Final = 0.5
"""Above it the knowledge base has the answer, so an unsure classifier does not need to ask."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Use cases of the customer's side of the conversation."""

    classifier: CurrentClassifier
    intents: dict[str, Intent]
    knowledge: CurrentKnowledge
    orders: OrderDesk
    threshold: float
    """0..1: a draft whose score is below it goes to a person, unless a calibrated threshold is in force."""
    threshold_is_set: bool = False
    """By the administrator: calibrated ones do not count then."""
    deadline: timedelta
    """From a turn's close to the moment when a person is called instead."""
    file: DeskFile = field(default_factory=DeskFile)
    """Whose rules call a person before anything is answered."""
    draw: Draw | None = None
    """Draws answers for the audit."""

    async def receive(
        self, session: AsyncSession, customer: CustomerRow, words: Words, now: datetime, *, slowed: bool = False
    ) -> Collected | ForOperator:
        """Take in a message of a customer; ``slowed``: he writes more than anybody could answer."""
        turns = TurnRepository(session)
        language = follow_language(customer, words.text)
        escalation = await EscalationRepository(session).open_of(customer.id)
        escalation = escalation or await closing.reopen(session, customer, words, now, self.classifier)
        if escalation is not None:
            heard(customer, escalation, now)
            cancelled = await suggesting.hear(session, customer, words, now, language=language, slowed=slowed)
            return ForOperator(cancelled)
        opened = await turns.collect(customer, words, language, now, slowed=slowed)
        return _collected(opened)

    async def edit(
        self, session: AsyncSession, customer: CustomerRow, message_id: int, text: str, now: datetime
    ) -> Collected | ForOperator | None:
        """Take in an edit; None when nothing follows from it."""
        if escalation := await EscalationRepository(session).open_of(customer.id):
            return ForOperator(await suggesting.edit(session, customer, escalation, message_id, text, now))
        opened = await TurnRepository(session).edit(customer, message_id, text, now)
        return _collected(opened) if opened else None

    @property
    def search(self) -> TurnSearch:
        """Finds what the knowledge base has for a turn."""
        return TurnSearch(self.knowledge)

    async def stop(self, session: AsyncSession, customer: CustomerRow, turn_id: int, now: datetime) -> Outcome:
        """End a turn whose customer pressed the stop button while it was being answered."""
        locked = await TurnRepository(session).lock(turn_id)
        if locked is None or locked[1].id != customer.id or locked[0].state != TurnState.GENERATING:
            return Ignored()
        turn = locked[0]
        stopped = Stopped((job_id(turn.id, turn.epoch, turn.attempt),))
        return endings.finish(turn, TurnState.STOPPED, stopped, now)

    async def close(
        self, session: AsyncSession, turn_id: int, now: datetime, *, understood: Understood | None = None
    ) -> Outcome:
        """Decide about a turn whose debounce has ended, with what was found out about it beforehand."""
        locked = await TurnRepository(session).lock(turn_id)
        if locked is None:
            return Ignored()
        turn, customer = locked
        # A turn that was opened in the future was opened before the clock was set back: it is due.
        if turn.state != TurnState.COLLECTING or turn.opened_at <= now < turn.closes_at:
            return Ignored()
        turn.closed_at, turn.deadline_at = now, now + self.deadline
        if await EscalationRepository(session).open_of(customer.id):
            return endings.finish(turn, TurnState.ESCALATED, Ignored(), now)
        known = understood.of(turn.epoch, turn.text) if understood else None
        return await self._decide(session, customer, turn, known, now)

    async def _decide(
        self, session: AsyncSession, customer: CustomerRow, turn: TurnRow, known: Understood | None, now: datetime
    ) -> Outcome:
        if not turn.text.strip():
            return await endings.without_words(session, turn, now)
        reading = known.reading if known else None
        informed = understanding.informed(self.classifier.classify(turn.text), reading, self.intents)
        meant = understanding.beside_abuse(informed, turn.text, self.classifier)
        classification = meant or informed
        turn.intent = classification.intent
        turn.trace = traces.intent(turn.trace, classification)
        sure_of = classification.intent if classification.sure else None
        if rule := await ruling.find(session, turn, sure_of, self.file, now):
            return await self.escalate(session, customer, EscalationReason.RULE, now, turn=turn, rule=rule)
        if classification.route is Route.OPERATOR and classification.sure:
            reason = EscalationReason.RISKY if risk.find(turn.text) else EscalationReason.CUSTOMER_ASKED
            return await self.escalate(session, customer, reason, now, turn=turn)
        if meant is None:
            return endings.finish(turn, TurnState.ANSWERED, Abused(), now)
        said = understanding.said(turn.text, reading)
        dialogue = await self.orders.go_on(session, customer, said, classification, now)
        if dialogue is not None:
            return await self._order(session, customer, turn, dialogue, now)
        return await self._route(session, customer, turn, classification, now, known=known)

    async def choose(self, session: AsyncSession, turn_id: int, intent: str, now: datetime) -> Outcome:
        """Go on with a turn about which the customer was asked, with the intent that he chose."""
        locked = await TurnRepository(session).lock(turn_id)
        if locked is None or locked[0].state != TurnState.CLARIFYING or intent not in self.intents:
            return Ignored()
        turn, customer = locked
        turn.closed_at, turn.deadline_at, turn.intent = now, now + self.deadline, intent
        turn.trace = traces.chosen(turn.trace, intent)
        if rule := await ruling.find(session, turn, intent, self.file, now):
            return await self.escalate(session, customer, EscalationReason.RULE, now, turn=turn, rule=rule)
        return await self._follow(session, customer, turn, self.intents[intent].route, now)

    async def order(self, session: AsyncSession, customer: CustomerRow, text: str, now: datetime) -> Outcome:
        """Begin an order look-up by command or button; a person who has the conversation looks it up himself."""
        if known := await EscalationRepository(session).open_of(customer.id):
            return Escalated(known.id, EscalationReason(known.reason), new=False)
        begun = await self.orders.begin(session, customer, text, now)
        return await self._order(session, customer, None, begun, now)

    async def own_contact(
        self, session: AsyncSession, customer: CustomerRow, phone: str, now: datetime
    ) -> Outcome | None:
        """Take in the customer's own contact; None when nothing was asked that it answers."""
        found = await self.orders.own_contact(session, customer, phone, now)
        return None if found is None else await self._order(session, customer, None, found, now)

    async def settle(self, session: AsyncSession, result: GenerationResult, now: datetime) -> Outcome:
        """Let a worker's draft through, or call a person with it. A late or repeated result changes nothing."""
        locked = await TurnRepository(session).lock(result.turn_id)
        if locked is None:
            return Ignored()
        turn, customer = locked
        if turn.state == TurnState.SUGGESTING:
            threshold = await self._threshold(session, turn, result.draft)
            await suggesting.settle(session, locked, result, self.knowledge.get(), now, threshold=threshold)
        if turn.state != TurnState.GENERATING or turn.epoch != result.epoch or turn.job is None:
            return Ignored()
        if result.draft is None:
            reason = endings.FAILURE_REASONS[result.failure or FailureReason.ENGINE_ERROR]
            return await self.escalate(session, customer, reason, now, turn=turn)
        job = GenerationJob.model_validate_json(turn.job)
        if freshness.gone(result.draft, job.passages, self.knowledge.get()):
            return await self._renew(session, customer, turn, job, now)
        threshold = await self._threshold(session, turn, result.draft)
        turn.trace = traces.draft(turn.trace, result.draft, threshold)
        reason_against = endings.against(turn, result.draft, threshold)
        if reason_against in {None, EscalationReason.LOW_SCORE}:
            await self._consider(session, turn, result.draft, threshold, now)
        if reason_against:
            offers.keep(turn, result.draft)
            text, _ = citations.shown(result.draft, job.passages)
            text = mask(text, known=[passage.text for passage in job.passages])
            return await self.escalate(session, customer, reason_against, now, turn=turn, draft=text)
        return await self._answer(session, turn, job, result.draft, now)

    async def escalate(
        self,
        session: AsyncSession,
        customer: CustomerRow,
        reason: EscalationReason,
        now: datetime,
        *,
        turn: TurnRow | None = None,
        draft: str | None = None,
        rule: Rule | None = None,
    ) -> Escalated:
        """Call a person (support.calling)."""
        return await calling.call(session, customer, reason, now, turn=turn, draft=draft, rule=rule)

    async def _route(
        self,
        session: AsyncSession,
        customer: CustomerRow,
        turn: TurnRow,
        classification: Classification,
        now: datetime,
        *,
        known: Understood | None,
    ) -> Outcome:
        numbered = not classification.sure and classification.order_number
        if numbered or (classification.sure and classification.route is not Route.OUT_OF_SCOPE):
            route = Route.ORDER_STATUS if numbered else classification.route
            return await self._follow(session, customer, turn, route, now, known=None if numbered else known)
        if is_to_a_model(turn.text):
            return await self._refuse(session, customer, turn, now)
        if not classification.sure and (continued := await self.search.of_follow_up(session, turn, now, known)):
            return await self._question(session, customer, turn, now, continued)
        # Not sure, or sure that it is none of our business: the knowledge base may know better, unless a word is all.
        prepared = self.search.alone(turn) if len(turn.text.split()) >= answering.MIN_PART_WORDS else None
        if prepared is not None and prepared.answerable >= ANSWERABLE_DECIDES:
            return await self._question(session, customer, turn, now, prepared, known=known)
        if not classification.sure:
            return await self._clarify(session, customer, turn, classification, now)
        return await self._follow(session, customer, turn, classification.route, now)

    async def _follow(
        self,
        session: AsyncSession,
        customer: CustomerRow,
        turn: TurnRow,
        route: Route,
        now: datetime,
        *,
        known: Understood | None = None,
    ) -> Outcome:
        match route:
            case Route.QUESTION:
                prepared = await self.search.of(session, turn, now, known)
                return await self._question(session, customer, turn, now, prepared, known=known)
            case Route.ORDER_STATUS:
                said = understanding.said(turn.text, known.reading if known else None)
                begun = await self.orders.begin(session, customer, said, now)
                return await self._order(session, customer, turn, begun, now)
            case Route.OPERATOR:
                return await self.escalate(session, customer, EscalationReason.CUSTOMER_ASKED, now, turn=turn)
            case Route.COMPLAINT:
                return await self.escalate(session, customer, EscalationReason.COMPLAINT, now, turn=turn)
            case Route.GREETING:
                return endings.finish(turn, TurnState.ANSWERED, Greeted(smalltalk.kind(turn.text)), now)
            case Route.OUT_OF_SCOPE:
                return endings.finish(turn, TurnState.ANSWERED, OutOfScope(), now)

    async def _order(
        self, session: AsyncSession, customer: CustomerRow, turn: TurnRow | None, found: lookup.Outcome, now: datetime
    ) -> Outcome:
        if isinstance(found, lookup.Failed):
            log.error("orders cannot be reached", detail=found.detail)
            return await self.escalate(session, customer, EscalationReason.NO_ORDERS, now, turn=turn)
        if isinstance(found, lookup.Found):
            proven.remember(customer, found.order.number, now)
        return found if turn is None else endings.finish(turn, TurnState.ANSWERED, found, now)

    async def _clarify(
        self, session: AsyncSession, customer: CustomerRow, turn: TurnRow, classification: Classification, now: datetime
    ) -> Outcome:
        asked_before = await endings.was_asked_lately(session, turn, now)
        if asked_before or len(classification.ranking) < 2:  # noqa: PLR2004  # two buttons need two intents
            return await self.escalate(session, customer, EscalationReason.UNCLEAR, now, turn=turn)
        turn.state, turn.outcome = TurnState.CLARIFYING, "clarify"
        turn.trace = traces.outcome(turn.trace, "clarify")
        return endings.choices(turn, classification, self.intents)

    async def _renew(
        self, session: AsyncSession, customer: CustomerRow, turn: TurnRow, job: GenerationJob, now: datetime
    ) -> Outcome:
        """Ask anew what was answered from text that is gone; the second time a person is called, without the draft."""
        log.info("a draft rests on text that is gone", turn_id=turn.id, again=not job.renewed)
        if job.renewed:
            return await self.escalate(session, customer, EscalationReason.KNOWLEDGE_CHANGED, now, turn=turn)
        turn.epoch += 1
        prepared = await self.search.of(session, turn, now)
        return await self._question(session, customer, turn, now, prepared, renewed=True)

    async def _question(
        self,
        session: AsyncSession,
        customer: CustomerRow,
        turn: TurnRow,
        now: datetime,
        prepared: answering.Prepared | None,
        *,
        known: Understood | None = None,
        renewed: bool = False,
    ) -> Outcome:
        found_risk = risk.find(turn.text)
        if is_to_a_model(turn.text):
            return await self._refuse(session, customer, turn, now)
        if prepared is None or not prepared.parts:
            reason = EscalationReason.NO_KNOWLEDGE if prepared is None else EscalationReason.NO_ANSWER
            reason = EscalationReason.RISKY if found_risk else reason
            return await self.escalate(session, customer, reason, now, turn=turn)
        job = answering.job_for(
            prepared,
            turn_id=turn.id,
            epoch=turn.epoch,
            question=asked(turn),
            history=await TurnRepository(session).history(turn, now),
            language=turn_language(turn),
            deadline=turn.deadline_at if renewed and turn.deadline_at else now + self.deadline,
            addresses=self.knowledge.addresses,
            renewed=renewed,
            judge=await judge_fits.current(session),
        )
        turn.state, turn.job, turn.attempt = TurnState.GENERATING, job.model_dump_json(), job.attempt
        return await self._again(session, turn, job, known, now) or Generating(job)

    async def _again(
        self, session: AsyncSession, turn: TurnRow, job: GenerationJob, known: Understood | None, now: datetime
    ) -> Answered | None:
        """Answer with what the same question was answered with before; None when it was not, or not well enough."""
        before = await answers.given_before(session, job, known, self.knowledge)
        if before is None:
            return None
        threshold = await self._threshold(session, turn, before[1])
        if endings.against(turn, before[1], threshold):
            return None
        turn.trace = traces.draft(turn.trace, before[1], threshold, again=before[0])
        await self._consider(session, turn, before[1], threshold, now)
        return await self._answer(session, turn, job, before[1], now)

    async def _threshold(self, session: AsyncSession, turn: TurnRow, draft: Draft | None) -> float:
        if self.threshold_is_set or draft is None:
            return self.threshold
        return await thresholds.for_draft(session, draft, turn_language(turn), self.threshold)

    async def _consider(
        self, session: AsyncSession, turn: TurnRow, draft: Draft, threshold: float, now: datetime
    ) -> None:
        if self.draw is not None:
            base = self.knowledge.get()
            release = None if base is None else base.release
            await self.draw.consider(session, turn, draft, now, threshold=threshold, release=release)

    async def _answer(
        self, session: AsyncSession, turn: TurnRow, job: GenerationJob, draft: Draft, now: datetime
    ) -> Answered:
        kept = await answers.keep(session, turn, job, draft, now, knowledge=self.knowledge)
        return endings.finish(turn, TurnState.ANSWERED, kept, now)

    async def _refuse(self, session: AsyncSession, customer: CustomerRow, turn: TurnRow, now: datetime) -> Outcome:
        """Say what the bot is for: nothing is generated from words that tell a model what to do."""
        if risk.find(turn.text):
            return await self.escalate(session, customer, EscalationReason.RISKY, now, turn=turn)
        return endings.finish(turn, TurnState.ANSWERED, OutOfScope(), now, why="to_a_model")


def _collected(opened: Opened) -> Collected:
    return Collected(opened.turn.id, opened.turn.closes_at, opened.cancelled)
