"""What is measured about an answer and its context, by name, and which way each measure may count."""

from math import log, log1p
from typing import Final

from workers.grounding.alignment import share
from workers.grounding.overlap import overlap
from workers.grounding.questions import fit_to_question
from workers.grounding.windows import windows
from workers.grounding.words import Reading, lexicon, script

_KINDS: Final = ("negations", "quantifiers", "comparatives", "first_person", "hedges", "chat", "second_person")
# More of these never makes an answer less supported, or more: a fit may not learn otherwise from an odd collection.
RISES: Final = frozenset(
    [
        "recall",
        "recall_weighted",
        "recall_all",
        "ngram2",
        "ngram3",
        "content_bigram",
        "run_max",
        "run_long",
        "run_mean",
        "lcs_whole",
        "grams",
        "like_min",
        "recall_soft",
        "unknown_not_asked",
        "best_recall",
        "pair_recall",
        "best_lcs",
        "best_lcs_back",
        "best_order",
        "best_bigram",
        "best_recall_all",
        "numbers_share",
        "names_share",
        "capitals_share",
        "sentence_recall_min",
        "sentence_recall_max",
        "sentence_best_min",
        "sentence_best_mean",
        "sentence_bigram_min",
        "sentence_bigram_max",
        "number_fit",
        "who_fit",
        "where_fit",
        "year_fit",
        "near",
        "near_side",
        "asked_sentence",
        "found",
        "rare_recall",
        "wide_recall",
        "clause_min",
        "clause_mean",
        "clause_alone_min",
        "clause_alone_mean",
        "pairs_together",
        "facts_together",
    ]
)
FALLS: Final = frozenset(
    [
        "unknown",
        "unknown_log",
        "numbers_unknown",
        "names_unknown",
        "capitals_unknown",
        "near_gap",
        "near_rank",
        "asked_sentence_gap",
        "opposites",
        "negations_added",
        "negations_dropped",
        "quantifiers_added",
        "comparatives_added",
        "negation_parity",
        "inserted",
        "inserted_content",
        "hedges_share",
        "first_person_share",
        "script_gap",
        "echo",
        "asked_echo",
        "number_unwanted",
        "question_marks",
        "wide_unknown",
        "rare_unknown",
        "rare_unlike",
    ]
)
# A long answer or page counts no further.
_MOST_WORDS: Final = 400
_MOST_CONTEXT: Final = 20_000


def measure(question: str, context: str, answer: str) -> dict[str, float]:
    """Return every feature: shares 0..1, small counts, logarithms of lengths; ``question`` may be empty."""
    a = Reading(answer[: _MOST_WORDS * 10])
    c, q = Reading(context[:_MOST_CONTEXT]), Reading(question[: _MOST_WORDS * 10])
    own = {**overlap(a, c, q), **windows(a, c), **_lengths(a, c), **_facts(a, c), **_wording(a)}
    return own | fit_to_question(a, c, q)


def sign(name: str) -> int:
    """1: the score may only rise with it, -1: only fall, 0: either."""
    return (name in RISES) - (name in FALLS)


def _lengths(a: Reading, c: Reading) -> dict[str, float]:
    return {
        "sentences": log(len(a.sentences)),
        "context_sentences": log(len(c.sentences)),
        "answer_words": log1p(len(a.stems)),
        "content_words": log1p(len(a.content_set)),
        "context_words": log1p(len(c.stems)),
    }


def _facts(a: Reading, c: Reading) -> dict[str, float]:
    numbers, known = frozenset(a.numbers), frozenset(c.numbers)
    return {
        "numbers": min(len(numbers), 5),
        "numbers_unknown": min(len(numbers - known), 5),
        "numbers_share": share(numbers, known, 1.0),
        "names": min(len(a.inner_names), 10),
        "names_unknown": min(len(a.inner_names - c.stem_set), 5),
        "names_share": share(a.inner_names, c.stem_set, 1.0),
        "capitals_unknown": min(len(a.names - c.stem_set), 5),
        "capitals_share": share(a.names, c.stem_set, 1.0),
        "cyrillic": script(a.text),
        "script_gap": abs(script(a.text) - script(c.text)),
    }


def _wording(a: Reading) -> dict[str, float]:
    n = max(len(a.words), 1)
    return {
        **{f"{kind}_share": a.count(kind) / n for kind in _KINDS},
        "chat_first": float(bool(a.words) and a.words[0] in lexicon("chat")),
        "question_marks": min(a.text.count("?"), 3),
        "exclamations": min(a.text.count("!"), 3),
        "content_share": len(a.content) / n,
        "ends": float(a.text.rstrip()[-1:] in {".", "!", "?", "…"}),
        "repeated": 1 - len(a.stem_set) / n,
    }
