"""Russian words that are names, in any form: OpenCorpora's dictionary as pymorphy3 packs it.

Loaded at the first Russian name that has to be told from a word: 25 MB and 0.2 s, once a process.
"""

from enum import Flag, auto
from functools import lru_cache
from typing import Any, Final


class Reading(Flag):
    """What a word may be; a word of the dictionary is one or several of these."""

    UNKNOWN = 0
    FIRST_NAME = auto()
    PATRONYMIC = auto()
    SURNAME = auto()
    PLACE = auto()
    COMMON = auto()
    """A word of the language, or the name of a company."""
    BASE_FORM = auto()
    """A name in the nominative."""
    THING = auto()
    """A noun without a soul: what products and shops are called by."""


PERSON: Final = Reading.FIRST_NAME | Reading.PATRONYMIC | Reading.SURNAME
_MARKS: Final = {"Name": Reading.FIRST_NAME, "Patr": Reading.PATRONYMIC, "Surn": Reading.SURNAME, "Geox": Reading.PLACE}
_REMEMBERED: Final = 4096


@lru_cache(maxsize=1)
def _dictionary() -> tuple[Any, Any]:
    import pymorphy3  # noqa: PLC0415  # 25 MB that a process without Russian customers never needs

    dictionary = pymorphy3.MorphAnalyzer().dictionary
    return dictionary, dictionary.words.compile_replaces({"е": "ё"})


def is_loaded() -> bool:
    """Whether looking a word up costs microseconds by now."""
    return _dictionary.cache_info().currsize > 0


@lru_cache(maxsize=_REMEMBERED)
def reading(word: str) -> Reading:
    """Return what a single word may be; case does not matter, nor whether ё has its dots."""
    dictionary, spellings = _dictionary()
    found = Reading.UNKNOWN
    for _, parses in dictionary.words.similar_items(word.lower(), spellings):
        for paradigm, index in parses:
            found |= _of_tag(str(dictionary.build_tag_info(paradigm, index)))
    return found


def _of_tag(tag: str) -> Reading:
    if "Poss" in tag:
        return Reading.UNKNOWN  # «Петрова собака»: the surname is told from it by another reading
    found = next((value for mark, value in _MARKS.items() if mark in tag), None)
    if found is None:
        thing = tag.startswith("NOUN,inan")
        return Reading.COMMON | Reading.THING if thing else Reading.COMMON
    return found | Reading.BASE_FORM if "nomn" in tag and found in PERSON else found
