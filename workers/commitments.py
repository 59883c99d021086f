"""What an answer commits the company to that its cited passages do not: a grant, a pledge, a time counted from now.

Numbers, dates and the words of a benefit are checked elsewhere. Here is what they leave open: «мы вернём вам деньги»
over a rule about returns, «завтра» over a rule without it, «для вас доставка бесплатна» over a rule with a condition.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from knowledge.tokens import normalise, terms
from workers.promptbook import promises
from workers.sentences import units

_WORD: Final = re.compile(r"[^\W_]+|%")
_FILE: Final = Path(__file__).parent / "prompts" / "commitments.toml"


def unsupported(answer: str, source: str) -> Iterator[str]:
    """Yield what the answer's sentences commit to and the source, the text of its cited passages, does not."""
    words, known = _told(), _spaced(source)
    held = [_spaced(unit) for unit in units(source)]
    said = False
    for sentence in map(_spaced, units(answer)):
        said = said or not _is_bare_assent(sentence, words["assents"])
        for kind in ("verbs", "pledges", "times"):
            yield from (f"{kind}: {word}" for word in _in(sentence, words[kind]) if f" {word} " not in known)
        yield from _without_condition(sentence, held, words)
    if not said:
        yield "assent"


def _without_condition(sentence: str, held: Sequence[str], words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the benefit that the sentence gives this customer outright and the source only on a condition."""
    if not _in(sentence, words["personal"]) or _is_conditional(sentence, words["conditions"]):
        return
    meant = set(terms(" ".join(word for word in sentence.split() if word not in words["personal"])))
    for group, beginnings in promises().items():
        if not _begins(sentence, beginnings):
            continue
        rules = [rule for rule in held if _begins(rule, beginnings)]
        if rules and not any(_gives(rule, meant, words["conditions"]) for rule in rules):
            yield f"{group} without its condition"


def _gives(rule: str, meant: set[str], conditions: Sequence[str]) -> bool:
    """Whether a rule gives what is meant outright, and hardly speaks of anything that narrows it."""
    held = set(terms(rule))
    return not _is_conditional(rule, conditions) and meant <= held and len(held) <= 2 * len(meant)


def _is_conditional(sentence: str, conditions: Sequence[str]) -> bool:
    return any(letter.isdecimal() for letter in sentence) or bool(_in(sentence, conditions))


def _is_bare_assent(sentence: str, assents: Sequence[str]) -> bool:
    for assent in assents:
        sentence = sentence.replace(f" {assent} ", "  ")
    return not terms(sentence)


def _in(text: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if f" {word} " in text]


def _begins(text: str, beginnings: Sequence[str]) -> bool:
    return any(f" {beginning}" in text for beginning in beginnings)


def _spaced(text: str) -> str:
    return f" {' '.join(_WORD.findall(normalise(text)))} "


@cache
def _told() -> dict[str, tuple[str, ...]]:
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {kind: tuple(table["words"]) for kind, table in told.items()}
