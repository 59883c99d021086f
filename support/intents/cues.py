"""Cues: lists of words that mean the same, each of them one feature of the classifier."""

import re
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("cues.toml")
_WHOLE = re.compile(r"[a-zа-я]+")


def term_pattern(terms: str) -> re.Pattern[str]:
    """Compile comma-separated words and phrases; a trailing ``*`` stands for any ending."""
    split = {" ".join(term.split()) for term in terms.split(",")} - {""}
    longest_first = sorted(split, key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_term, longest_first))})(?!\w)")


def _term(term: str) -> str:
    return re.escape(term[:-1]) + r"\w*" if term.endswith("*") else re.escape(term)


def cue_terms(text: str) -> list[str]:
    """Return the names of the cues that stand in a folded text, and their pairs."""
    found = [name for name, pattern in _patterns().items() if pattern.search(text)]
    pairs = [f"{left}+{right}" for index, left in enumerate(found) for right in found[index + 1 :]]
    return found + pairs


def has_cue(text: str, *names: str) -> bool:
    """Whether one of the cues, any when none is named, stands in a folded text."""
    return any(pattern.search(text) for name, pattern in _patterns().items() if not names or name in names)


def cue_words() -> set[str]:
    """Return the words of all cues that are written out in full."""
    return {term for terms in _lists().values() for term in re.split(r"[\s,]+", terms) if _WHOLE.fullmatch(term)}


@cache
def _lists() -> dict[str, str]:
    tables: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: ", ".join(table.values()) for name, table in tables.items()}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: term_pattern(terms) for name, terms in _lists().items()}
