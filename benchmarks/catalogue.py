"""A knowledge base of question–answer pairs, each about a name of its own: every answer tells what it answers."""

import csv
from pathlib import Path
from typing import Final

MODELS: Final = 48
SYLLABLES: Final = ("ба", "ве", "ги", "до", "жу", "за", "ке", "ли", "мо", "ну", "па", "ре", "си", "то", "фу", "ха")
STEP: Final = 40503
"""Odd, so that every number below 2 ** 16 gets a name of its own (Knuth's multiplicative hashing)."""


def model(number: int) -> str:
    """Return an invented name: four syllables that no other number has."""
    mixed = number * STEP % 2**16
    return "".join(SYLLABLES[mixed >> shift & 15] for shift in (12, 8, 4, 0)).capitalize()


def question(number: int) -> str:
    """Return what a customer asks."""
    return f"Какая гарантия на модель «{model(number)}»?"


def answer(number: int) -> str:
    """Return what the bot must say."""
    return f"Гарантия на модель «{model(number)}» действует {number + 1} мес. и указана в талоне."


def write(folder: Path, models: int = MODELS) -> None:
    """Put the knowledge base's source into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "warranty.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("question", "answer"))
        rows.writerows((question(number), answer(number)) for number in range(1, models + 1))
