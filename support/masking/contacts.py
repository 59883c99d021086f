"""Phones, e-mails, bank cards and accounts, documents: found by their form, by their check digits, by the word before.

Sources: ITU-T E.164 (phones), ISO/IEC 7812 (card numbers, Luhn), ISO 13616 (IBAN), the order of the Russian tax service
ММВ-7-6/435@ (digits of an INN).
"""

import re
from collections.abc import Iterator
from typing import Final

from support.masking.spans import DOTS, STARS, Span

_GAP = r"[ \t\u00a0().\-–—]{0,3}"
_ALONE = r"(?<![\w*+-])"
_END = r"(?![\w*]|-\d|[.,]\d)"

_EMAIL = re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{1,256}@(?:[\w-]+\.)+[\w-]{2,}")
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+*-])([\w.+-]{1,64})\s{0,3}(?:\(at\)|\[at\]|\(собака\)|\bсобака\b|\bat\b)\s{0,3}([\w-]{1,64})\s{0,3}"
    r"(?:\(dot\)|\bdot\b|\bточка\b|\.)\s{0,3}(ru|com|net|org|ру|ком|рф)\b",
    re.IGNORECASE,
)
_RUSSIAN = re.compile(rf"{_ALONE}(?:\+?[78]{_GAP})?\(?[3489]\d\d\)?(?:{_GAP}\d){{7}}{_END}")
_FOREIGN = re.compile(rf"(?<![\w*])(?:\+|00(?=[1-9])){_GAP}\d(?:{_GAP}\d){{7,14}}{_END}")
_AMERICAN = re.compile(rf"{_ALONE}\(?[2-9]\d\d\)?[ .-]{{1,2}}\d{{3}}[ .-]\d{{4}}{_END}")
_BRITISH = re.compile(rf"{_ALONE}0[1-9]\d{{2,4}}[ -]?\d{{3,4}}[ -]?\d{{3,4}}{_END}")
_LOCAL = re.compile(rf"{_ALONE}\d{{3}}-\d\d-\d\d{_END}")
_CALLED = re.compile(
    r"(?:\bтел\w{0,6}\.?|\bмоб\w{0,7}\.?|\bвотсап\w*|\b(?:по|пере)?звон\w+|\bphone|\bcall|\bmobile|\bwhatsapp)"
    rf"[^\d\n+*]{{0,25}}(\+?\d(?:{_GAP}\d){{4,14}}){_END}",
    re.IGNORECASE,
)
_CARD = re.compile(rf"(?<![\w*+•.,-])\d(?:[ \u00a0-]?\d){{14,18}}{_END}")
_CARD_SAID = re.compile(
    rf"\b(?:карт[ауеоы]\w*|card)\b[^\d\n•*]{{0,20}}(\d(?:[ \u00a0-]?\d){{11,18}}){_END}", re.IGNORECASE
)
_SECRET_CODE = re.compile(r"\b(?:cvv2?|cvc2?|cvp|пин(?:-?код)?|pin(?: code)?)\b[^\d\n]{0,12}(\d{3,6})\b", re.IGNORECASE)
# Of people and sole traders; 407 and the like are companies'.
_ACCOUNT = re.compile(r"(?<![\w*])(?:40802|40817|40820|42[36]\d\d)\d{15}(?!\d)")
_IBAN = re.compile(r"(?<![\w*])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_SNILS = re.compile(r"(?<![\w*-])\d{3}-\d{3}-\d{3}[ -]\d\d(?!\d)")
_PASSPORT = re.compile(r"(?<![\w*-])\d\d \d\d \d{6}(?!\d)")
_DOCUMENT = re.compile(
    r"\b(?:паспорт\w*|снилс\w*|инн|полис\w*|водительск\w+|удостоверени\w+|загран\w*|passport|social security|ssn"
    r"|driving licen[cs]e|driver'?s licen[cs]e)\b[^\d\n*]{0,25}((?:[A-ZА-Я]{0,2}\d[\d \-–№]{4,18}\d))",
    re.IGNORECASE,
)
_SERIES = re.compile(r"\bсери\w+\W{0,3}(\d\d ?\d\d)\W{0,3}(?:номер|№|n)\W{0,3}(\d{6})(?!\d)", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w*-])\d{3}-\d\d-\d{4}(?![\d-])")
_TWELVE = re.compile(r"(?<![\w*.,+-])\d{12}(?![\w*-])")

_RUSSIAN_DIGITS = 11
_NATIONAL_DIGITS = 10
_INN_WEIGHTS = ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
# First digits and lengths of the schemes that shops see: Mir, Visa, Mastercard, American Express, Maestro, UnionPay.
_SCHEMES = re.compile(r"220[0-4]\d{12,15}|4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|(?:5[06-9]|6\d)\d{14,17}")
_SHOWN_LAST: Final = 4


def emails(text: str) -> Iterator[Span]:
    """Find addresses, spelt-out ones included: ``a***@mail.ru``."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            _, _, domain = match.group().rpartition("@")
            yield Span(match.start(), match.end(), f"{match.group()[0]}{STARS}@{domain}")
    for match in _SPELT_EMAIL.finditer(text):
        yield Span(match.start(), match.end(), f"{match[1][0]}{STARS}@{match[2]}.{match[3]}")


def phones(text: str) -> Iterator[Span]:
    """Find phones: ``+7 *** ***-12-34``."""
    for pattern in (_FOREIGN, _RUSSIAN, _AMERICAN, _BRITISH, _LOCAL):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), _phone(match.group()))
    for match in _CALLED.finditer(text):
        yield Span(match.start(1), match.end(1), _phone(match[1]))


def money(text: str) -> Iterator[Span]:
    """Find bank cards, accounts and the codes that go with them: ``•••• 1234``."""
    for match in _CARD.finditer(text):
        digits = _digits(match.group())
        if _SCHEMES.fullmatch(digits) and _luhn(digits):
            yield _last(match)
    for match in _CARD_SAID.finditer(text):
        yield _last(match, 1)
    for match in _SECRET_CODE.finditer(text):
        yield Span(match.start(1), match.end(1), STARS)
    for match in _ACCOUNT.finditer(text):
        yield _last(match)
    for match in _IBAN.finditer(text):
        plain = match.group().replace(" ", "")
        if _is_iban(plain):
            yield Span(match.start(), match.end(), f"{plain[:2]} {DOTS} {plain[-_SHOWN_LAST:]}")


def documents(text: str) -> Iterator[Span]:
    """Find passports, insurance and tax numbers: by the word before, by their form, by their check digits."""
    for match in _SERIES.finditer(text):
        yield Span(match.start(1), match.end(2), f"{DOTS} {match[2][-2:]}")
    for match in _DOCUMENT.finditer(text):
        yield Span(match.start(1), match.end(1), f"{DOTS} {_digits(match[1])[-2:]}")
    for pattern in (_SNILS, _PASSPORT, _SSN):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), f"{DOTS} {match.group()[-2:]}")
    for match in _TWELVE.finditer(text):
        if _is_inn(match.group()):
            yield Span(match.start(), match.end(), f"{DOTS} {match.group()[-2:]}")


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _phone(text: str) -> str:
    """Keep the country code where it is written, and the last four digits; of a short number the last two."""
    digits = _digits(text)
    tail = f"{digits[-4:-2]}-{digits[-2:]}"
    if len(digits) < _NATIONAL_DIGITS:
        return f"{STARS}-{digits[-2:]}"
    if len(digits) == _RUSSIAN_DIGITS and digits[0] in "78":
        return f"+7 {STARS} {STARS}-{tail}"
    code = digits[: len(digits) - _NATIONAL_DIGITS] if text.lstrip().startswith("+") else ""
    return f"+{code} {STARS} {STARS}-{tail}" if code else f"{STARS} {STARS}-{tail}"


def _last(match: re.Match[str], group: int = 0) -> Span:
    return Span(match.start(group), match.end(group), f"{DOTS} {_digits(match[group])[-_SHOWN_LAST:]}")


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0  # noqa: PLR2004  # the sum of both digits


def _is_iban(plain: str) -> bool:
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _is_inn(digits: str) -> bool:
    return all(
        sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11 % 10
        == int(digits[len(weights)])
        for weights in _INN_WEIGHTS
    )
