"""What can be wrong in an answer to the letter: numbers, dates, links, phones, codes, in one normal form each."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from knowledge.addresses import CODE, take_links

_SPACE = "[ \u00a0\u2009\u202f]"
_PHONE: Final = re.compile("(?<![\\w+])\\+?\\d(?:[ \u00a0\u2009\u202f()\u2010\u2011-]*\\d){9,13}(?!\\w)")
_ISO_DATE: Final = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DOTTED_DATE: Final = re.compile(r"\b(0?[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])(?:\.(?:\d{4}|\d{2}))?\b(?!\.\d)")
_MONTHS: Final = {
    **dict.fromkeys(("янв", "jan"), 1), **dict.fromkeys(("фев", "feb"), 2), **dict.fromkeys(("мар", "mar"), 3),
    **dict.fromkeys(("апр", "apr"), 4), **dict.fromkeys(("мая", "май", "may"), 5), **dict.fromkeys(("июн", "jun"), 6),
    **dict.fromkeys(("июл", "jul"), 7), **dict.fromkeys(("авг", "aug"), 8), **dict.fromkeys(("сен", "sep"), 9),
    **dict.fromkeys(("окт", "oct"), 10), **dict.fromkeys(("ноя", "nov"), 11), **dict.fromkeys(("дек", "dec"), 12),
}  # fmt: skip
_MONTH: Final = (
    r"(янв|фев|мар(?:та|т)?\b|апр|ма[яй]\b|июн|июл|авг|сен|окт|ноя|дек|"
    r"jan|feb|mar(?:ch)?\b|apr|may\b|jun|jul|aug|sep|oct|nov|dec)\w*"
)
_DAY_MONTH: Final = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?{_SPACE}(?:of )?{_MONTH}", re.IGNORECASE)
_MONTH_DAY: Final = re.compile(rf"\b{_MONTH}\.?{_SPACE}(\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE)
_CLOCK: Final = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_GROUPED: Final = rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d{{1,2}})?|\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?"
_NUMBER: Final = re.compile(rf"({_GROUPED}|\d+(?:[.,]\d+)?)({_SPACE}*%)?")
_RANGE_END: Final = re.compile(
    rf"{_SPACE}*(?:[-–—]|до|to){_SPACE}*(?:{_GROUPED}|\d+(?:[.,]\d+)?)({_SPACE}*%)?", re.IGNORECASE
)
_UNIT: Final = re.compile(r"[\s-]*(?:(?:рабоч|календарн|working|business|calendar)\w*\s+)?([^\W\d_]+|[₽$€£])")
_UNITS: Final = (
    ("percent", ("процент", "percent")),
    ("minute", ("минут", "мин", "minute", "min")),
    ("hour", ("час", "hour")),
    ("day", ("день", "дня", "дней", "дню", "днях", "сут", "дневн", "day")),
    ("week", ("недел", "week")),
    ("month", ("месяц", "мес", "month")),
    ("year", ("год", "лет", "year")),
    ("money", ("₽", "руб", "rub", "rouble", "$", "€", "£", "dollar", "доллар", "euro", "евро")),
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the unit that changes its meaning."""

    value: str
    """Without grouping, decimal point, no trailing zeros."""
    unit: str | None
    """``percent``, ``minute``, ``hour``, ``day``, ``week``, ``month``, ``year``, ``money``; None for anything else."""
    shown: str

    def agrees(self, other: "Number") -> bool:
        """Same value, and units that do not contradict: one that is not written may stand in a heading."""
        return self.value == other.value and (self.unit == other.unit or None in {self.unit, other.unit})


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything in a text that must be copied exactly."""

    numbers: tuple[Number, ...]
    dates: frozenset[tuple[int, int]]
    """(day, month)."""
    links: frozenset[str]
    """Addresses of pages and mail and @names, lower case, without scheme and closing signs."""
    codes: frozenset[str]
    """Article numbers, promotional codes; phones as digits. Lower case."""


def extract(text: str) -> Facts:
    """Find all facts; what is part of a link, phone, code or date is not counted again as a number."""
    rest, links = take_links(text)
    rest, dates = _take_dates(rest)
    rest, phones = _take(rest, (_PHONE,), _phone)
    rest, codes = _take(rest, (CODE,), str.lower)
    return Facts(tuple(_numbers(rest)), frozenset(dates), links, frozenset(phones) | frozenset(codes))


def numbers(text: str) -> tuple[Number, ...]:
    """Return every number, also those inside dates, phones and codes: what an answer may rest on."""
    return tuple(_numbers(text))


def _take(text: str, patterns: Iterable[re.Pattern[str]], normal: Callable[[str], str]) -> tuple[str, list[str]]:
    found: list[str] = []
    for pattern in patterns:
        found.extend(normal(match[0]) for match in pattern.finditer(text))
        text = pattern.sub(" ", text)
    return text, found


def _take_dates(text: str) -> tuple[str, set[tuple[int, int]]]:
    found: set[tuple[int, int]] = set()
    for pattern, day, month in ((_ISO_DATE, 3, 2), (_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1), (_DOTTED_DATE, 1, 2)):
        for match in pattern.finditer(text):
            found.add((int(match[day]), _month(match[month])))
        text = pattern.sub(" ", text)
    return text, found


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.lower()[:3]]


def _numbers(text: str) -> Iterable[Number]:
    for match in _CLOCK.finditer(text):
        yield Number(f"{int(match[1])}:{match[2]}", None, match[0])
    text = _CLOCK.sub(" ", text)
    for match in _NUMBER.finditer(text):
        yield Number(_value(match[1]), _unit(text, match), match[0].strip())


def _value(shown: str) -> str:
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", shown)
    plain = re.sub(_SPACE, "", shown).replace(",", "" if grouped else ".")
    whole, _, decimals = plain.partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")


def _unit(text: str, match: re.Match[str]) -> str | None:
    if match[2]:
        return "percent"
    if text[: match.start()].rstrip().endswith(("$", "€", "£", "₽")):
        return "money"
    end = match.end()
    if other := _RANGE_END.match(text, end):
        if other[1]:
            return "percent"
        end = other.end()
    word = _UNIT.match(text, end)
    if word is None:
        return None
    beginning = word[1].lower()
    return next((unit for unit, stems in _UNITS if beginning.startswith(stems)), None)


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    # In Russia 8 is dialled for +7.
    return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits  # noqa: PLR2004  # digits of a full Russian number
