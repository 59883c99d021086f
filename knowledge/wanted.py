"""A price or a length of time: whether a question surely wants one, and whether a text tells any.

By form alone, in Russian and English; a question whose form leaves it open («есть ли цена на сайте») wants none.
"""

import re
from enum import StrEnum
from typing import Final

from knowledge.tokens import normalise


class Wanted(StrEnum):
    """What a question can surely want."""

    PRICE = "price"
    DURATION = "duration"


def wanted(question: str) -> frozenset[Wanted]:
    """Return what nothing else would answer: «сколько стоит» a price, «как долго» a length of time."""
    text = normalise(question)
    return frozenset(kind for kind, pattern in _ASKED.items() if pattern.search(text))


def tells(text: str, kinds: frozenset[Wanted]) -> bool:
    """Whether a text tells one of each kind in figures, or that it costs nothing, outside of special cases."""
    plain = " ".join(part for part in _PARTS.split(normalise(text)) if not _CASE.match(part))
    return all(FIGURES[kind].search(plain) for kind in kinds)


def lacks(answer: str, kinds: frozenset[Wanted]) -> bool:
    """Whether an answer tells nothing of a kind: neither a figure, nor that there is none, nor where it is told."""
    text = normalise(answer)
    return any(not (FIGURES[kind].search(text) or _ABOUT[kind].search(text)) for kind in kinds)


# Over normalised text: lower case, е for ё, digit groups joined.
_ASKED: Final = {
    Wanted.PRICE: re.compile(
        r"\bсколько (?:\w+ ){0,2}(?:стоит|стоят|стоить|возьм\w+|берете|берут|обойд\w+)\b"
        r"|\b(?:почем|во сколько (?:\w+ )?обойд\w+|как(?:ая|ова) (?:\w+ )?(?:цена|стоимость))\b"
        r"|\bhow much (?:is|are|does|do|would|will|for|to)\b(?!.*\b(?:left|time|space|weight|weigh|hold)\b)"
        r"|\bwhat(?:s|'s| is| are) the (?:\w+ )?(?:price|cost|fee|charge|postage)s?\b|\bwhat do (?:you|u) charge\b"
    ),
    Wanted.DURATION: re.compile(
        r"\bсколько (?:\w+ )?(?:дней|времени|часов|минут|месяцев|недель|лет)\b|\bкак долго\b|\bчерез сколько\b"
        r"|\bhow long (?:does|do|will|would|is it|until|before|after|can|to)\b"
        r"|\bhow (?:many (?:days|hours|weeks|months|years)|soon|quickly)\b"
    ),
}
FIGURES: Final = {
    Wanted.PRICE: re.compile(
        r"\d ?(?:₽|р\b|руб|коп|\$|€|£|₸|₴|₾|тг\b|тенге|грн|сум\b|лари|usd|eur|gbp|dollar|pound|cents?\b)"
        r"|[$€£]\d|бесплатн|безвозмезд|даром\b|\bfree\b|no (?:extra )?(?:charge|cost|fee)"
    ),
    Wanted.DURATION: re.compile(
        r"\d (?:рабоч\w+ )?(?:дн|ден|час|минут|месяц|год|лет|недел|сут)"
        r"|\d (?:working |business )?(?:day|hour|minute|month|year|week)"
        r"|\b(?:сразу|мгновенно|в день|тот же день|следующий (?:рабочий )?день|бессрочн\w+)\b"
        r"|\b(?:at once|immediately|on the day|same day|next (?:working )?day|unlimited)\b"
    ),
}
"""Patterns over normalised text: a price or a length of time in figures, or that there is none."""
_ABOUT: Final = {
    Wanted.PRICE: re.compile(
        r"\d ?%|\d (?:балл|point)|(?:не|нет) (?:\w+ )?(?:плат|доплат)|тариф|прайс|прейскурант|цен[аыу]|стоимост"
        r"|стоит|стоят|price|cost|\bfees?\b|charge|rates?\b|tariff|included|входит"
    ),
    Wanted.DURATION: re.compile(
        r"\d|день|дня|дней|сут|недел|месяц|год|лет|час|минут|всегда|срок"
        r"|instant|day|week|month|year|hour|minute|overnight|forever|lifetime|always"
    ),
}
_PARTS: Final = re.compile(r"(?<=[.!?…])\s+|\n")
_CASE: Final = re.compile(r"\W*(?:если|if)\b")
