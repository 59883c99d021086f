"""Rules that decide before the model does: a plain request for a person, a bare order number, mere politeness."""

import re
from dataclasses import dataclass

from support.intents import persons
from support.intents.cues import term_pattern
from support.intents.examples import Route
from support.intents.features import fold
from support.intents.persons import Asked
from support.intents.words import TABLES, TERMS, WORD
from support.orders.numbers import find_order_number

__all__ = ["RuleHit", "apply_rules", "find_order_number", "wants_nobody"]

_CORES = {name: term_pattern(table["core"]) for name, table in TABLES.items() if "core" in table}
# someone@example.com is nobody to be called.
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
_MAX_POLITE_WORDS = 6


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that decided."""

    route: Route
    intent: str
    """The bundled intent it stands for; the company's file may not have it."""
    why: str
    """The rule in plain English, for logs and the sandbox."""


def apply_rules(text: str) -> RuleHit | None:
    """Return what a rule decides, None when the model has to."""
    folded = _folded(text)
    if not any(character.isalnum() or character == "?" for character in text):
        return RuleHit(Route.GREETING, "greeting", "nothing but emoji or punctuation")
    if asked := persons.asked(folded):
        wanted = asked is Asked.FOR_ONE
        route, intent = (Route.OPERATOR, "operator") if wanted else (Route.QUESTION, "question")
        return RuleHit(route, intent, asked.value)
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
