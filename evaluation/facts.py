"""Does an answer state a fact? Texts are compared by stems, numbers by value: «1 500 руб.» is «1500 ₽»."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from evaluation.basket_items import Fact
from knowledge.tokens import stem

_SPACE: Final = "[ \u00a0\u2009\u202f]"
_TOKEN: Final = re.compile(
    rf"(?P<grouped>\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d{{1,3}}(?:,\d{{3}})+(?![\d,])(?:\.\d+)?)"
    r"|(?P<number>\d+(?:[.,]\d+)?(?![.,]?\d))"
    r"|(?P<dotted>\d+(?:[.,]\d+)+)"
    r"|(?P<word>[^\W\d_]+|[%₽$€£])"
)
_SAME: Final = {
    **dict.fromkeys(("руб", "рубл", "р", "rub", "roubl", "rubl"), "₽"),
    **dict.fromkeys(("процент", "percent"), "%"),
    **dict.fromkeys(("dollar", "доллар", "usd"), "$"),
    **dict.fromkeys(("euro", "евр", "евро", "eur"), "€"),
    # Forms that Russian makes from other stems.
    **dict.fromkeys(("ден", "дне", "дня", "дню", "дни", "дн"), "день"),
    **dict.fromkeys(("год", "лет"), "год"),
}


def missing(facts: Sequence[Fact], answer: str) -> tuple[str, ...]:
    """Return the facts that the answer does not state; of alternatives the first stands for all."""
    told = _tokens(answer)
    lacking = []
    for fact in facts:
        wordings = (fact,) if isinstance(fact, str) else fact
        if not any(_within(_tokens(one), told) for one in wordings):
            lacking.append(wordings[0])
    return tuple(lacking)


def stated(forbidden: Sequence[str], answer: str) -> tuple[str, ...]:
    """Return which of the forbidden texts the answer holds."""
    told = _tokens(answer)
    return tuple(one for one in forbidden if _within(_tokens(one), told))


def _within(fact: tuple[str, ...], told: tuple[str, ...]) -> bool:
    if not fact:
        return False
    return any(told[at : at + len(fact)] == fact for at in range(len(told) - len(fact) + 1))


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    return tuple(_normal(match) for match in _TOKEN.finditer(text))


def _normal(match: re.Match[str]) -> str:
    written = match.group()
    match match.lastgroup:
        case "grouped":
            return _number(re.sub(rf"{_SPACE}|,(?=\d{{3}})", "", written))
        case "number":
            return _number(written)
        case "dotted":
            return written
        case _:
            stemmed = stem(written)
            return _SAME.get(stemmed, stemmed)


def _number(written: str) -> str:
    return format(Decimal(written.replace(",", ".")).normalize(), "f")
