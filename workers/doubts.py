"""Why a score is no higher: which of its features took most away, and what exactly in the draft or the question."""

from collections.abc import Mapping, Sequence
from typing import Final

from support.jobs import Doubt, DoubtName
from workers.grounding.features import measure
from workers.grounding.words import Reading

MOST: Final = 2
# What takes less log odds away is not worth an operator's time.
_HEAVY: Final = 0.4
_LENGTH: Final = 80
_SCRIPT: Final = 0.5
_BY_FEATURE: Final = {
    "answerable": DoubtName.QUESTION,
    "covered": DoubtName.SUBJECT,
    "grounded": DoubtName.SENTENCE,
    "grounded_min": DoubtName.SENTENCE,
    "backed": DoubtName.SENTENCE,
    "named": DoubtName.NAME_ASKED,
    "figure": DoubtName.FIGURE,
    "standing": DoubtName.SOURCE_RANK,
    "supported": DoubtName.MODEL_SUPPORT,
    "relevant": DoubtName.MODEL_RELEVANCE,
    "unheard": DoubtName.MODEL_UNHEARD,
}


def doubts(taken: Mapping[str, float], *, unknown_names: Sequence[str], worst: str, context: str) -> tuple[Doubt, ...]:
    """Name what took most, the heaviest first.

    ``taken``: the log odds that each feature gave, negative: took; ``worst``: the sentence least backed by ``context``.
    """
    found: dict[DoubtName, Doubt] = {}
    for feature in sorted(taken, key=lambda name: taken[name]):
        if taken[feature] > -_HEAVY or feature not in _BY_FEATURE:
            continue
        doubt = Doubt(name=_BY_FEATURE[feature])
        if doubt.name is DoubtName.SENTENCE:
            if not worst:
                continue
            doubt = of_sentence(worst, context)
        elif doubt.name is DoubtName.NAME_ASKED:
            doubt = Doubt(name=doubt.name, detail=_cut(", ".join(unknown_names)))
        found.setdefault(doubt.name, doubt)
    return tuple(found.values())[:MOST]


def of_sentence(sentence: str, context: str) -> Doubt:
    """Say what of a sentence its source lacks: a number, a name, the same sense, the language, or all of it."""
    own, source = Reading(sentence), Reading(context)
    features = measure("", context, sentence)
    if numbers := [one for one in dict.fromkeys(own.numbers) if one not in source.stem_set]:
        return Doubt(name=DoubtName.NUMBER, detail=_cut(", ".join(numbers)))
    if features["script_gap"] > _SCRIPT:
        return Doubt(name=DoubtName.LANGUAGE, detail=_cut(sentence))
    unknown = own.inner_names - source.stem_set
    if unknown:
        said = [word for word, stem in zip(own.words, own.stems, strict=True) if stem in unknown]
        return Doubt(name=DoubtName.NAME, detail=_cut(", ".join(dict.fromkeys(said))))
    if features["negation_parity"] or features["opposites"]:
        return Doubt(name=DoubtName.NEGATION, detail=_cut(sentence))
    return Doubt(name=DoubtName.SENTENCE, detail=_cut(sentence))


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1].rstrip() + "…"
