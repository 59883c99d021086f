"""The engine of a fresh machine: quotes the sentences of the best passage that answer, with their source.

For each of the customer's questions the article is the one that search ranks first: matching words alone choose worse.
Which of its passages is quoted depends on their ranks, headings and best sentences; in it the sentences (list items,
table rows) that share rare stems with the question are taken in order. Articles are written so that the first sentence
is a finished answer, therefore early sentences get a bonus.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from knowledge.language import detect
from knowledge.tokens import terms
from support.jobs import GenerationJob, JobPassage, Language
from workers.engines.base import NO_ANSWER, Answer
from workers.promptbook import phrase
from workers.sentences import is_item, is_row, units

MAX_UNITS: Final = 3
MAX_LINES: Final = 6
MAX_CHARACTERS: Final = 500

# Set by hand: what the place in the passage is worth against a full match of the question.
_FIRST_BONUS: Final = 0.3
_SECOND_BONUS: Final = 0.1
_WORTH_QUOTING: Final = 0.6
_RANK_WEIGHT: Final = 0.5
_HEADING_WEIGHT: Final = 0.25
_SENTENCE_WEIGHT: Final = 0.25

_LEANS_BACK: Final = re.compile(
    r"(?:тот же|та же|то же|те же|"
    r"он|она|оно|они|его|её|ее|их|им|это|этот|эта|эти|такой|такая|такое|такие|там|тогда|туда|иначе|также|поэтому|"
    r"при этом|для этого|после этого|в этом случае|однако|it|its|they|their|them|this|that|these|those|then|otherwise|"
    r"however|also|the same|such|there|in this case|after that|therefore)\b",
    re.IGNORECASE,
)

Weights = Mapping[str, float]


class ExtractiveEngine:
    """Quotes; needs no model and no time."""

    name = "extractive"
    model = ""
    prompt_version = "extractive-1"
    revises = False

    def check(self) -> None:
        """There is nothing that could be missing."""

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:  # noqa: ARG002  # the port's signature; quoting takes milliseconds and cannot be argued with
        """Quote the best passage for each question, once."""
        quotes: dict[tuple[int, str], str] = {}
        for part, question in enumerate(job.parts):
            candidates = [p for p in job.passages if p.part == part] or list(job.passages)
            if candidates:
                passage, lines = _quote(question, candidates)
                quotes.setdefault((passage.number, "\n".join(lines)), _paragraph(passage, lines, job.language))
        if not quotes:
            return Answer(NO_ANSWER, ())
        text = "\n\n".join([phrase(job.language, "opening"), *quotes.values()])
        return Answer(text, tuple(dict.fromkeys(number for number, _ in quotes)))

    def cancel(self, job_id: str) -> None:
        """Quoting is over before anybody could stop it."""


def _quote(question: str, candidates: Sequence[JobPassage]) -> tuple[JobPassage, list[str]]:
    weights = _weights(question, candidates)
    first = max(candidates, key=lambda passage: passage.blend)
    top = first.blend or 1.0

    def worth(passage: JobPassage) -> float:
        best = max((_match(unit, weights) for unit in units(passage.text)), default=0.0)
        heading = _match(f"{passage.heading} {passage.question or ''}", weights)
        return _RANK_WEIGHT * passage.blend / top + _HEADING_WEIGHT * heading + _SENTENCE_WEIGHT * best

    # max() keeps the first of equals, which is the better one in the search's order.
    passage = max((p for p in candidates if p.source == first.source), key=worth)
    return passage, _select(units(passage.text), weights) or [passage.text.strip()[:MAX_CHARACTERS]]


def _weights(question: str, candidates: Sequence[JobPassage]) -> Weights:
    """Rarity of the question's stems among the candidates' sentences; sums to 1 over those that occur at all."""
    sentences = [set(terms(unit)) for passage in candidates for unit in (passage.heading, *units(passage.text))]
    frequency = Counter(stem for sentence in sentences for stem in sentence)
    rarity = {stem: math.log1p(len(sentences) / frequency[stem]) for stem in set(terms(question)) if frequency[stem]}
    total = sum(rarity.values())
    return {stem: value / total for stem, value in rarity.items()}


def _match(text: str, weights: Weights) -> float:
    return sum(weights.get(stem, 0.0) for stem in set(terms(text)))


def _select(lines: Sequence[str], weights: Weights) -> list[str]:
    """Pick the units worth quoting, in their order, within the limits."""
    scores = [_match(line, weights) + bonus for line, bonus in zip(lines, _bonuses(len(lines)), strict=True)]
    if not scores:
        return []
    best = max(range(len(lines)), key=lambda i: scores[i])
    chosen = _with_context(best, lines)
    for i in sorted(range(len(lines)), key=lambda i: -scores[i]):
        if scores[i] < _WORTH_QUOTING * scores[best] or _match(lines[i], weights) == 0:
            continue
        wider = chosen | _with_context(i, lines)
        if _fits([lines[j] for j in wider]):
            chosen = wider
    return [_shortened(lines[i]) for i in sorted(_within_limits(chosen, best, lines))]


def _bonuses(count: int) -> list[float]:
    return ([_FIRST_BONUS, _SECOND_BONUS] + [0.0] * count)[:count]


def _with_context(i: int, lines: Sequence[str]) -> set[int]:
    """Return the unit with what it cannot be understood without: its referent, its list's lead-in or its list."""
    found = {i}
    if is_item(lines[i]):
        start = i
        while start and is_item(lines[start]):
            start -= 1
        if lines[start].endswith(":"):
            found.add(start)
    elif i and _LEANS_BACK.match(lines[i]):
        found.add(i - 1)
    if lines[i].endswith(":"):
        after = i + 1
        while after < len(lines) and is_item(lines[after]):
            found.add(after)
            after += 1
    return found


def _within_limits(chosen: set[int], best: int, lines: Sequence[str]) -> set[int]:
    kept = {best}
    for i in sorted(chosen, key=lambda i: (abs(i - best), i)):
        if _fits([lines[j] for j in kept | {i}]):
            kept.add(i)
    return kept


def _fits(lines: Sequence[str]) -> bool:
    """At most three sentences, or a few short lines of a list or a table."""
    sentences = sum(not (is_item(line) or is_row(line)) for line in lines)
    return sentences <= MAX_UNITS and len(lines) <= MAX_LINES and sum(map(len, lines)) <= MAX_CHARACTERS


def _shortened(line: str) -> str:
    if len(line) <= MAX_CHARACTERS:
        return line
    return line[: MAX_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _paragraph(passage: JobPassage, lines: Sequence[str], language: Language) -> str:
    text = lines[0]
    for before, line in itertools.pairwise(lines):
        own_line = is_item(line) or is_row(line) or is_item(before) or is_row(before)
        text += ("\n" if own_line else " ") + line
    text = f"{text} [{passage.number}]"
    if detect(" ".join(lines)) not in {language, None}:
        return f"{phrase(language, 'foreign')}\n{text}"
    return text
