"""How well the classifier of intents tells labels apart, and strangers from all of them, beside a plain peer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.sparse import csr_array, diags_array
from scipy.stats import rankdata

from evaluation.intent_rows import Row
from knowledge.logistic import LogisticRegression
from knowledge.sentences import SentenceEmbedder
from support.intents.features import TfIdf, word_terms
from support.intents.text_classifier import UNKNOWN, Readings, TextClassifier

ACCEPTED: Final = 0.5
"""Of ``known``: it is calibrated so that examples and strangers are equally frequent."""
_RESAMPLES: Final = 400
_PEER_PENALTY: Final = 0.1
RARE: Final = 0.2
_TWO: Final = 2

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


class Figure(BaseModel):
    """A figure with its 95 % bootstrap interval over the test rows."""

    model_config = ConfigDict(frozen=True)

    value: float
    interval: tuple[float, float]


class IntentsReport(BaseModel):
    """Figures of each system over one set of rows."""

    model_config = ConfigDict(frozen=True)

    group: str
    learned_from: int
    asked: int
    labels: int
    strangers: int
    sentence_model: str = ""
    """Whose vectors «ours» had beside words; empty when none."""
    systems: Mapping[str, Mapping[str, Figure]]


def measure_intents(
    pairs: Sequence[tuple[Sequence[Row], Sequence[Row]]],
    *,
    group: str = "",
    embedder: SentenceEmbedder | None = None,
    peer: bool = True,
) -> IntentsReport:
    """Learn from the first rows of each pair and ask about the second; the pairs' answers are counted together."""
    names = sorted({row.label for learned, _ in pairs for row in learned if row.label is not None})
    right = np.concatenate([_labels(asked, names) for _, asked in pairs])
    systems: dict[str, Mapping[str, Figure]] = {}
    for name, system in _systems(embedder, peer=peer).items():
        found = [system(learned, _labels(learned, names), asked, len(names)) for learned, asked in pairs]
        readings = Readings(
            np.vstack([one.probabilities for one in found]), np.concatenate([one.known for one in found])
        )
        systems[name] = _figures(right, readings)
    return IntentsReport(
        group=group,
        learned_from=len(pairs[0][0]),
        asked=len(right),
        labels=len(names),
        strangers=int((right == UNKNOWN).sum()),
        sentence_model="" if embedder is None else embedder.name,
        systems=systems,
    )


System = Callable[[Sequence[Row], Labels, Sequence[Row], int], Readings]


def _systems(embedder: SentenceEmbedder | None, *, peer: bool) -> dict[str, System]:
    def ours(learned: Sequence[Row], labels: Labels, asked: Sequence[Row], n_labels: int) -> Readings:
        return _present(learned, labels, asked, n_labels, None)

    def with_vectors(learned: Sequence[Row], labels: Labels, asked: Sequence[Row], n_labels: int) -> Readings:
        return _present(learned, labels, asked, n_labels, embedder)

    systems: dict[str, System] = {"ours": ours}
    if embedder is not None:
        systems = {"ours": with_vectors, "ours, words alone": ours}
    if peer:
        systems["TF-IDF + logistic regression"] = _peer
    return systems


def _present(
    learned: Sequence[Row], labels: Labels, asked: Sequence[Row], n_labels: int, embedder: SentenceEmbedder | None
) -> Readings:
    texts, questions = [row.text for row in learned], [row.text for row in asked]
    known = None if embedder is None else embedder.embed_questions(texts)
    vectors = None if embedder is None else embedder.embed_questions(questions)
    return TextClassifier.fit(texts, labels, n_labels=n_labels, vectors=known).read(questions, vectors)


def _peer(learned: Sequence[Row], labels: Labels, asked: Sequence[Row], n_labels: int) -> Readings:
    """Words and pairs of words, strangers a label of their own; how sure it is tells strangers."""
    texts = [row.text for row in learned]
    terms = TfIdf.fit(texts, word_terms, min_texts=1)
    columns = np.where(labels == UNKNOWN, n_labels, labels)
    fitted = LogisticRegression.fit(_unit(terms.rows(texts)), columns, n_classes=n_labels + 1, penalty=_PEER_PENALTY)
    own = fitted.probabilities(_unit(terms.rows([row.text for row in asked])))[:, :n_labels]
    return Readings(own / own.sum(axis=1, keepdims=True), own.max(axis=1))


def _unit(rows: csr_array) -> csr_array:
    """Return the rows with a length of one, as usual: ours are shortened by words that no example has."""
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    return csr_array(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows)


def _labels(rows: Sequence[Row], names: Sequence[str]) -> Labels:
    places = {name: place for place, name in enumerate(names)}
    return np.array([UNKNOWN if row.label is None else places.get(row.label, UNKNOWN) for row in rows])


def _figures(right: Labels, readings: Readings) -> dict[str, Figure]:
    taken = readings.probabilities.argmax(axis=1)
    routed = np.where(readings.known >= ACCEPTED, taken, UNKNOWN)
    known, sure = right != UNKNOWN, readings.known
    n_labels = readings.probabilities.shape[1]
    figures: dict[str, Figure | None] = {
        "in-scope accuracy": _figure(lambda at: _mean((taken == right)[at][known[at]]), len(right)),
        "in-scope macro-F1": _figure(lambda at: macro_f1(right[at][known[at]], taken[at][known[at]]), len(right)),
    }
    if not known.all():
        figures |= {
            "out-of-scope AUROC": _figure(lambda at: ranked_above(sure[at], known[at]), len(right)),
            "accuracy with rejection": _figure(lambda at: float((routed == right)[at].mean()), len(right)),
            "macro-F1 with rejection": _figure(lambda at: macro_f1(right[at], routed[at]), len(right)),
        }
    rarer = np.bincount(right[known], minlength=n_labels).argmin()
    if n_labels == _TWO and (right == rarer).mean() < RARE:
        score = readings.probabilities[:, rarer]
        figures["average precision of the rare label"] = _figure(
            lambda at: average_precision(score[at], right[at] == rarer), len(right)
        )
        figures["AUROC of the rare label"] = _figure(lambda at: ranked_above(score[at], right[at] == rarer), len(right))
    return {name: figure for name, figure in figures.items() if figure is not None}


def _figure(of: Callable[[NDArray[np.int64]], float], n: int) -> Figure | None:
    """Measure all rows, and the 95 % percentile interval of resampled ones (Efron 1979); None of NaN."""
    if np.isnan(value := of(np.arange(n))):
        return None
    random = np.random.default_rng(0)
    drawn = [of(random.integers(n, size=n)) for _ in range(_RESAMPLES)]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Figure(value=value, interval=(float(low), float(high)))


def _mean(outcomes: NDArray[np.bool_]) -> float:
    return float(outcomes.mean()) if len(outcomes) else float("nan")


def macro_f1(right: Labels, taken: Labels) -> float:
    """Return the mean F1 of the labels that are right somewhere; NaN of no rows."""
    labels = np.unique(right)
    offset = 1 - UNKNOWN
    size = int(max(right.max(initial=0), taken.max(initial=0))) + offset + 1
    hits = np.bincount(right[right == taken] + offset, minlength=size)
    both = np.bincount(right + offset, minlength=size) + np.bincount(taken + offset, minlength=size)
    return float((2 * hits[labels + offset] / both[labels + offset]).mean()) if len(labels) else float("nan")


def ranked_above(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive scores above a negative, ties counting half; NaN without both."""
    n = int(positive.sum())
    if n in {0, len(positive)}:
        return float("nan")
    surplus = float(rankdata(scores)[positive].sum()) - n * (n + 1) / 2
    return surplus / (n * (len(positive) - n))


def average_precision(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Return the mean precision at each positive, highest score first; NaN without one."""
    hits = positive[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else float("nan")


def render_intents(reports: Sequence[IntentsReport]) -> str:
    """Return the reports as lines of plain text."""
    lines: list[str] = []
    for report in reports:
        lines.append(
            f"{report.group or 'all rows'}: {report.labels} labels, learned from {report.learned_from}, "
            f"asked {report.asked}, of them {report.strangers} strangers"
            + (f"; with sentence vectors of {report.sentence_model}" if report.sentence_model else "")
        )
        if report.strangers == report.asked:
            lines.append("  not measurable: how well labels are told apart, for every row asked is a stranger")
        for name, figures in report.systems.items():
            lines.append(f"  {name}")
            for title, figure in figures.items():
                low, high = figure.interval
                lines.append(f"    {title:38}{figure.value:>7.3f}   95 %: {low:.3f}–{high:.3f}")
    return "\n".join(lines)
