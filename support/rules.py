"""Escalation rules of the desk file held against a message; no database, so that ``otvet desk test`` can do it too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import stem, terms, words
from support import abuse, anger
from support.amounts import amounts
from support.desk_file import Rule

REPEATED_WITHIN: Final = timedelta(hours=1)
SAME_QUESTION: Final = 0.5
"""Jaccard similarity of the stems from which on two questions are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What rules are held against."""

    text: str
    intent: str | None = None
    """None when the classifier is not sure."""
    earlier: tuple[str, ...] = ()
    """What the same customer asked within REPEATED_WITHIN before."""
    is_open: bool = True
    """Whether operators are at work."""


def first(rules: Sequence[Rule], said: Said) -> Rule | None:
    """Return the first rule of the file that holds."""
    return next((rule for rule in rules if holds(rule, said)), None)


def holds(rule: Rule, said: Said) -> bool:
    """Whether everything that the rule names holds."""
    return (
        (not rule.words or any(has_words(said.text, one) for one in rule.words))
        and (not rule.intents or said.intent in rule.intents)
        and (rule.anger is None or bool(anger.signs(said.text)) == rule.anger)
        and (rule.repeated_question is None or times_asked(said) >= rule.repeated_question)
        and (rule.repeated_abuse is None or times_abused(said) >= rule.repeated_abuse)
        and (rule.amount_over is None or max(amounts(said.text), default=0.0) > rule.amount_over)
        and (rule.out_of_hours is None or said.is_open != rule.out_of_hours)
    )


def has_words(text: str, wanted: str) -> bool:
    """Whether a word or a phrase stands in the text, in any form; a sign without letters, as it is.

    In a phrase words that say nothing may stand between: «вернуть деньги» is in «вернуть мне деньги».
    """
    if not words(wanted):
        return bool(wanted.strip()) and wanted.strip() in text
    whole = ([stem(word) for word in words(one)] for one in (text, wanted))
    return _holds_run(*whole) or _holds_run(terms(text), terms(wanted))


def times_asked(said: Said) -> int:
    """Return how often the customer has asked this, now included."""
    return 1 + sum(is_same_question(said.text, before) for before in said.earlier)


def times_abused(said: Said) -> int:
    """Return how many of the customer's messages hold abuse; 0 when this one does not."""
    return sum(bool(abuse.find(text)) for text in (said.text, *said.earlier)) if abuse.find(said.text) else 0


def is_same_question(left: str, right: str) -> bool:
    """Whether two messages ask the same by their words; of those that hold no others, by all of them."""
    ours, theirs = _meaning(left), _meaning(right)
    return bool(ours) and len(ours & theirs) >= SAME_QUESTION * len(ours | theirs)


def _meaning(text: str) -> set[str]:
    said = words(text)
    telling = [word for word in said if word not in STOP_WORDS]
    return {stem(word) for word in telling or said}


def _holds_run(text: list[str], wanted: list[str]) -> bool:
    length = len(wanted)
    return length > 0 and any(text[at : at + length] == wanted for at in range(len(text) - length + 1))
