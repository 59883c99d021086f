"""What the knowledge base says of a file, in the admin's language: a catalogue keyed by the English sentence."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from knowledge.documents import SourceError
from support.jobs import Language

_FILE: Final = Path(__file__).with_name("locales") / "ru" / "reasons.toml"
_GAP: Final = "{}"


def reason(text: str, language: Language) -> str:
    """Return a reason in the language; what the catalogue lacks stays English."""
    return _in_russian(text) if language == "ru" else text


def place(error: SourceError, language: Language) -> str:
    """Return the file and the line or page."""
    if language != "ru":
        return error.place
    if error.page is not None:
        return f"{error.file}, страница {error.page}"
    return error.file if error.line is None else f"{error.file}, строка {error.line}"


def _in_russian(text: str) -> str:
    for pattern, template in _catalogue():
        if match := pattern.fullmatch(text):
            between = template.split(_GAP)
            parts = (_in_russian(part) for part in match.groups())
            return "".join(piece for pair in zip(between, (*parts, ""), strict=True) for piece in pair)
    return text


@cache
def _catalogue() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Sentences with the most letters of their own first: the more particular one fits."""
    told: dict[str, str] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    ordered = sorted(told.items(), key=lambda pair: -len(pair[0].replace(_GAP, "")))
    return tuple((re.compile(_pattern(english), re.DOTALL), russian) for english, russian in ordered)


def _pattern(english: str) -> str:
    return "(.+?)".join(map(re.escape, english.split(_GAP)))
