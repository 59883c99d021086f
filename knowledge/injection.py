"""Words that are addressed to a language model rather than to people: in customers' messages and in documents.

Nothing rests on them being found: the bot acts by code alone. What is found is kept out of prompts all the same.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Where = Literal["message", "document"]

_TOLD: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_HINTS: Final[dict[str, list[str]]] = _TOLD["hints"]
_RULES: Final = tuple((rule["where"], rule["kind"], re.compile(rule["pattern"])) for rule in _TOLD["rule"])
_OWN: Final = tuple(re.compile(one) for one in _TOLD["own"])
# Letters that nobody sees: zero width, directions, and Unicode's tags, which spell ASCII (U+E0000 block).
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
# Letters that only look another way: 𝗶𝗴𝗻𝗼𝗿𝗲, ｉｇｎｏｒｅ, ⓘⓖⓝⓞⓡⓔ.
_DISGUISED: Final = re.compile("[\u2100-\u214f\u24b6-\u24e9\uff01-\uff5e\U0001d400-\U0001d7ff]")
_TAGS: Final = re.compile("[\U000e0020-\U000e007f]{4,}")
_SPACES: Final = re.compile(r"[^\S\n]")
_START: Final = re.compile(r"(?:[.!?…]+[»\")\]]*\s+|\n\s*)(?=\S)")
MOST_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """Words to a model, and where they begin."""

    kind: str
    """A kind of injection.toml, or ``hidden``."""
    start: int
    """Index of the first character of the sentence, in the text as given."""


def find(text: str, where: Where = "message") -> Finding | None:
    """Return the first words that a rule takes for an instruction to a model, None when there are none."""
    text = text[:MOST_CHARACTERS] if where == "message" else text
    if where == "document" and (hidden := _TAGS.search(text)):
        return Finding("hidden", _sentence_start(text, hidden.start()))
    folded, places = _folded(text)
    first = min(_hits(folded, where), default=None)
    if first is None:
        return None
    return Finding(first[1], _sentence_start(text, places[first[0]] if places else first[0]))


def cut(text: str) -> tuple[str, Finding | None]:
    """Return a document's text up to the sentence that is addressed to a model, and what that is.

    Nothing after it is kept either: what such a sentence announces need not look like anything.
    """
    found = find(text, "document")
    return (text, None) if found is None else (text[: found.start].rstrip(), found)


def _hits(folded: str, where: Where) -> Iterator[tuple[int, str]]:
    for own in _OWN if where == "message" else ():
        folded = own.sub(lambda taken_back: " " * len(taken_back.group()), folded)
    worth_a_try = {kind for kind, hints in _HINTS.items() if any(hint in folded for hint in hints)}
    for rule_for, kind, pattern in _RULES:
        applies = rule_for in {"both", where} and kind in worth_a_try
        if applies and (match := pattern.search(folded)):
            yield match.start(), kind


def _folded(text: str) -> tuple[str, list[int] | None]:
    """Return the text as rules read it, and where each character stood; None when all stand where they stood."""
    if not _UNSEEN.search(text) and not _DISGUISED.search(text):
        lower = text.lower()
        if len(lower) == len(text):
            return _SPACES.sub(" ", lower.replace("’", "'")), None
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if _UNSEEN.match(letter):
            continue
        plain = unicodedata.normalize("NFKC", letter).lower().replace("’", "'")
        letters.append(plain)
        places.extend([place] * len(plain))
    return _SPACES.sub(" ", "".join(letters)), [*places, len(text)]


def _sentence_start(text: str, place: int) -> int:
    start = 0
    for match in _START.finditer(text):
        if match.end() > place:
            break
        start = match.end()
    return start
