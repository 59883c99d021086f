"""Citations in an answer: ``[1]``, ``[1, 2]``, ``[1][2]``."""

import re

_MARK = re.compile(r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_NUMBER = re.compile(r"\d+")


def cited(text: str) -> tuple[int, ...]:
    """Return the numbers cited in order of appearance, each once."""
    numbers = (int(number) for mark in _MARK.findall(text) for number in _NUMBER.findall(mark))
    return tuple(dict.fromkeys(numbers))


def without_citations(text: str) -> str:
    """Return the text alone."""
    return _MARK.sub("", text)
