"""Words and phrases → concepts: what customers call the same thing by different words (``thesaurus/``)."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from knowledge.tokens import stem, words

_FOLDER = Path(__file__).with_name("thesaurus")
_MIN_PREFIX = 2
_EVERYDAY = "everyday"
_PLAIN = "concepts"
_GOODS = "item"
_EMPHASIS_OF_GOODS = 0.6
_EMPHASIS_OF_STORY = 0.4
_GAP = "*"
_WIDEST_GAP = 3
_SHORT = 3
"""So short a piece of a phrase is a whole word: “in” must not fit “invoice”."""
_EACH_FOR_ITSELF = frozenset({"abroad"})
"""Tables whose lines exclude one another: what a base says of Georgia says nothing of Japan."""


_Phrase = tuple[tuple[int, int, str], tuple[str, ...], tuple[str, ...]]
"""What ranks it among others that fit (more words, then more letters), its pieces, its concepts."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept's place in a text: the words ``start`` … ``end - 1`` and what they mean, the narrowest first."""

    start: int
    end: int
    concepts: tuple[str, ...]


@cache
def _tables() -> tuple[dict[str, dict[str, str]], ...]:
    return tuple(tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.toml")))


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Every beginning or phrase of the thesaurus with its concepts."""
    found: dict[str, dict[str, None]] = {}
    for tables in _tables():
        for table, lines in tables.items():
            if table == _EVERYDAY:
                continue
            for concept, line in lines.items():
                meant = (concept,) if table == _PLAIN else (concept, table)
                for name in line.replace("ё", "е").split():
                    found.setdefault(name, {}).update(dict.fromkeys(meant))
    return {name: tuple(meant) for name, meant in found.items()}


@cache
def _tables_of() -> dict[str, str]:
    """The table of every concept that stands in one of its own."""
    return {line: table for tables in _tables() for table, lines in tables.items() if table != _PLAIN for line in lines}


def narrowest(meant: Sequence[str]) -> tuple[str, ...]:
    """Leave out concepts too wide to answer by: of a country only the country itself counts."""
    narrow = tuple(name for name in meant if _tables_of().get(name) in _EACH_FOR_ITSELF)
    return narrow or tuple(meant)


@cache
def _phrases() -> dict[str, tuple[_Phrase, ...]]:
    """Phrases by the beginning of their first word."""
    grouped: dict[str, list[_Phrase]] = {}
    for name, meant in _names().items():
        pieces = tuple(piece for piece in name.split("_") if piece)
        if len(pieces) > 1:
            rank = (len(pieces), sum(map(len, pieces)), name)
            grouped.setdefault(pieces[0].rstrip("$"), []).append((rank, pieces, meant))
    return {start: tuple(found) for start, found in grouped.items()}


@cache
def _everyday() -> tuple[frozenset[str], tuple[str, ...]]:
    told = next(tables[_EVERYDAY] for tables in _tables() if _EVERYDAY in tables)
    return frozenset(told["en"].split()), tuple(told["ru"].split())


@cache
def _everyday_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in _everyday()[0])


@lru_cache(maxsize=65_536)
def is_everyday(word: str) -> bool:
    """Say whether a normalised word only tells the story around a question."""
    return stem(word) in _everyday_stems() or f"{word}$".startswith(_everyday()[1])


@lru_cache(maxsize=65_536)
def concepts_of(word: str) -> tuple[str, ...]:
    """Return the concepts of a normalised word by itself, by its longest known beginning."""
    table = _names()
    if whole := table.get(f"{word}$"):
        return whole
    for length in range(len(word), _MIN_PREFIX - 1, -1):
        if found := table.get(word[:length]):
            return found
    return ()


@lru_cache(maxsize=65_536)
def emphasis(word: str) -> float:
    """Return how much a normalised word says of what is asked, 0..1: a story and the goods it is about say less."""
    meant = concepts_of(word)
    if any(_tables_of().get(name) == _GOODS for name in meant):
        return _EMPHASIS_OF_GOODS
    return _EMPHASIS_OF_STORY if not meant and is_everyday(word) else 1.0


def mentions(spoken: Sequence[str]) -> Iterator[Mention]:
    """Yield the concepts of normalised words in order; a phrase takes its words for itself."""
    start = 0
    while start < len(spoken):
        length, meant = _phrase_at(spoken, start) or (1, concepts_of(spoken[start]))
        if meant:
            yield Mention(start, start + length, meant)
        start += length


@lru_cache(maxsize=65_536)
def _phrases_from(word: str) -> tuple[_Phrase, ...]:
    """Phrases that may begin with this word, the longest first."""
    table = _phrases()
    found = (phrase for end in range(1, len(word) + 1) for phrase in table.get(word[:end], ()))
    return tuple(sorted((phrase for phrase in found if _fits(word, phrase[1][0])), reverse=True))


def _phrase_at(spoken: Sequence[str], start: int) -> tuple[int, tuple[str, ...]] | None:
    for _, pieces, meant in _phrases_from(spoken[start]):
        if length := _reach(spoken, start, pieces):
            return length, meant
    return None


def _reach(spoken: Sequence[str], start: int, pieces: Sequence[str]) -> int:
    """Return over how many words the phrase stretches whose first piece stands here, 0 if the rest does not."""
    place = start + 1
    for number, piece in enumerate(pieces[1:], start=1):
        if piece == _GAP:
            continue
        widest = _WIDEST_GAP if pieces[number - 1] == _GAP else 0
        ahead = spoken[place : place + widest + 1]
        found = next((step for step, word in enumerate(ahead) if _fits(word, piece)), None)
        if found is None:
            return 0
        place += found + 1
    return place - start


def _fits(word: str, piece: str) -> bool:
    exact = piece.endswith("$") or len(piece) <= _SHORT
    return word == piece.rstrip("$") if exact else word.startswith(piece)


def concepts(text: str) -> list[str]:
    """Return the concepts of a text in order, with repetitions."""
    return concepts_in(words(text))


def concepts_in(spoken: Sequence[str]) -> list[str]:
    """Do the same with the text's words."""
    return [name for mention in mentions(spoken) for name in mention.concepts]


@cache
def other_names(concept: str, language: str) -> tuple[str, ...]:
    """Return the beginnings of words and the phrases that name the concept in a language."""
    cyrillic = language == "ru"
    found = (
        name.replace(_GAP, "").replace("_", " ").strip(" $") for name, meant in _names().items() if concept in meant
    )
    return tuple(sorted(name for name in found if ("а" <= name[0] <= "я") is cyrillic))


@cache
def everyday_words(language: str) -> tuple[str, ...]:
    """Return the everyday words of a language."""
    english, russian = _everyday()
    return tuple(sorted(english)) if language == "en" else tuple(word.rstrip("$") for word in russian)
