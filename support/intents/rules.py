"""Rules that decide before the model does: a plain request for a person, a bare order number, mere politeness."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.intents.cues import term_pattern
from support.intents.examples import Route
from support.intents.features import fold
from support.intents.retyping import readings
from support.intents.spelling import Speller, distance
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
    r"(?:оператор\w*|человек\w*|менеджер\w*|консультант\w*|специалист\w*|администратор\w*|сотрудник\w*|"
    r"(?:an? )?(?:operator|human|manager|agent|consultant|representative))(?!\w)"
)
# someone@example.com is nobody to be called.
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
# Names of a team stand for whoever of it answers.
_TEAM = re.compile(r"(?<!\w)(?:customer (?:service|support|care)|support (?:team|staff)|служб\w+ поддержки)(?!\w)")
# «Connect me with support» asks for a person, «do you support it» does not.
_SUPPORT = re.compile(
    r"((?:(?:connect|transfer|put|switch|pass) (?:me|us) (?:to|with|through to|over to)"
    r"|(?:talk|speak|chat) (?:to|with)) (?:the |your )?)support(?!\w| (?:team|staff))"
)
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;]*")
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
    folded = re.sub(r"\d+", "0", fold(_ADDRESS.sub(" ", text)))
    if not any(character.isalnum() or character == "?" for character in text):
        return RuleHit(Route.GREETING, "greeting", "nothing but emoji or punctuation")
    if hit := next(filter(None, map(_about_persons, readings(folded))), None):
        return hit
    if find_order_number(text) and _nothing_but_number(folded):
        return RuleHit(Route.ORDER_STATUS, "order_status", "nothing but an order number")
    return _politeness(folded, _WORD.findall(folded))


def _about_persons(folded: str) -> RuleHit | None:
    """Decide sentence by sentence: a request for a person counts whatever else is said and asked around it."""
    corrected = _WORD.sub(lambda match: _speller().correct(match.group()), folded)
    about = None
    for sentence in _SENTENCE.findall(_TEAM.sub("agent", _SUPPORT.sub(r"\1agent", corrected))):
        found = _WORD.findall(sentence)
        persons = [word for word in found if _is_person(word)]
        if not persons or _NEGATED.search(sentence):
            continue
        asks = "?" in sentence or _TERMS["asking"].search(sentence)
        if asks and _TERMS["about"].search(sentence):
            about = RuleHit(Route.QUESTION, "question", "asks about operators, not for one")
        elif _requests(sentence, persons):
            return RuleHit(Route.OPERATOR, "operator", "asks for a person")
    return about


def _requests(sentence: str, persons: list[str]) -> bool:
    named = {word for word in persons if _is_operator(word)}
    if any(
        _is_near(sentence, person, "call", gap=_NAMED_GAP if person in named else _ANYONE_GAP) for person in persons
    ):
        return True
    parts = sentence.split(",")
    # A part in the middle is an apposition: «your colleague, the operator, was rude».
    return any(_is_bare_request(part, persons, named) for part in {sentence, parts[0], parts[-1]})


def _is_bare_request(part: str, persons: list[str], named: set[str]) -> bool:
    found = _WORD.findall(part)
    there = [word for word in found if word in persons]
    if "?" not in part and named.intersection(there) and all(_is_request_word(word) for word in found):
        return True
    return len(found) <= _SHORT_REQUEST_WORDS and any(_is_near(part, word, "wish", gap=_WISH_GAP) for word in there)


@cache
def _speller() -> Speller:
    return Speller.fit(re.split(r"[\s,]+", _TABLES["spelling"]["words"].strip()))


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
