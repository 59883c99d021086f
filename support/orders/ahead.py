"""Orders on the network are fetched before the transaction in which something is decided about them: ADR 0023.

Inside a transaction the source only gives out what has been fetched. What has not raises OrderWanted, which rolls the
transaction back; whoever opened it fetches the order, with nothing held meanwhile, and decides anew.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from support.orders.base import OrderSource, OrderSourceError
from support.orders.models import Order

KEPT_S: Final = 10.0
"""Long enough to decide anew, too short to tell yesterday's state or to keep whoever's data."""
log = structlog.get_logger()


class OrderWanted(Exception):  # noqa: N818  # nothing went wrong: a step is missing
    """A decision needs an order that has not been fetched: roll back, ``fetch``, decide anew."""

    def __init__(self, fetch: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__("an order has to be fetched first")
        self.fetch = fetch
        """Fetches it; never raises, for a failure is something to decide about too."""


Answer = Order | OrderSourceError | None


@dataclass(slots=True)
class OrdersAhead:
    """OrderSource that never waits: gives out what was fetched shortly before."""

    source: OrderSource
    kept_s: float = KEPT_S
    _known: dict[str, Answer] = field(default_factory=dict, repr=False)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict, repr=False)

    async def find(self, number: str) -> Order | None:
        """Return what was fetched.

        Raises:
            OrderWanted: nothing was.
            OrderSourceError: the source failed.
        """
        if number not in self._known:
            raise OrderWanted(lambda: self.fetch(number))
        match self._known[number]:
            case OrderSourceError() as error:
                raise OrderSourceError(str(error)) from error
            case found:
                return found

    async def fetch(self, number: str) -> None:
        """Ask the source; who asks for the same meanwhile waits for the same answer."""
        task = self._under_way.get(number)
        if task is None:
            task = self._under_way[number] = asyncio.create_task(self._ask(number))
            task.add_done_callback(lambda _: self._under_way.pop(number, None))
        # One who is cancelled leaves the answer to the others.
        await asyncio.shield(task)

    async def _ask(self, number: str) -> None:
        answer: Answer
        try:
            answer = await self.source.find(number)
        except OrderSourceError as error:
            answer = error
        except Exception:
            # The edge: a mistake in the reading of a foreign answer calls a person like any other failure.
            log.exception("an order could not be looked up")
            answer = OrderSourceError("the look-up failed unexpectedly")
        self._known[number] = answer
        asyncio.get_running_loop().call_later(self.kept_s, self._known.pop, number, None)
