"""Forward passes of a model: how many texts each takes, and requests that are worked off a pass at a time."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_PASSAGES: Final = 32
A_PASS_S: Final = 0.1
"""A pass over what can wait takes about so long: a question that comes meanwhile waits for it."""

Pass = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → float32[n, d]."""


@dataclass(slots=True)
class Pace:
    """How many texts a pass takes."""

    at_once: int = 1

    def learn(self, n: int, took_s: float) -> None:
        """Take as many as ``A_PASS_S`` allows after a pass over ``n``."""
        if n == self.at_once or took_s > A_PASS_S:
            self.at_once = max(1, min(MOST_PASSAGES, 2 * self.at_once, int(n * A_PASS_S / took_s)))


@dataclass(slots=True)
class Job:
    """A request worked off a part at a time, short texts first: they are padded to the longest of a pass."""

    request_id: str
    texts: Sequence[str]
    work: Pass
    pace: Pace
    is_urgent: bool
    """Whoever asked has a deadline, and the request goes with it."""
    left: deque[int] = field(default_factory=deque)
    rows: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left.extend(sorted(range(len(self.texts)), key=lambda row: len(self.texts[row])))
