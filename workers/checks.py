"""Deterministic checks of a draft: what must be copied exactly and what is promised stands in a cited passage."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, get_args

from knowledge.language import detect
from knowledge.tokens import normalise
from support.jobs import CheckName, FailedCheck, GenerationJob, JobPassage, Language
from workers.citations import cited, without_citations
from workers.commitments import unsupported
from workers.engines.base import NO_ANSWER
from workers.facts import Facts, Number, extract, numbers
from workers.promptbook import phrase, promises, template
from workers.sentences import units

_ITEM_NUMBER: Final = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)
_WORD: Final = re.compile(r"[^\W\d_]+|%")
_PROMPT_RUN: Final = 5
"""Words in a row that a prompt and an answer share by chance hardly ever."""


@dataclass(frozen=True)
class Claim:
    """An answer beside the passages that it cites."""

    text: str
    """Without citation marks and the numbers of a list."""
    language: Language
    citations: tuple[int, ...]
    sources: tuple[JobPassage, ...]
    """The passages cited."""

    @cached_property
    def facts(self) -> Facts:
        """What the answer states exactly."""
        return extract(self.text)

    @cached_property
    def support(self) -> tuple[str, Facts, tuple[Number, ...]]:
        """Text of the cited passages with their headings, and what stands in it."""
        text = "\n".join(f"{p.heading}\n{p.question or ''}\n{p.text}" for p in self.sources)
        facts = extract(text)
        return text, facts, (*facts.numbers, *numbers(text))


def run(job: GenerationJob, text: str) -> tuple[FailedCheck, ...]:
    """Return every check that the answer fails, none when it may be shown."""
    if text.strip().strip(".") == NO_ANSWER or NO_ANSWER in text:
        return (FailedCheck(name=CheckName.NO_ANSWER, detail=""),)
    citations = cited(text)
    by_number = {passage.number: passage for passage in job.passages}
    claim = Claim(
        text=_ITEM_NUMBER.sub("", without_citations(text)).strip(),
        language=job.language,
        citations=citations,
        sources=tuple(by_number[number] for number in citations if number in by_number),
    )
    if not claim.text.removeprefix(phrase(job.language, "opening")).strip():
        return (FailedCheck(name=CheckName.EMPTY, detail=""),)
    unknown = [FailedCheck(name=CheckName.CITATION_UNKNOWN, detail=f"[{n}]") for n in citations if n not in by_number]
    return (*unknown, *(problem for check in _CHECKS for problem in check(claim)))


def _citations(claim: Claim) -> Iterator[FailedCheck]:
    if not claim.citations:
        yield FailedCheck(name=CheckName.CITATION_MISSING, detail="")


def _numbers(claim: Claim) -> Iterator[FailedCheck]:
    text, known, known_numbers = claim.support
    for number in claim.facts.numbers:
        if not any(number.agrees(other) for other in known_numbers):
            yield FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail=number.shown)
    for day, month in sorted(claim.facts.dates - known.dates):
        # «1.10» may be a price as well: then it stands in the passage as it is written.
        if f"{day}.{month:02}" not in text:
            yield FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail=f"{day}.{month:02}")


def _links(claim: Claim) -> Iterator[FailedCheck]:
    return _missing(CheckName.LINK_UNSUPPORTED, claim.facts.links - claim.support[1].links)


def _codes(claim: Claim) -> Iterator[FailedCheck]:
    words = set(re.findall(r"[\w-]+", claim.support[0].lower()))
    return _missing(CheckName.CODE_UNSUPPORTED, claim.facts.codes - claim.support[1].codes - words)


def _missing(name: CheckName, details: Iterable[str]) -> Iterator[FailedCheck]:
    return (FailedCheck(name=name, detail=detail) for detail in sorted(details))


def _language(claim: Claim) -> Iterator[FailedCheck]:
    """Quotations keep the language of their page; the words around them are the customer's language."""
    source = _squeezed(claim.support[0])
    own = " ".join(unit for unit in units(claim.text) if _squeezed(unit) not in source)
    if detect(own or claim.text) not in {claim.language, None}:
        yield FailedCheck(name=CheckName.LANGUAGE_WRONG, detail=claim.language)


def _promises(claim: Claim) -> Iterator[FailedCheck]:
    answer, source = _words(claim.text), _words(claim.support[0])
    for group, beginnings in promises().items():
        found = _first(answer, beginnings)
        if found and not _first(source, beginnings):
            yield FailedCheck(name=CheckName.PROMISE_UNSUPPORTED, detail=f"{group}: {found}")
    text = claim.text.replace(phrase(claim.language, "opening"), "")
    for commitment in unsupported(text, claim.support[0]):
        yield FailedCheck(name=CheckName.PROMISE_UNSUPPORTED, detail=commitment)


def _prompt(claim: Claim) -> Iterator[FailedCheck]:
    """A run of the prompt's own words that no cited passage has is no answer to anybody."""
    said, source = _squeezed(claim.text).split(), f" {_squeezed(claim.support[0])} "
    runs = (" ".join(said[at : at + _PROMPT_RUN]) for at in range(len(said) - _PROMPT_RUN + 1))
    if any(run in _prompt_runs() and f" {run} " not in source for run in runs):
        yield FailedCheck(name=CheckName.PROMPT_REVEALED, detail="")


@cache
def _prompt_runs() -> frozenset[str]:
    texts = (template(language, name) for language in get_args(Language) for name in ("system", "task"))
    words = [_squeezed(text).split() for text in texts]
    return frozenset(" ".join(one[at : at + _PROMPT_RUN]) for one in words for at in range(len(one) - _PROMPT_RUN + 1))


def _words(text: str) -> str:
    return " " + " ".join(_WORD.findall(normalise(text)))


def _first(text: str, beginnings: Sequence[str]) -> str | None:
    return next((beginning for beginning in beginnings if f" {beginning}" in text), None)


def _squeezed(text: str) -> str:
    return " ".join(re.findall(r"\w+", normalise(text)))


_CHECKS: Final[tuple[Callable[[Claim], Iterator[FailedCheck]], ...]] = (
    _citations,
    _numbers,
    _links,
    _codes,
    _language,
    _promises,
    _prompt,
)
