"""The engine of a fresh machine: quotes the lines that answer each of the customer's questions, with their source.

All passages found for a question are weighed together, line by line (sentences, list items, table rows): how well
search ranks the passage and its article, how many of the question's stems stand in the line and above it, whether the
line holds the kind of answer that the question expects. Which article is quoted stays search's decision, near ties
apart: matching words alone choose worse. Articles and sections are written so that the first sentence is a finished
answer, therefore first sentences get a bonus, those of the article itself twice.
"""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.language import detect
from knowledge.tokens import terms
from knowledge.wanted import tells, wanted
from support.jobs import GenerationJob, JobPassage, Language
from workers.engines.base import NO_ANSWER, Answer
from workers.engines.quotation import MAX_CHARACTERS, quotation
from workers.expectation import Expectation, expected, speaks_of_a_case, subject
from workers.promptbook import phrase
from workers.sentences import is_item, is_row, units

# Set by hand, against a full match of the question's stems by a line with its headings, which is worth 1.
_RANK: Final = 1.0
_ARTICLE: Final = 0.6
_PASSAGE_MATCH: Final = 0.4
_OWN_MATCH: Final = 0.4
_FIGURE: Final = 1.2
_WORDING: Final = 0.6
_SECTION_KIND: Final = 0.3
_FIRST: Final = 0.25
_LEAD: Final = 0.3
_UNASKED: Final = 0.3
_CASE: Final = 0.3

# A passage that is found beside others of its article counts for the article as well, each less than the one before.
_ARTICLE_DECAY: Final = 0.2
_CLOSE: Final = 0.95
_KIN: Final = 0.6
_KIN_LETTERS: Final = 5
_HEADING_SIGN: Final = " › "

Weights = Mapping[str, Mapping[str, float]]
"""For each stem of the question the stems that stand for it, and what each is worth; the whole question is worth 1."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A passage taken apart: its lines and the stems of each, and of the headings above them."""

    passage: JobPassage
    section: str
    lines: Sequence[str]
    stems: Sequence[set[str]]
    above: set[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for: stems, kinds of answers, and whether the question itself is about a special case."""

    weights: Weights
    expectation: Expectation
    case: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A passage with what each of its lines is worth, and which part of the question stands in the line itself."""

    read: _Read
    scores: Sequence[float]
    covered: Sequence[Mapping[str, float]]

    @property
    def best(self) -> float:
        return max(self.scores, default=0.0)


class ExtractiveEngine:
    """Quotes; needs no model and no time."""

    name = "extractive"
    model = ""
    prompt_version = "extractive-2"
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


def _quote(question: str, found: Sequence[JobPassage]) -> tuple[JobPassage, list[str]]:
    pages = [_read(passage) for passage in found]
    asked = _Asked(_weights(question, pages), expected(question), speaks_of_a_case(question))
    articles = _articles(found)
    close = [page for page in pages if articles[_article(page.passage)] >= _CLOSE]
    figures = wanted(question)
    if not any(tells(page.passage.text, figures) for page in close):
        # No article without a price answers what something costs, however near it is.
        close = [page for page in pages if tells(page.passage.text, figures)] or close
    candidates = [_weighed(page, asked, articles[_article(page.passage)]) for page in close]
    # max() keeps the first of equals, which is the better one in the search's order.
    best = max(candidates, key=lambda candidate: candidate.best)
    if not best.scores:
        return best.read.passage, [best.read.passage.text.strip()[:MAX_CHARACTERS]]
    return best.read.passage, quotation(best.read.lines, best.scores, best.covered)


def _read(passage: JobPassage) -> _Read:
    title, _, section = passage.heading.partition(_HEADING_SIGN)
    section = passage.question or section
    lines = units(passage.text)
    return _Read(passage, section, lines, [set(terms(line)) for line in lines], set(terms(f"{title} {section}")))


def _articles(found: Sequence[JobPassage]) -> dict[str, float]:
    """Return each article's standing in the search, 0..1."""
    blends: defaultdict[str, list[float]] = defaultdict(list)
    for passage in found:
        blends[_article(passage)].append(passage.blend)
    sums = {
        source: sum(blend * _ARTICLE_DECAY**i for i, blend in enumerate(sorted(own, reverse=True)))
        for source, own in blends.items()
    }
    top = max(sums.values()) or 1.0
    return {source: value / top for source, value in sums.items()}


def _article(passage: JobPassage) -> str:
    # The pairs of one file have nothing to do with each other.
    return passage.source if passage.question is None else passage.chunk_id


def _weighed(page: _Read, asked: _Asked, article: float) -> _Candidate:
    base = _RANK * page.passage.blend + _ARTICLE * article
    base += _PASSAGE_MATCH * _match(page.above.union(*page.stems), asked.weights)
    if page.section:
        base += _SECTION_KIND * bool(expected(page.section).kinds & asked.expectation.kinds)
        base -= _UNASKED * _unasked(page.section, asked.weights)
    covered = [_covered(stems, asked.weights) for stems in page.stems]
    scores = []
    for i, line in enumerate(page.lines):
        score = base + _match(page.stems[i] | page.above, asked.weights) + _OWN_MATCH * sum(covered[i].values())
        score += _FIGURE * asked.expectation.figure_in(line) + _WORDING * asked.expectation.wording_in(line)
        score -= _CASE * (speaks_of_a_case(line) and not asked.case)
        if i == 0:
            score += _FIRST + _LEAD * (not page.section)
        scores.append(score)
    return _Candidate(page, scores, covered)


def _weights(question: str, pages: Sequence[_Read]) -> Weights:
    """Weigh the question's stems by their rarity among the lines found; words of one root stand for them in part."""
    sentences = [stems for page in pages for stems in (page.above, *page.stems)]
    frequency = Counter(stem for sentence in sentences for stem in sentence)
    shares: dict[str, dict[str, float]] = {}
    for asked in sorted(subject(question)):
        known = {stem: _KIN for stem in frequency if _are_kin(stem, asked)}
        if asked in frequency:
            known[asked] = 1.0
        if known:
            shares[asked] = known
    rarity = {
        asked: math.log1p(len(sentences) / max(frequency[stem] for stem in known)) for asked, known in shares.items()
    }
    total = sum(rarity.values())
    return {
        asked: {stem: share * rarity[asked] / total for stem, share in known.items()} for asked, known in shares.items()
    }


def _are_kin(stem: str, other: str) -> bool:
    return stem != other and len(other) >= _KIN_LETTERS and stem.startswith(other[:_KIN_LETTERS])


def _covered(stems: set[str], weights: Weights) -> dict[str, float]:
    """Return which of the question's stems are there, and what each is worth."""
    found = {asked: stems & known.keys() for asked, known in weights.items()}
    return {asked: max(weights[asked][stem] for stem in some) for asked, some in found.items() if some}


def _match(stems: set[str], weights: Weights) -> float:
    return sum(_covered(stems, weights).values())


def _unasked(section: str, weights: Weights) -> float:
    """Return the share, 0..1, of the heading that the question does not speak of."""
    stems = set(terms(section))
    known = {stem for stands in weights.values() for stem in stands}
    return len(stems - known) / len(stems) if stems else 0.0


def _paragraph(passage: JobPassage, lines: Sequence[str], language: Language) -> str:
    text = lines[0]
    for before, line in itertools.pairwise(lines):
        own_line = is_item(line) or is_row(line) or is_item(before) or is_row(before)
        text += ("\n" if own_line else " ") + line
    text = f"{text} [{passage.number}]"
    if detect(" ".join(lines)) not in {language, None}:
        return f"{phrase(language, 'foreign')}\n{text}"
    return text
