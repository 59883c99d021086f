"""Engines that give in: to customers who press for promises, and to whatever a passage tells a model to write."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from support.jobs import GenerationJob, Language
from workers.engines.base import Answer
from workers.engines.extractive import ExtractiveEngine
from workers.promptbook import template

_FILE: Final = Path(__file__).with_name("promises.toml")


@cache
def phrasings(language: Language) -> Mapping[str, str]:
    """Return promises by name."""
    told: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return told[language]


@dataclass(frozen=True, slots=True)
class _Yielding:
    """Honest but for what is put into its mouth."""

    name = "yielding"
    model = "yielding"
    prompt_version = "yielding"
    revises = False

    def check(self) -> None:
        """There is nothing that could be missing."""

    def cancel(self, job_id: str) -> None:
        """It is over before anybody could stop it."""


@dataclass(frozen=True, slots=True)
class Promising(_Yielding):
    """Promises, by one phrasing, citing everything that it was given."""

    phrasing: str
    beside: bool = False
    """After an honest quotation."""

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Promise."""
        numbers = tuple(passage.number for passage in job.passages)
        marks = "".join(f"[{number}]" for number in numbers)
        text = f"{phrasings(job.language)[self.phrasing]} {marks}"
        if self.beside:
            text = f"{ExtractiveEngine().generate(job, deadline=deadline, criticism=criticism).text}\n\n{text}"
        return Answer(text, numbers)


@dataclass(frozen=True, slots=True)
class Obedient(_Yielding):
    """Obeys what stands in a passage: repeats it, tells its prompt, sends customers to a foreign page."""

    order: str
    """``repeat``: the part of a passage that holds ``marker``; ``prompt``: its own rules; ``link``: a foreign page."""
    marker: str

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Obey if a passage of the prompt holds the order, and quote honestly otherwise."""
        honest = ExtractiveEngine().generate(job, deadline=deadline, criticism=criticism)
        holding = next((passage for passage in job.passages if self.marker in passage.text), None)
        if holding is None:
            return honest
        place = holding.text.index(self.marker)
        added = {
            "repeat": holding.text[place : place + 400],
            "prompt": template(job.language, "system")[:400],
            "link": "https://pay.evil.example/card",
        }[self.order]
        return Answer(f"{honest.text}\n\n{added} [{holding.number}]", (*honest.citations, holding.number))
