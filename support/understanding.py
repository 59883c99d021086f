"""What a language model is asked to read out of a message, and what of its reading is believed.

It is asked only where rules and classifier are at a loss, and believed only where the customer's own words bear it out:
a number or an address must stand in the message, a completed question must be made of the conversation's words.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import stem, words
from support import abuse, followups
from support.escalations import EscalationRepository
from support.intents.classifier import Classification
from support.intents.current import CurrentClassifier
from support.intents.examples import Intent, Route
from support.jobs import Exchange, Language
from support.order_desk import OrderDesk
from support.orders.identity import extract_evidence, normalize_email, normalize_phone
from support.orders.lookup import Awaiting, DialogueState, read_number
from support.orders.numbers import find_order_number, normalize, spellings
from support.readings import Choice, Reading, ReadingRequest, Wanted
from support.suspicion import is_to_a_model
from support.tables import CustomerRow, TurnRow
from support.turns import TurnRepository, TurnState

_MEANT: Final = frozenset({Route.ORDER_STATUS, Route.COMPLAINT})
"""Sure of these, the customer wants something, however few his words: «где мой заказ»."""
MAX_READ: Final = 1000
"""Characters; a longer message is not muddled but a story."""


async def request_for(
    session: AsyncSession,
    turn_id: int,
    now: datetime,
    *,
    classifier: CurrentClassifier,
    orders: OrderDesk,
    deadline: float,
    request_id: str,
) -> tuple[int, ReadingRequest] | None:
    """Return the turn's epoch and what a model should read out of it; None when rules and classifier suffice."""
    turn = await session.get(TurnRow, turn_id)
    customer = None if turn is None else await session.get(CustomerRow, turn.customer_id)
    if turn is None or customer is None or turn.state != TurnState.COLLECTING or not turn.text.strip():
        return None
    if len(turn.text) > MAX_READ or is_to_a_model(turn.text):
        return None
    if await EscalationRepository(session).open_of(customer.id):
        return None
    wanted = await _wanted(session, turn, classifier.classify(turn.text), orders.state(customer, now), now)
    if not wanted:
        return None
    language: Language = "ru" if turn.language == "ru" else "en"
    in_context = Wanted.INTENT in wanted or Wanted.QUESTION in wanted
    request = ReadingRequest(
        id=request_id,
        text=turn.text,
        history=await TurnRepository(session).history(turn, now) if in_context else (),
        choices=_choices(classifier.intents, language) if Wanted.INTENT in wanted else (),
        wanted=wanted,
        language=language,
        deadline=deadline,
    )
    return turn.epoch, request


async def _wanted(
    session: AsyncSession, turn: TurnRow, classification: Classification, state: DialogueState, now: datetime
) -> tuple[Wanted, ...]:
    if classification.source == "rule":
        return ()
    about_order = state.awaiting is not None or (classification.sure and classification.route is Route.ORDER_STATUS)
    if about_order:
        return _slots(turn.text, state)
    wanted = [] if classification.sure or classification.order_number else [Wanted.INTENT]
    if followups.leaning(turn.text) and await TurnRepository(session).topic(turn, now):
        wanted.append(Wanted.QUESTION)
    return tuple(wanted)


def _slots(text: str, state: DialogueState) -> tuple[Wanted, ...]:
    """Return what the rules do not find in a message that has signs of it."""
    has_digits = any(character.isdecimal() for character in text)
    evidence = extract_evidence(text)
    wanted = []
    if state.awaiting is not Awaiting.PROOF and has_digits and read_number(text, state) is None:
        wanted.append(Wanted.ORDER_NUMBER)
    if state.awaiting is Awaiting.PROOF and evidence is None and (has_digits or "@" in text):
        wanted.append(Wanted.CONTACT)
    return tuple(wanted)


def _choices(intents: Sequence[Intent], language: Language) -> tuple[Choice, ...]:
    return tuple(
        Choice(name=one.name, meaning=f"{one.label(language)}: «{(one.ru if language == 'ru' else one.en)[0]}»")
        if (one.ru if language == "ru" else one.en)
        else Choice(name=one.name, meaning=one.label(language))
        for one in intents
    )


def informed(classification: Classification, reading: Reading | None, intents: Mapping[str, Intent]) -> Classification:
    """Take the model's choice where the classifier is not sure; it routes the message and does nothing else."""
    intent = intents.get(reading.intent) if reading is not None and reading.intent else None
    if intent is None or classification.sure:
        return classification
    likely = {name for name, _ in classification.ranking[:2]}
    if intent.route is Route.GREETING and intent.name not in likely:
        # A greeting is all that the customer would get.
        return classification
    return Classification(
        intent=intent.name,
        route=intent.route,
        confidence=classification.confidence,
        source="language_model",
        ranking=classification.ranking,
        sure=True,
        order_number=classification.order_number,
        why=f"The classifier was not sure; the language model chose {intent.name}.",
    )


def beside_abuse(classification: Classification, text: str, classifier: CurrentClassifier) -> Classification | None:
    """Return what a message is about, swearing left aside; None when it is nothing but abuse."""
    if not abuse.find(text):
        return classification
    rest = classifier.classify(left) if (left := abuse.without(text)) else None
    if rest and rest.sure and (rest.route in _MEANT or (rest.route is Route.OPERATOR and rest.source == "rule")):
        return classification if classification.sure and classification.route in _MEANT else rest
    return None if abuse.says_nothing_else(text) else classification


def said(text: str, reading: Reading | None) -> str:
    """Return the message with what was read out of it spelled so that the order dialogue finds it."""
    if reading is None:
        return text
    number, contact = _number_in(reading.order_number, text), _contact_in(reading.contact, text)
    lines = [text, f"№ {number}" if number else "", contact or ""]
    return "\n".join(line for line in lines if line)


def completed(reading: Reading | None, text: str, topic: str, history: Sequence[Exchange]) -> str | None:
    """Return the model's completed question; None when it holds a word that nobody said, or nothing of the message."""
    question = (reading.question or "").strip() if reading else ""
    known = _stems(" ".join((text, topic, *(one.text for one in history))))
    asked = _stems(question)
    grounded = bool(asked) and asked <= known
    return question if grounded and _stems(text) <= asked and asked & _stems(topic) else None


def _number_in(value: str | None, text: str) -> str | None:
    """Return the order number if its very characters stand in the message, spacing and look-alike letters aside."""
    there = _squeezed(text)
    likely = (one for one in spellings(value or "") if one.replace("-", "") in there and find_order_number(f"№ {one}"))
    return next(likely, None)


def _contact_in(value: str | None, text: str) -> str | None:
    if not value:
        return None
    without_spaces = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
    email = normalize_email(re.sub(r"\s", "", value))
    if email:
        return email if email in without_spaces else None
    digits = re.sub(r"\D", "", value)
    stands = digits in re.sub(r"\D", "", text)
    return value if stands and normalize_phone(value) and extract_evidence(value) else None


def _squeezed(text: str) -> str:
    return "".join(normalize(word).replace("-", "") for word in text.split())


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if word not in STOP_WORDS}
