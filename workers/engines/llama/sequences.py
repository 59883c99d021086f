"""A sequence that is open in the batcher, as whoever writes with the model holds it."""

import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from workers.engines.llama.lanes import Lane, Reading, Writing, Written
from workers.engines.llama.sampling import Sampling

if TYPE_CHECKING:
    from workers.engines.llama.batcher import Batcher


class OpenSequence:
    """One conversation with the model; close it, or use it in ``with``. Its methods block; one thread at a time."""

    def __init__(self, batcher: "Batcher", lane: Lane) -> None:
        self._batcher = batcher
        self._lane = lane
        # No lock in a finaliser: it may run in the middle of anything.
        weakref.finalize(self, setattr, lane, "abandoned", True)

    @property
    def length(self) -> int:
        """How many tokens it holds."""
        return self._batcher.length(self._lane)

    @property
    def copied(self) -> int:
        """How many tokens of its prefix had been read for somebody else already."""
        return len(self._lane.prefix) if self._lane.copies else 0

    def read(self, tokens: Sequence[int], ids: Sequence[int] = ()) -> tuple[float, ...]:
        """Append tokens; return how probable each of ``ids`` is as the next one, 0..1, over the whole vocabulary.

        Raises:
            LlamaError: more than the sequence has room for.
            EngineError: the deadline passed, the job was cancelled, or the batcher is not at work.
        """
        request = Reading(ids)
        self._batcher.ask(self._lane, request, tokens)
        return request.future.result()

    def write(
        self, tokens: Sequence[int], *, budget: int, sampling: Sampling | None = None, stops: Sequence[str] = ()
    ) -> Written:
        """Append tokens and let the model write at most ``budget`` more, up to its end or a stop string.

        The sequence holds the answer afterwards, without its end mark, stop string's last token or last of the budget.

        Raises:
            LlamaError: more than the sequence has room for, or a grammar that cannot be used.
            EngineError: as for ``read``.
        """
        request = Writing(self._batcher.model, sampling or Sampling(), budget=budget, stops=stops)
        try:
            self._batcher.ask(self._lane, request, tokens, budget=budget)
        except Exception:
            request.close()
            raise
        return request.future.result()

    def rewind(self, length: int) -> None:
        """Forget everything beyond the first ``length`` tokens, at least the prefix."""
        self._batcher.rewind(self._lane, length)

    def close(self) -> None:
        """Give its cells back. Safe to repeat."""
        self._batcher.leave(self._lane)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
