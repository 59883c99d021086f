"""What a judge model says about rows of context and answer, and what it adds to the words."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import Judged, JudgedError, groups_of
from evaluation.judge_fit import balanced_folds
from evaluation.judge_product import draft_of, job_of
from knowledge.logistic import LogisticRegression
from workers.engines.base import JudgeModel, Opinion
from workers.engines.remote_judge import PATIENCE_S, PEACE_S

FOLDS: Final = 5
_GIVEN_UP: Final = 3
_NEVER: Final = 1e12
_CERTAIN: Final = 1e-4


def ask(
    rows: Sequence[Judged], asked: JudgeModel, progress: Callable[[], None], sleep: Callable[[float], None]
) -> list[Opinion | None]:
    """Return the model's opinion of each row, None where it was not heard although it was asked twice.

    Raises:
        JudgedError: it was not heard several times in a row.
    """
    found: list[Opinion | None] = []
    silent = 0
    for number, row in enumerate(rows, start=1):
        record = asked.ask(job_of(row, number), draft_of(row), deadline=_NEVER)
        if record.unheard:
            # Customers are spared a judge that was just silent; here there is time.
            sleep(PEACE_S)
            record = asked.ask(job_of(row, number), draft_of(row), deadline=_NEVER)
        if record.supported is None or record.relevant is None:
            found.append(None)
            silent += 1
        else:
            found.append(Opinion(record.supported, record.relevant))
            silent = 0
        if silent == _GIVEN_UP:
            heard = sum(one is not None for one in found)
            raise JudgedError(
                f"{asked.model} was heard about {heard} of {number} rows, and about none of the last {silent}: "
                f"{record.unheard}. Look whether its server runs, and answers within {PATIENCE_S:.0f} s."
            )
        progress()
    return found


def fitted_together(
    rows: Sequence[Judged], log_odds: NDArray[np.float64], opinions: Sequence[Opinion], labels: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Return log odds of a logistic regression on words and model, each row from the other folds; None: too few rows.

    ``log_odds``: of the words, float64[n]. Rows that share a context stay together.
    """
    groups = np.array(groups_of(rows))
    if groups.max() + 1 < 2 * FOLDS or min(labels.sum(), (1 - labels).sum()) < 2 * FOLDS:
        return None
    told = np.clip([[one.supported, one.relevant] for one in opinions], _CERTAIN, 1 - _CERTAIN)
    features = np.column_stack([log_odds, np.log(told / (1 - told))])
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    fold = balanced_folds(groups, labels, FOLDS, seed=3)
    found = np.zeros(len(rows))
    for one in range(FOLDS):
        test = fold == one
        model = LogisticRegression.fit(features[~test], labels[~test], n_classes=2)
        weights, bias = model.weights[:, 1] - model.weights[:, 0], model.bias[1] - model.bias[0]
        found[test] = features[test] @ weights + bias
    return found
