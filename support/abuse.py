"""Swearing and abuse in a message: found in spite of asterisks, digits and spaces between letters; never repeated."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import words

_FILE: Final = Path(__file__).with_name("abuse.toml")
_TOKEN: Final = re.compile(r"[^\W_](?:[^\W_]|[*@$#!|]|-(?=\w))*", re.UNICODE)
_SPACED: Final = re.compile(r"(?<!\w)[^\W\d_](?:[ .\-_*][^\W\d_]){2,}(?!\w)")
"""f u c k, х.у.й."""
_LATIN: Final = str.maketrans("013457@$!|", "oieastasii")
_CYRILLIC: Final = str.maketrans("0346@aceopxyukmthbi", "озчбаасеорхуукмтнви")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_WILD: Final = re.compile(r"[*#@$_]+")
_MOST_CHARACTERS: Final = 2000
_MEANT: Final = 2
"""Words beside the abuse from which on there is something to answer; after a question word one will do."""
_ASKS: Final = re.compile(
    r"\b(?:где|когда|куда|откуда|сколько|почему|зачем|как|where|wheres|when|why|how)\b"
    r"|\b(?:кто|что|как(?:ой|ая|ое|ие)|who|what|which)\b(?!\s+(?:за|an?|the)\b)",
    re.IGNORECASE,
)


def find(text: str) -> tuple[tuple[int, int], ...]:
    """Return where abusive words and phrases stand, as (start, end), in order."""
    text = text[:_MOST_CHARACTERS]
    spans = [match.span() for match in _TOKEN.finditer(text) if _is_abusive(match.group().lower())]
    spans += [match.span() for match in _phrases().finditer(text)]
    spans += [m.span() for m in _SPACED.finditer(text) if _is_abusive(re.sub(r"[ .\-_*]", "", m.group().lower()))]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(apart)


def masked(text: str) -> str:
    """Return the text with all but the first letter of abusive words as asterisks."""
    for start, end in reversed(find(text)):
        text = text[: start + 1] + "*" * (end - start - 1) + text[end:]
    return text


def without(text: str) -> str:
    """Return what is left to answer: the text without abusive words, as it stands when there are none."""
    found = find(text)
    for start, end in reversed(found):
        text = text[:start] + " " + text[end:]
    return re.sub(r"\s+(?=[\s,.!?…])|[,\s]+(?=[.!?…])", "", text).strip(" ,.!…—-") if found else text


def says_nothing_else(text: str) -> bool:
    """Whether a message with abuse holds nothing that could be answered."""
    found, text = find(text), without(text)
    left = [word for word in words(text) if word not in STOP_WORDS and len(word) > 1]
    if not found or any(letter.isdecimal() or letter == "?" for letter in text):
        return False
    return len(left) < (1 if _ASKS.search(text) else _MEANT)


@cache
def _is_abusive(token: str) -> bool:
    if sum(letter.isdecimal() for letter in token) * 2 >= len(token):
        return False
    return any(_pattern(language).search(form) for language, form in _forms(token) if not _is_decent(language, form))


def _forms(token: str) -> Iterator[tuple[str, str]]:
    """Yield how a word may be read: in either alphabet, without repeated letters; an asterisk stands for itself."""
    plain = unicodedata.normalize("NFKC", token).replace("ё", "е")
    for one in {plain, _REPEATED.sub(r"\1", plain)}:
        wild = _WILD.sub("*", one) if "*" in one or "#" in one else one
        if re.search("[а-я]", one):
            yield "ru", wild.translate(_CYRILLIC)
        if re.search("[a-z]", one):
            yield "en", wild.translate(_LATIN)


def _is_decent(language: str, form: str) -> bool:
    return form.startswith(_decent(language))


@cache
def _decent(language: str) -> tuple[str, ...]:
    return tuple(_lists()[language]["decent"])


@cache
def _pattern(language: str) -> re.Pattern[str]:
    lists = _lists()[language]
    prefixes = "|".join(sorted(lists["prefixes"], key=len, reverse=True))
    anywhere, beginnings = ("|".join(map(_loose, lists[name])) for name in ("anywhere", "beginnings"))
    whole = "|".join(map(_loose, lists["words"]))
    return re.compile(rf"{anywhere}|^(?:{prefixes})?(?:{beginnings})|^(?:{whole})$")


@cache
def _phrases() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for told in _lists().values() for one in told["phrases"]), re.IGNORECASE)


def _loose(root: str) -> str:
    """Allow one letter that is not the first to be an asterisk, in roots of three letters and more."""
    if len(root) < 3:  # noqa: PLR2004
        return re.escape(root)
    starred = (root[:at] + r"\*" + root[at + 1 :] for at in range(1, len(root)))
    more = [root[0] + r"\*" + root[-1]] if len(root) <= 4 else []  # noqa: PLR2004  # f**k came as one asterisk
    return "(?:" + "|".join([root, *starred, *more]) + ")"


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return told
