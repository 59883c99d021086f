"""Rules that decide before the model does: a plain request for a person, a bare order number, mere politeness.

Requests have two nets. The hand-written rules of ``persons`` know sentences, the learnt ``person_model`` knows what
requests are made of: it finds unheard-of wordings, and stops the rules where nothing else speaks for a request.
"""

import re
from dataclasses import dataclass
from typing import Final

from support.intents import person_model, persons
from support.intents.cues import term_pattern
from support.intents.examples import Route
from support.intents.features import MAX_CHARACTERS, fold
from support.intents.persons import Asked
from support.intents.words import TABLES, TERMS, WORD
from support.orders.numbers import find_order_number
from support.suspicion import is_to_a_model

__all__ = ["MAYBE", "RuleHit", "apply_rules", "find_order_number", "wants_nobody"]

SURE: Final = 0.35
"""From this probability on a message asks for a person, whatever the hand-written rules say."""
MAYBE: Final = 0.25
"""From this one on the customer is asked, and below it no rule calls a person."""
_SURE_IN_SPITE: Final = 0.7
"""What ``SURE`` is where the rules see a question about operators, or people who cannot or shall not be called."""

_CORES = {name: term_pattern(table["core"]) for name, table in TABLES.items() if "core" in table}
# someone@example.com is nobody to be called.
_ADDRESS = re.compile(r"(?<!\S)\S+@\S+|https?://\S+")
_MAX_POLITE_WORDS = 6


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that decided."""

    route: Route
    intent: str
    """The bundled intent it stands for; the company's file may not have it."""
    why: str
    """The rule in plain English, for logs and the sandbox."""


def apply_rules(text: str, likely: float | None = None) -> RuleHit | None:
    """Return what a rule decides, None when the model has to.

    ``likely``: the whole message's ``person_model`` probability, when it is known already.
    """
    folded = _folded(text[:MAX_CHARACTERS])
    if not any(character.isalnum() or character == "?" for character in text[:MAX_CHARACTERS]):
        return RuleHit(Route.GREETING, "greeting", "nothing but emoji or punctuation")
    if likely is None:
        likely = person_model.bundled().probability(text)
    asked = persons.asked(folded)
    if asked is None and likely >= MAYBE and len(text) > MAX_CHARACTERS:
        asked = persons.asked(_folded(text[-MAX_CHARACTERS:]))
    if asked is Asked.FOR_ONE and likely >= MAYBE:
        return RuleHit(Route.OPERATOR, "operator", asked.value)
    if asked is Asked.ABOUT_THEM and likely < _SURE_IN_SPITE:
        return RuleHit(Route.QUESTION, "question", asked.value)
    # Orders to a model speak of humans and persons, too; in plain words a rule has heard it above.
    if likely >= (_SURE_IN_SPITE if persons.is_about_others(folded) else SURE) and not is_to_a_model(text):
        return RuleHit(Route.OPERATOR, "operator", "reads like a request for a person")
    if find_order_number(text) and _nothing_but_number(folded):
        return RuleHit(Route.ORDER_STATUS, "order_status", "nothing but an order number")
    return _politeness(folded, WORD.findall(folded))


def wants_nobody(text: str) -> bool:
    """Whether the people in a message are nobody to be called: «оператор сотовой связи», «don't call a human»."""
    return persons.is_about_others(_folded(text))


def _folded(text: str) -> str:
    return re.sub(r"\d+", "0", fold(_ADDRESS.sub(" ", text)))


def _nothing_but_number(folded: str) -> bool:
    rest = TERMS["number_filler"].sub(" ", re.sub(r"\b[a-zа-я]{1,4}[-–— ]?0\b", " ", folded))
    return not re.search(r"[a-zа-я]", rest)


def _politeness(folded: str, found: list[str]) -> RuleHit | None:
    if not found or len(found) > _MAX_POLITE_WORDS or re.search(r"\d|\?", folded):
        return None
    for intent, core in _CORES.items():
        if core.search(folded) and all(TERMS[intent].fullmatch(word) for word in found):
            return RuleHit(Route.GREETING, intent, "nothing but politeness")
    return None
