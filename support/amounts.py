"""Sums of money in a message: «12 000 ₽», «15 тыс. руб», "$1,200", "1.5k euros"."""

import re
from typing import Final

_NUMBER: Final = r"\d{1,3}(?:[ \u00a0\u2009\u202f.,]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d{1,9}(?:[.,]\d{1,3})?(?!\d)"
_TIMES: Final = (
    r"(?P<times>тыс(?:яч[аи]?|\.)?|млн\.?|миллион\w*|[кk](?![^\W\d_])|thousand|grand|mln|million|m(?![^\W\d_]))"
)
_BEFORE: Final = r"[$€£₽]|\b(?:usd|eur|gbp|rub)"
_AFTER: Final = (
    r"[$€£₽]|(?:р(?:уб\w*)?|rub\w*|rur|доллар\w*|бакс\w*|евро|usd|eur(?:os?)?|gbp|dollars?|bucks|quid|pounds?|тенге|гривен\w*"
    r"|грн|byn)(?![^\W\d_])"
)
_SAID: Final = (
    r"\b(?:сумм\w*|цен[ауеы]\w*|стои(?:т|л[аи]?|мость\w*)|заплатил[аи]?|оплатил[аи]?|перев[её]л[аи]?|списал[аи]?|вернуть|верните"
    r"|paid|pay|price|costs?|amount|total|charged|refund)\s+(?:(?:на|в|за|мне|of|is|was|me|сумму)\s+){0,2}"
)
_AMOUNT: Final = re.compile(
    rf"(?:(?P<before>{_BEFORE})\s?|(?P<said>{_SAID}))?(?<![\w.,-])(?P<number>{_NUMBER})\s?(?:{_TIMES})?\s?(?P<after>{_AFTER})?",
    re.IGNORECASE,
)
_GROUP: Final = 3
"""Digits after a separator of thousands."""
_SMALLEST_SAID: Final = 1000
"""«Заплатил 2 раза»: a smaller number is money only with its currency."""


def amounts(text: str) -> tuple[float, ...]:
    """Return the sums in the order of the text, each in its own currency: none is converted."""
    found = []
    for match in _AMOUNT.finditer(text):
        value = _value(match["number"], match["times"])
        said = match["said"] is not None and value >= _SMALLEST_SAID
        if match["before"] or match["after"] or said:
            found.append(value)
    return tuple(found)


def _value(number: str, times: str | None) -> float:
    plain = re.sub(r"\s", "", number)
    separators = re.findall(r"[.,]", plain)
    if not separators:
        return float(plain) * _factor(times)
    whole, tail = re.split(r"[.,](?=[^.,]*$)", plain)
    digits = re.sub(r"[.,]", "", whole)
    fraction = len(tail) < _GROUP or (times is not None and len(separators) == 1)
    return float(f"{digits}.{tail}" if fraction else digits + tail) * _factor(times)


def _factor(times: str | None) -> int:
    if times is None:
        return 1
    return 1_000_000 if times.lower().startswith(("млн", "милл", "mln", "mill", "m")) else 1_000
