"""Rules that decide before the model does: a plain request for a person, a bare order number, mere politeness."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.intents.cues import term_pattern
from support.intents.examples import Route
from support.intents.features import fold
from support.intents.spelling import distance
from support.orders.numbers import find_order_number

__all__ = ["RuleHit", "apply_rules", "find_order_number"]

_WORD = re.compile(r"[a-zа-я]+(?:-[a-zа-я]+)*")

_TABLES: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
_TERMS = {name: term_pattern(", ".join(table.values())) for name, table in _TABLES.items()}
_CORES = {name: term_pattern(table["core"]) for name, table in _TABLES.items() if "core" in table}
# Whom people ask for: long words, found in any form and in spite of typos.
_PERSONS = (
    "оператор", "консультант", "менеджер", "администратор", "специалист", "сотрудник",
    "operator", "consultant", "manager", "representative", "specialist", "supervisor",
)  # fmt: skip
_NEGATED = re.compile(
    r"(?<!\w)(?:не (?:надо|нужно|нужен|зовите|хочу|соединяйте)(?: \w+){0,2}|без|no need for|without|not|"
    r"dont (?:need|want|call)(?: \w+){0,2}) "
    r"(?:оператор\w*|человек\w*|менеджер\w*|консультант\w*|(?:an? )?(?:operator|human|manager))(?!\w)"
)
# someone@example.com is nobody to be called.
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
# Names of a team stand for whoever of it answers.
_TEAM = re.compile(r"(?<!\w)(?:customer (?:service|support|care)|support (?:team|staff)|служб\w+ поддержки)(?!\w)")
_MAX_POLITE_WORDS = 6
_SHORT_REQUEST_WORDS = 8
_LONG_WORD = 7
# Words that say something and may stand between the verb of calling and the person.
_NAMED_GAP, _ANYONE_GAP, _WISH_GAP = 4, 1, 0
_SURE_PERSONS = frozenset({"agent", "human", "человека"})
_SOUNDS_LIKE = {"о": "а"}


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
    folded = _TEAM.sub("agent", re.sub(r"\d+", "0", fold(_ADDRESS.sub(" ", text))))
    found = _WORD.findall(folded)
    if not any(character.isalnum() or character == "?" for character in text):
        return RuleHit(Route.GREETING, "greeting", "nothing but emoji or punctuation")
    if hit := _about_persons(folded, found):
        return hit
    if find_order_number(text) and _nothing_but_number(folded):
        return RuleHit(Route.ORDER_STATUS, "order_status", "nothing but an order number")
    return _politeness(folded, found)


def _about_persons(folded: str, found: list[str]) -> RuleHit | None:
    persons = [word for word in found if _is_person(word)]
    if not persons or _NEGATED.search(folded):
        return None
    for sentence in re.findall(r"[^.!?]+[.!?]*", folded):
        asks = "?" in sentence or _TERMS["asking"].search(sentence)
        if asks and _TERMS["about"].search(sentence) and any(person in sentence for person in persons):
            return RuleHit(Route.QUESTION, "question", "asks about operators, not for one")
    named = [word for word in persons if _is_operator(word)]
    request = RuleHit(Route.OPERATOR, "operator", "asks for a person")
    if named and "?" not in folded and all(_is_request_word(word) for word in found):
        return request
    called = any(
        _is_near(folded, person, "call", gap=_NAMED_GAP if person in named else _ANYONE_GAP)
        or (len(found) <= _SHORT_REQUEST_WORDS and _is_near(folded, person, "wish", gap=_WISH_GAP))
        for person in persons
    )
    return request if called else None


def _is_request_word(word: str) -> bool:
    return _is_person(word) or any(_TERMS[name].fullmatch(word) for name in ("call", "wish", "request_filler"))


def _is_near(folded: str, person: str, verb: str, *, gap: int) -> bool:
    """Whether such a verb stands near: «get me the book that a person wrote» is no request."""
    start = folded.find(person)
    for found in _TERMS[verb].finditer(folded):
        between = folded[found.end() : start] if found.end() <= start else folded[start + len(person) : found.start()]
        counted = [word for word in _WORD.findall(between) if not _TERMS["request_filler"].fullmatch(word)]
        if len(counted) <= gap and not re.search(r"[.!?;]", between):
            return True
    return False


@cache
def _is_person(word: str) -> bool:
    return _TERMS["person"].fullmatch(word) is not None or _is_operator(word)


@cache
def _is_operator(word: str) -> bool:
    """Whether the word is a job that people ask for, in any form, with a typo or two if it is long."""
    if word in _SURE_PERSONS:
        return True
    limit = 1 if len(word) <= _LONG_WORD else 2
    return any(
        word[:1] in {person[0], _SOUNDS_LIKE.get(person[0])}
        and min(distance(form, person, limit=limit) for form in (word, word[: len(person)])) <= limit
        for person in _PERSONS
    )


def _nothing_but_number(folded: str) -> bool:
    rest = _TERMS["number_filler"].sub(" ", re.sub(r"\b[a-zа-я]{1,4}[-–— ]?0\b", " ", folded))
    return not re.search(r"[a-zа-я]", rest)


def _politeness(folded: str, found: list[str]) -> RuleHit | None:
    if not found or len(found) > _MAX_POLITE_WORDS or re.search(r"\d|\?", folded):
        return None
    for intent, core in _CORES.items():
        if core.search(folded) and all(_TERMS[intent].fullmatch(word) for word in found):
            return RuleHit(Route.GREETING, intent, "nothing but politeness")
    return None
