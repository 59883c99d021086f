"""How much of an answer stands in its context: in all of it, in its best sentence, in the same order."""

import itertools
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import log, log1p
from typing import Final

import numpy as np

from workers.grounding.alignment import common_subsequence, in_order, likeness, ngrams, runs, share
from workers.grounding.words import Reading, lexicon, opposites, trigrams

# A word of so many letters weighs as much as any: short words are common words.
_FULL_LENGTH: Final = 8
_LONG_RUN: Final = 4
_LONGEST_RUN: Final = 8
_ALIKE: Final = 0.5
_MOST_UNKNOWN: Final = 12


def overlap(a: Reading, c: Reading, q: Reading) -> dict[str, float]:
    """Compare an answer with its context; ``q``: the question, whose words an answer may repeat."""
    best = _best(a, c)
    return {**_whole(a, c, q), **_beside(a, best), **_windows(a, c, best), **_turned(a, best), **_by_sentence(a, c)}


def _recall(stems: Sequence[str], among: AbstractSet[str]) -> float:
    weights = [min(len(stem), _FULL_LENGTH) for stem in stems]
    known = sum(weight for stem, weight in zip(stems, weights, strict=True) if stem in among)
    return known / sum(weights) if stems else 0.0


def _distinct(a: Reading) -> list[str]:
    return list(dict.fromkeys(a.content))


def _best(a: Reading, c: Reading) -> Reading:
    """Return the sentence of the context that holds most of the answer."""
    content = _distinct(a)

    def worth(sentence: Reading) -> float:
        density = len(a.stem_set & sentence.stem_set) / (1 + len(sentence.stem_set))
        return _recall(content, sentence.stem_set) + 1e-3 * density

    return max(c.sentences, key=worth)


def _whole(a: Reading, c: Reading, q: Reading) -> dict[str, float]:
    content = _distinct(a)
    unknown = [stem for stem in content if stem not in c.stem_set]
    like = [likeness(stem, c.content_set) for stem in unknown[:_MOST_UNKNOWN]]
    n = max(len(a.stems), 1)
    recall_all = sum(stem in c.stem_set for stem in a.stems) / n
    recall = share(a.content_set, c.stem_set, 0.0)
    run = runs(a.stems, c.stems)
    known_grams = frozenset(gram for word in c.content_set for gram in trigrams(word))
    own_grams = frozenset(gram for word in content for gram in trigrams(word))
    soft = len(content) - len(unknown) + sum(one for one in like if one > _ALIKE)
    return {
        "recall": recall,
        "recall_weighted": _recall(content, c.stem_set),
        "recall_all": recall_all,
        "recall_soft": soft / max(len(content), 1),
        "unknown": len(unknown),
        "unknown_log": log1p(len(unknown)),
        "ngram2": share(ngrams(a.stems, 2), ngrams(c.stems, 2), recall_all),
        "ngram3": share(ngrams(a.stems, 3), ngrams(c.stems, 3), recall_all),
        "content_bigram": share(ngrams(a.content, 2), ngrams(c.content, 2), recall),
        "run_max": float(run.max(initial=0)) / n,
        "run_long": float((run >= _LONG_RUN).sum()) / n,
        "run_mean": float(np.minimum(run, _LONGEST_RUN).sum()) / n / _LONGEST_RUN,
        "lcs_whole": common_subsequence(a.stems, c.stems) / n,
        "grams": share(own_grams, known_grams, 0.0),
        "like_min": min(like, default=1.0),
        "unknown_not_asked": share(a.content_set, c.stem_set | q.content_set, 0.0),
        "echo": share(a.content_set, q.content_set, 0.0),
    }


def _beside(a: Reading, best: Reading) -> dict[str, float]:
    n, common = max(len(a.stems), 1), common_subsequence(a.stems, best.stems)
    recall_all = sum(stem in best.stem_set for stem in a.stems) / n
    return {
        "best_precision": share(best.content_set, a.content_set, 0.0),
        "best_lcs": common / n,
        "best_lcs_back": common / max(len(best.stems), 1),
        "best_order": in_order(a.stems, best.stems),
        "best_bigram": share(ngrams(a.stems, 2), ngrams(best.stems, 2), recall_all),
        "best_recall_all": recall_all,
        "length_ratio": log(n / max(len(best.stems), 1)),
    }


def _windows(a: Reading, c: Reading, best: Reading) -> dict[str, float]:
    content, sentences = _distinct(a), c.sentences
    alone = _recall(content, best.stem_set)
    pairs = itertools.pairwise(sentences)
    return {
        "best_recall": alone,
        "pair_recall": max((_recall(content, x.stem_set | y.stem_set) for x, y in pairs), default=alone),
        "concentration": _recall(content, c.stem_set) - alone,
    }


def _turned(a: Reading, best: Reading) -> dict[str, float]:
    """Words that one has and the other lacks, and among them those that turn a sentence round."""
    ours, theirs = Counter(a.stems), Counter(best.stems)
    inserted, deleted = ours - theirs, theirs - ours
    found = {
        "inserted": log1p(inserted.total()),
        "deleted": log1p(deleted.total()),
        "inserted_content": log1p(sum(times for stem, times in inserted.items() if stem in a.content_set)),
        "deleted_content": log1p(sum(times for stem, times in deleted.items() if stem in best.content_set)),
        "opposites": float(sum((x, y) in opposites() for x in inserted for y in deleted)),
        "negation_parity": float((a.count("negations") - best.count("negations")) % 2),
    }
    for kind in ("negations", "quantifiers", "comparatives"):
        own, other = (Counter(word for word in one.words if word in lexicon(kind)) for one in (a, best))
        found |= {f"{kind}_added": float((own - other).total()), f"{kind}_dropped": float((other - own).total())}
    return found


def _by_sentence(a: Reading, c: Reading) -> dict[str, float]:
    """Judge each sentence of the answer alone: one invented sentence must not drown in the mean."""
    known, best, pairs, sizes = [], [], [], []
    context_pairs = ngrams(c.stems, 2)
    for sentence in a.sentences:
        content = _distinct(sentence)
        known.append(_recall(content, c.stem_set))
        best.append(max(_recall(content, one.stem_set) for one in c.sentences))
        pairs.append(share(ngrams(sentence.stems, 2), context_pairs, 0.0) if content else 0.0)
        sizes.append(max(len(sentence.stems), 1))
    return {
        "sentence_recall_min": min(known),
        "sentence_recall_max": max(known),
        "sentence_best_min": min(best),
        "sentence_best_mean": float(np.average(best, weights=sizes)),
        "sentence_bigram_min": min(pairs),
        "sentence_bigram_max": max(pairs),
    }
