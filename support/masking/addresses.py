"""Where a person lives: a street with the number of a house. A street alone and a city stay, for answers need them."""

import re
from collections.abc import Iterator
from typing import Final

from support.masking.spans import STARS, Span

_HOUSE = r"(?:[дД](?:ом)?\.?\s*)?№?\s?\d{1,4}(?:\s?[а-еА-Е](?!\w))?(?:\s?[/\\-]\s?\d{1,4}[а-еА-Е]?)?"
_MORE = (
    r"(?:[\s,]*(?:корп(?:ус|\.)?|к\.|стр(?:оение|\.)?|под(?:ъезд|\.)|эт(?:аж|\.)|кв(?:артира|\.)?|оф(?:ис|\.)"
    r"|домофон|литера?|комн(?:ата|\.))\s*№?\s*\w{1,6}(?!\w))*"
)
_NUMBER_OF_SOMETHING = (
    r"(?!\s*(?:₽|\$|€|%|руб|р\.|тыс|шт|кг|г\b|гр\b|мин|час|дн|дней|день|недел|мес|лет|год|раз|человек|заказ|метр|м\b|км"
    r"|позиц|товар|этаж|minut|hour|day|week|month|year|time|item|order|people|km\b|am\b|pm\b))"
)
_KIND = (
    r"(?:ул(?:иц[аеуы]|ицей|\.)|ул(?=\s)|пр-т\.?|просп(?:ект[ауе]?|\.)|пр\.|пер(?:еул(?:ок|к[ауе])|\.)|бульвар[еу]?|б-р"
    r"|бул\.|наб(?:ережн(?:ая|ой|ую)|\.)|шоссе|ш\.|пр(?:оезд[еу]?|-д)|пл(?:ощад[ьи]|\.)|туп(?:ик[еу]?|\.)|алле[яею]"
    r"|мкр\.?|микрорайон[еу]?|кварт(?:ал|\.)|пос(?:елок|ёлок|\.)|дер(?:евня|\.)|снт)"
)
_ORDINAL = r"(?:\d{1,3}-?(?:я|й|го|ая|ый|ой|ти|е)\s)?"
# Written small, a street's name still looks like one: ленина, садовая, мира.
_WORD = rf"{_ORDINAL}(?:[А-ЯЁ][а-яё.-]*|[а-яё-]+(?:а|я|ой|ую|ий|ого|ых|их))"
_RUSSIAN = re.compile(
    rf"(?<!\w)((?i:{_KIND})(?:\s(?:реки|канала|имени|им\.|академика|генерала|маршала|героев))?)\s*({_WORD}(?:\s[А-ЯЁ][а-яё-]+){{0,3}})[\s,]+{_HOUSE}(?![\w*])"
    rf"(?i:{_NUMBER_OF_SOMETHING}{_MORE})"
)
_NAME_FIRST = re.compile(
    rf"(?<!\w)({_ORDINAL}(?:[А-ЯЁ][а-яё-]+|[а-яё-]+(?:ский|цкий|ная|вая|кая|ный|вый))(?:\s[А-ЯЁ][а-яё-]+)?)\s((?i:{_KIND}))[\s,]+{_HOUSE}(?![\w*])"
    rf"(?i:{_NUMBER_OF_SOMETHING}{_MORE})"
)
_WITH_FLAT = re.compile(
    r"(?<!\w)(?:([А-ЯЁ][а-яё-]+(?:\s[А-ЯЁ][а-яё-]+)?)[\s,]+)?(?:(?:д(?:ом)?\.?|к(?:орпус|\.)?)\s*)?\d{1,4}[а-я]?(?:/\d+)?"
    r"[\s,]*(?:[а-я]+\s*\d{1,3}[\s,]+){0,2}кв(?:артира|\.)?\s*№?\s*\d{1,4}(?![\w*.])",
)
_ENGLISH_KIND = (
    r"(?:[Ss]treet|St|[Aa]venue|Ave|[Rr]oad|Rd|[Ll]ane|Ln|Drive|Dr|[Bb]oulevard|Blvd|Court|Ct|Square|Sq|Place|Pl"
    r"|Terrace|Way|Close|[Cc]rescent|Gardens|Hill|Row|Grove|Parkway|Pkwy|Highway|Hwy)"
)
_ENGLISH = re.compile(
    r"(?<![\w*])(?:(?:[Ff]lat|[Aa]pt|[Aa]partment|[Uu]nit|[Ss]uite)\.?\s?#?\w{1,5},?\s)?\d{1,5}[A-Za-z]?,?\s"
    rf"((?:[NSEW]\.?\s)?(?:[A-Z][\w'-]+\s){{1,4}}|[a-z]{{3,}}\s(?=street|avenue|road|lane))({_ENGLISH_KIND})\b\.?"
    r"(?:,?\s(?:[Ff]lat|[Aa]pt|[Aa]partment|[Uu]nit|[Ss]uite|#)\.?\s?#?\w{1,5})?(?:,?\s[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b)?"
)
_POSTCODE = re.compile(r"\bpost\s?code\b[^\n\d]{0,12}?([A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})\b", re.IGNORECASE)
_ENTRY = re.compile(r"\b(?:код\s+)?домофон\w*\s*[:№-]?\s*([\dКкK#*]{1,8})(?!\w)", re.IGNORECASE)
_OURS = re.compile(
    r"(?:\bмагазин\w*|\bпункт\w*|\bпвз\b|\bсамовывоз\w*|\bсалон\w*|\bшоурум\w*|\bсклад\w*|\bфилиал\w*|\bотделени\w*"
    r"|\bпостамат\w*|\bточк[аеуи]\b|\bтц\b|\bтрц\b|\bstores?\b|\bshops?\b|\bpick-?up|\bbranch|\bshowroom|\bwarehouse"
    r"|\bлокер\w*|\blocker)[^.!?\n]{0,40}$",
    re.IGNORECASE,
)

_LOOK_BACK: Final = 60


def addresses(text: str) -> Iterator[Span]:
    """Find streets with a house number: ``ул. Л***, ***``. The company's own addresses are named as such and stay."""
    for match in _RUSSIAN.finditer(text):
        if not _is_ours(text, match.start()):
            yield Span(match.start(), match.end(), f"{match[1]} {_initial(match[2])}{STARS}, {STARS}")
    for match in _NAME_FIRST.finditer(text):
        if not _is_ours(text, match.start()):
            yield Span(match.start(), match.end(), f"{_initial(match[1])}{STARS} {match[2]}, {STARS}")
    for match in _WITH_FLAT.finditer(text):
        street = f"{_initial(match[1])}{STARS}, " if match[1] else ""
        yield Span(match.start(), match.end(), f"{street}{STARS}")
    for match in _ENGLISH.finditer(text):
        if not _is_ours(text, match.start()):
            yield Span(match.start(), match.end(), f"{STARS} {_initial(match[1])}{STARS} {match[2]}")
    for pattern in (_POSTCODE, _ENTRY):
        for match in pattern.finditer(text):
            yield Span(match.start(1), match.end(1), STARS)


def _is_ours(text: str, at: int) -> bool:
    return _OURS.search(text, max(0, at - _LOOK_BACK), at) is not None


def _initial(name: str) -> str:
    return next((character.upper() for character in name if character.isalpha()), "")
