"""What the examples of a broad label are about: groups of those that mean the same, found without anybody's naming."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW_LABELS: Final = 20
"""From as many labels on each is a topic by itself."""
TOPIC_SIZE: Final = 40
"""Examples a topic has on average; 10 and 20 are worse where labels are narrow already, and no better elsewhere."""


def topics_of(columns: NDArray[np.int64], vectors: NDArray[np.float64], n_labels: int) -> NDArray[np.int64]:
    """Return int64[n]: the topic of each example, numbered from 0 label by label; strangers come last, as in columns.

    ``columns``: int64[n], 0..n_labels-1, or ``n_labels`` of a stranger; ``vectors``: float64[n, d], L2-normalised.
    Ward's hierarchical clustering (1963) of each label's sentence vectors.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  # a bot starts without it

    topics = np.empty_like(columns)
    n_topics = 0
    for label in range(n_labels):
        own = np.flatnonzero(columns == label)
        wanted = round(len(own) / TOPIC_SIZE)
        found = np.zeros(len(own), dtype=np.int64)
        if wanted > 1:
            found = np.unique(fcluster(linkage(vectors[own], "ward"), wanted, "maxclust"), return_inverse=True)[1]
        topics[own] = n_topics + found
        n_topics += int(found.max(initial=-1)) + 1
    topics[columns == n_labels] = n_topics
    return topics
