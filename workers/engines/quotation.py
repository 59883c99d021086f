"""From the line that answers to the lines that are quoted: its context, its list or table, never a whole section."""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Final

from workers.sentences import announces, is_item, is_row

MAX_SENTENCES: Final = 3
MAX_LINES: Final = 4
MAX_CHARACTERS: Final = 500

# What a further line must be worth against the best one, and a row or an item against the best of its list.
_WORTH_QUOTING: Final = 0.8
_ROW_WORTH_QUOTING: Final = 0.7
# The share of the question that a row must add to be quoted beside a sentence.
_ROW_NAMES: Final = 0.15

_LEANS_BACK: Final = re.compile(
    r"(?:тот же|та же|то же|те же|"
    r"он|она|оно|они|его|её|ее|их|им|это|этот|эта|эти|такой|такая|такое|такие|там|тогда|туда|иначе|также|поэтому|"
    r"при этом|для этого|после этого|в этом случае|однако|it|its|they|their|them|this|that|these|those|then|otherwise|"
    r"however|also|the same|such|there|in this case|after that|therefore)\b",
    re.IGNORECASE,
)


def quotation(lines: Sequence[str], scores: Sequence[float], covered: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the lines to quote, in order.

    ``scores`` say what each line is worth; ``covered`` which of the question's stems stand in it and what each weighs,
    the whole question 1.
    """
    matches = [sum(stems.values()) for stems in covered]
    best = max(range(len(lines)), key=lambda i: scores[i])
    chosen = _with_context(best, lines, matches)
    chosen |= set(_rows_left(lines, chosen, covered))
    for i in sorted(range(len(lines)), key=lambda i: -scores[i]):
        alike = is_row(lines[i]) == is_row(lines[best]) and is_item(lines[i]) == is_item(lines[best])
        if alike and matches[i] > 0 and scores[i] >= _WORTH_QUOTING * scores[best]:
            wider = chosen | _with_context(i, lines, matches)
            if fits([lines[j] for j in wider]):
                chosen = wider
    return [_shortened(lines[i]) for i in sorted(_within_limits(chosen, best, lines))]


def _rows_left(lines: Sequence[str], chosen: Set[int], covered: Sequence[Mapping[str, float]]) -> list[int]:
    """Return the table's rows that name most of what is asked about and the chosen lines do not."""
    said = {stem for i in chosen for stem in covered[i]}
    gains = {
        i: sum(weight for stem, weight in covered[i].items() if stem not in said)
        for i, line in enumerate(lines)
        if i not in chosen and is_row(line)
    }
    most = max(gains.values(), default=0.0)
    return [i for i, gain in gains.items() if gain == most >= _ROW_NAMES][:MAX_LINES]


def fits(lines: Sequence[str]) -> bool:
    """At most three sentences, or a few short lines of a list or a table."""
    sentences = sum(not (is_item(line) or is_row(line)) for line in lines)
    own_lines = len(lines) - sentences + (1 if sentences else 0)
    return sentences <= MAX_SENTENCES and own_lines <= MAX_LINES + 1 and sum(map(len, lines)) <= MAX_CHARACTERS


def _with_context(i: int, lines: Sequence[str], matches: Sequence[float]) -> set[int]:
    """Return the line with what it cannot be understood without: its referent, its list's lead-in or its list."""
    found = {i}
    if is_item(lines[i]):
        start = i
        while start and is_item(lines[start]):
            start -= 1
        if announces(lines[start]):
            found.add(start)
        if _numbered(lines[i]):
            found.update(_list_after(start, lines))
    elif i and _LEANS_BACK.match(lines[i]):
        found.add(i - 1)
    if announces(lines[i]):
        found.update(_best_of(_list_after(i, lines), matches))
    return found


def _list_after(i: int, lines: Sequence[str]) -> list[int]:
    """Return the items or rows that follow the line."""
    kind = next((kind for kind in (is_item, is_row) if i + 1 < len(lines) and kind(lines[i + 1])), None)
    found = []
    while kind and i + 1 < len(lines) and kind(lines[i + 1]):
        i += 1
        found.append(i)
    return found


def _best_of(listed: Sequence[int], matches: Sequence[float]) -> list[int]:
    """Return a short list whole; of a long one the entries that were asked for, or its beginning."""
    best = max((matches[i] for i in listed), default=0.0)
    if best > min((matches[i] for i in listed), default=0.0):
        listed = [i for i in listed if matches[i] >= _ROW_WORTH_QUOTING * best]
    return list(listed[:MAX_LINES])


def _numbered(line: str) -> bool:
    return line.lstrip()[:1].isdigit()


def _within_limits(chosen: set[int], best: int, lines: Sequence[str]) -> set[int]:
    kept = {best}
    for i in sorted(chosen, key=lambda i: (abs(i - best), i)):
        if fits([lines[j] for j in kept | {i}]):
            kept.add(i)
    return kept


def _shortened(line: str) -> str:
    if len(line) <= MAX_CHARACTERS:
        return line
    return line[: MAX_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
