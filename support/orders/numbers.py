"""Order numbers: one spelling for what people type, and finding one inside a message."""

import re
from collections.abc import Iterator
from itertools import islice, product

MAX_LENGTH = 64
_MAX_SPELLINGS = 32
_MAX_ASKED = 4

# By look where a Latin letter looks the same, else by sound.
_LATIN = str.maketrans({
    "А": "A", "Б": "B", "В": "B", "Г": "G", "Д": "D", "Е": "E", "Ё": "E", "Ж": "Z", "З": "Z", "И": "I", "Й": "I",
    "К": "K", "Л": "L", "М": "M", "Н": "H", "О": "O", "П": "P", "Р": "P", "С": "C", "Т": "T", "У": "Y", "Ф": "F",
    "Х": "X", "Ц": "C", "Ч": "C", "Ш": "S", "Щ": "S", "Ъ": "", "Ы": "Y", "Ь": "", "Э": "E", "Ю": "U", "Я": "Y",
})  # fmt: skip
# The letter may have been meant by sound: С for S, Р for R, В for V.
_ALSO = {"B": "BV", "C": "CS", "H": "HN", "P": "PR", "X": "XH", "Y": "YU"}
_RUN = re.compile(r"[^\W\d_]+|[0-9]+")

_DASH = r"[-–—−‑_/]"
_LETTERS = r"[A-Za-zА-Яа-яЁё]"
# A number is no part of a longer code, decimal fraction, date, time or link.
_BEFORE = r"(?<![\w.,:/@+-])"
_AFTER = rf"(?![\w@]|[.,:]\d|{_DASH}\d)"
_CODE = re.compile(rf"{_BEFORE}({_LETTERS}{{1,4}})(\s?{_DASH}\s?|\s{{0,2}})(\d{{3,12}}(?:{_DASH}\d{{1,6}})?){_AFTER}")
_DIGITS = re.compile(rf"{_BEFORE}[№#]?\s?(\d{{3,12}}){_AFTER}")
_MENTIONED = re.compile(
    r"(?:\bзаказ\w*|\bпосылк\w*|\bпокупк\w*|\bтрек\w*|\border\w*|\bparcel|\bpackage|№|#|"
    r"\bномера?\b|\bnumber|\bno\.|\bгде\b|\bстатус|\bwhere|\bstatus)",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?:\bзаказ\w{0,3}|\bпосылк\w|\border|\bparcel|\bpackage|№|#|\bномер\w{0,2}|\bnumber|\bno\.?)"
    r"(?:\s*(?:№|#|:|\bномер\w{0,2}|\bnumber|\bno\.?|\bis|\bс\b|\bпод\b|-))*\s*$",
    re.IGNORECASE,
)
_MONEY_AFTER = re.compile(
    r"\s*(?:₽|\$|€|£|%|р\b|руб|тыс|rub|usd|eur|dollar|euro|pound|quid|bucks|грн|тг\b|тенге|коп|"
    r"шт|кг|мл\b|мм\b|см\b|гр?\b|км\b|мин|час|дн|год|г\.|kg|ml\b|mm\b|cm\b|pcs|items|years?|days?|hours?|minutes?)",
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(
    r"(?:₽|\$|€|£|\b(?:цен\w*|стои\w*|сумм\w*|price\w*|costs?|paid|total)"
    r"|\b(?:за|от|до|на|по|свыше|более|менее|около|примерно|for|from|over|under|above|about|least|than|of))\s*$",
    re.IGNORECASE,
)
_OTHER_BEFORE = re.compile(
    r"(?:\bиндекс\w*|\bтел\w*\.?|\bphone\b|\bpost\s?code|\bzip(?:\s?code)?|\bинн|\bкпп|\bогрн|\bкарт\w*|\bcard|\bартикул\w*|"
    r"\bномер\w*\s+(?:телефона|карты)|\b(?:phone|card)\s+number|\bsku|\bкод\w*|\bcode)(?:\s+is)?\s*[:№#-]?\s*$",
    re.IGNORECASE,
)
_NOT_A_PREFIX = frozenset({
    "за", "от", "до", "на", "по", "из", "с", "в", "к", "о", "у", "и", "а", "не", "под", "над", "при", "для", "про",
    "без", "или", "дом", "кв", "тел", "инн", "зип", "тыс", "руб", "гост", "ту",
    "the", "for", "from", "to", "of", "in", "on", "at", "is", "by", "and", "or", "with", "a", "i", "no",
    "iso", "gost", "din", "en", "ip", "usb", "zip", "rtx", "gtx", "rx", "rub", "usd", "eur", "id",
})  # fmt: skip
_YEARS = range(1900, 2101)
_BARE_DIGITS = 5
_PHONE_DIGITS = 10
_LOOK_BACK = 80


def normalize(text: str) -> str:
    """Return the one spelling orders are kept under: ``кд 10427`` → ``KD-10427``; ``""`` if nothing is left.

    Idempotent. Letters become upper-case Latin, Cyrillic ones by look; runs of letters and digits are joined by dashes.
    """
    upper = text[: MAX_LENGTH * 2].upper().translate(_LATIN)
    return "-".join(_RUN.findall(upper))[:MAX_LENGTH].rstrip("-")


def spellings(text: str) -> tuple[str, ...]:
    """Return what a typed number may mean, likeliest first: look-alike letters, digits typed in groups."""
    number = normalize(text)
    found: dict[str, None] = {}
    for letters in islice(product(*(_ALSO.get(letter, letter) for letter in number)), _MAX_SPELLINGS):
        spelling = "".join(letters)
        found[spelling] = None
        found["-".join(_join_digits(spelling.split("-")))] = None
    return tuple(found)


def _join_digits(runs: list[str]) -> list[str]:
    joined: list[str] = []
    for run in runs:
        if joined and run.isdecimal() and joined[-1].isdecimal():
            joined[-1] += run
        else:
            joined.append(run)
    return joined


def find_order_number(text: str) -> str | None:
    """Return the normalised order number in a message; None for prices, years, phones and postcodes."""
    first = next(_numbers(text), None)
    return None if first is None else normalize(first[0])


def number_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where order numbers stand in a message: (start, end) of each."""
    return tuple((start, end) for _, start, end in _numbers(text))


def without_order_numbers(text: str) -> str:
    """Return the text with 0 for the digits of order numbers: what is said stays, whose order it is does not."""
    for start, end in number_spans(text):
        text = text[:start] + re.sub(r"\d", "0", text[start:end]) + text[end:]
    return text


def _numbers(text: str) -> Iterator[tuple[str, int, int]]:
    """Find order numbers as they are written, with their places; codes first, they are the surer ones."""
    for match in _CODE.finditer(text):
        if _is_code(text, match):
            yield match.group(), match.start(), match.end()
    mentioned = _MENTIONED.search(text) is not None
    alone = re.fullmatch(r"\W*\d+\W*", text) is not None
    for match in _DIGITS.finditer(text):
        digits = match.group(1)
        announced = _ANNOUNCED.search(_before(text, match.start(1))) is not None
        likely = announced or ((mentioned or alone) and len(digits) >= _BARE_DIGITS)
        if likely and not _is_something_else(text, match, announced=announced):
            yield digits, match.start(1), match.end(1)


def _before(text: str, at: int) -> str:
    """Return the words right before a place: a message of nothing but numbers must not be read once a number."""
    return text[max(0, at - _LOOK_BACK) : at]


def _is_code(text: str, match: re.Match[str]) -> bool:
    letters, separator, digits = match.groups()
    if letters.lower() in _NOT_A_PREFIX or _OTHER_BEFORE.search(_before(text, match.start())):
        return False
    if separator.isspace():
        return len(digits) >= _BARE_DIGITS and not _MONEY_AFTER.match(text, match.end())
    return len(digits) > 3 or _MENTIONED.search(text) is not None  # noqa: PLR2004  # WH-100 is likelier a model's name


def _is_something_else(text: str, match: re.Match[str], *, announced: bool) -> bool:
    digits = match.group(1)
    before = _before(text, match.start(1))
    year = len(digits) == 4 and int(digits) in _YEARS and not announced  # noqa: PLR2004  # a year has four digits
    phone = len(digits) >= _PHONE_DIGITS and digits[0] in "789"
    money = _MONEY_AFTER.match(text, match.end()) or (not announced and _MONEY_BEFORE.search(before))
    return bool(year or phone or money or _OTHER_BEFORE.search(before))


def same_number(number: str, asked: str) -> bool:
    """Whether a system that was asked for a number answered about it: dashes aside, digits alone may lack letters."""
    there = normalize(number).replace("-", "")
    wanted = [spelling.replace("-", "") for spelling in spellings(asked)]
    return any(there == one or (one.isdecimal() and there.removesuffix(one).isalpha()) for one in wanted)


def foreign_spellings(asked: str) -> tuple[str, ...]:
    """Return what a foreign system is asked for, likeliest first: as we spell the number, then without dashes."""
    found = dict.fromkeys(form for one in spellings(asked) for form in (one, one.replace("-", "")) if form)
    return tuple(found)[:_MAX_ASKED]
