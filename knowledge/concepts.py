"""Words → concepts: what customers call the same thing by different words, in both languages (``concepts.toml``)."""

import tomllib
from functools import cache, lru_cache
from pathlib import Path

from knowledge.tokens import words

_FILE = Path(__file__).with_name("concepts.toml")
_MIN_PREFIX = 2


@cache
def _beginnings() -> dict[str, tuple[str, ...]]:
    table: dict[str, set[str]] = {}
    for name, line in tomllib.loads(_FILE.read_text(encoding="utf-8"))["concepts"].items():
        for beginning in line.split():
            table.setdefault(beginning.replace("ё", "е"), set()).add(name)
    return {beginning: tuple(sorted(names)) for beginning, names in table.items()}


@cache
def _everyday() -> tuple[frozenset[str], tuple[str, ...]]:
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))["everyday"]
    return frozenset(told["en"].split()), tuple(told["ru"].split())


@lru_cache(maxsize=65_536)
def is_everyday(word: str) -> bool:
    """Say whether a normalised word only tells the story around a question."""
    english, russian = _everyday()
    return word in english or f"{word}$".startswith(russian)


@lru_cache(maxsize=65_536)
def concepts_of(word: str) -> tuple[str, ...]:
    """Return the concepts of a normalised word, by its longest known beginning."""
    table = _beginnings()
    if whole := table.get(f"{word}$"):
        return whole
    for length in range(len(word), _MIN_PREFIX - 1, -1):
        if found := table.get(word[:length]):
            return found
    return ()


def concepts(text: str) -> list[str]:
    """Return the concepts of all words in order, with repetitions."""
    return [name for word in words(text) for name in concepts_of(word)]


@cache
def other_names(concept: str, language: str) -> tuple[str, ...]:
    """Return the beginnings of words that name the concept in a language."""
    cyrillic = language == "ru"
    found = (name.rstrip("$") for name, named in _beginnings().items() if concept in named)
    return tuple(sorted(name for name in found if ("а" <= name[0] <= "я") is cyrillic))


@cache
def everyday_words(language: str) -> tuple[str, ...]:
    """Return the everyday words of a language."""
    english, russian = _everyday()
    return tuple(sorted(english)) if language == "en" else tuple(word.rstrip("$") for word in russian)
