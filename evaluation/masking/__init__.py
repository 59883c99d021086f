"""How well masking finds what is personal: sentences of our own with marks, in Russian and English.

``python -m evaluation.masking`` prints the figures and, with ``--errors``, what was missed or hidden needlessly.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from support.masking.spans import Span

LANGUAGES: Final = ("ru", "en")
_MARK: Final = re.compile(r"\[\[(\w+)\|([^\]]+)\]\]")
Find = Callable[[str], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence and what of it is personal."""

    text: str
    personal: tuple[tuple[str, int, int], ...]
    """(kind, start, end)."""


@dataclass(slots=True)
class Score:
    """Counts over a set; recall is by marked pieces, precision by hidden ones."""

    pieces: int = 0
    found: int = 0
    hidden: int = 0
    rightly: int = 0
    untouched: int = 0
    """Sentences without anything personal …"""
    kept: int = 0
    """… and those of them that stayed as they were."""
    by_kind: Counter[str] = field(default_factory=Counter)
    missed_by_kind: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of what is personal that is hidden altogether, 0..1."""
        return self.found / max(1, self.pieces)

    @property
    def precision(self) -> float:
        """Share of what is hidden that is personal, 0..1."""
        return self.rightly / max(1, self.hidden)


def read(language: str) -> list[Labelled]:
    """Return the sentences of a language, ``ru``; ``ru-unseen``: those that no rule was written after."""
    lines = resources.files("evaluation.masking").joinpath(f"{language}.txt").read_text("utf-8").splitlines()
    return [_labelled(line) for line in lines if line.strip() and not line.startswith("#")]


def _labelled(line: str) -> Labelled:
    text, personal, at = "", [], 0
    for match in _MARK.finditer(line):
        text += line[at : match.start()]
        personal.append((match[1], len(text), len(text) + len(match[2])))
        text += match[2]
        at = match.end()
    return Labelled(text + line[at:], tuple(personal))


def score(sentences: Iterable[Labelled], find: Find, kinds: frozenset[str] | None = None) -> Score:
    """Hold what is found against the marks; ``kinds``: only these are asked for, the others count as neither."""
    total = Score()
    for one in sentences:
        spans = list(find(one.text))
        for kind, start, end in one.personal:
            if kinds is None or kind in kinds:
                _count_piece(total, one, spans, (kind, start, end))
        for span in spans:
            total.hidden += 1
            if any(span.start < end and start < span.end for _, start, end in one.personal):
                total.rightly += 1
            else:
                total.errors.append(f"hidden: «{one.text[span.start : span.end]}» in «{one.text}»")
        if not one.personal:
            total.untouched += 1
            total.kept += not spans
    return total


def _count_piece(total: Score, one: Labelled, spans: list[Span], piece: tuple[str, int, int]) -> None:
    kind, start, end = piece
    total.pieces += 1
    total.by_kind[kind] += 1
    shown = [at for at in range(start, end) if one.text[at].isalnum()]
    open_to_see = [at for at in shown if not any(span.start <= at < span.end for span in spans)]
    # A title before a name and the city behind a street may stay.
    if len(open_to_see) <= len(shown) // 3:
        total.found += 1
    else:
        total.missed_by_kind[kind] += 1
        total.errors.append(f"missed {kind}: «{one.text[start:end]}» in «{one.text}»")
