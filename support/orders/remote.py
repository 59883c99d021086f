"""Patience with a source on the network: a limit of time, one more try where it helps, rest for one that is down."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from support.orders.base import OrderSource, UnreachableError
from support.orders.models import Order

TIMEOUT_S: Final = 3.0
ATTEMPTS: Final = 2
MOST_FAILURES: Final = 5
REST_S: Final = 30.0


class RemoteSource(OrderSource, Protocol):
    """An order source that holds connections: orders.http and orders.foreign."""

    async def close(self) -> None:
        """Close them."""
        ...


def jitter_s() -> float:
    """Return the pause before another try: many that failed together must not come back together."""
    return random.uniform(0.1, 0.4)  # noqa: S311  # nothing secret


@dataclass(slots=True)
class Breaker:
    """Leaves a source alone that has failed several times in a row; then one question at a time probes it.

    The pattern: M. Nygard, Release It!, «Circuit Breaker».
    """

    most_failures: int = MOST_FAILURES
    rest_s: float = REST_S
    clock: Callable[[], float] = time.monotonic
    _failures: int = 0
    _open_until: float = 0.0

    def allows(self) -> bool:
        """Whether the source may be asked now; after its rest, one question an interval is let through."""
        if self._failures < self.most_failures:
            return True
        if self.clock() < self._open_until:
            return False
        self._open_until = self.clock() + self.rest_s
        return True

    def worked(self) -> None:
        """Note that the source answered, whatever it said."""
        self._failures = 0

    def failed(self) -> None:
        """Note that it did not."""
        self._failures += 1
        if self._failures >= self.most_failures:
            self._open_until = self.clock() + self.rest_s


@dataclass(slots=True)
class RemoteOrders:
    """OrderSource over another one on the network.

    Looking an order up changes nothing there, so it may be repeated; what ran out of time is not: the customer has
    waited long enough, and a slow service is not helped by more questions.
    """

    source: RemoteSource
    timeout_s: float = TIMEOUT_S
    breaker: Breaker = field(default_factory=Breaker)
    pause_s: Callable[[], float] = jitter_s

    async def find(self, number: str) -> Order | None:
        """Ask the source, twice at most.

        Raises:
            OrderSourceError: it failed, or it is left alone after failures.
        """
        if not self.breaker.allows():
            raise UnreachableError(f"the orders failed {self.breaker.most_failures} times in a row: they rest a moment")
        try:
            found = await self._find(number)
        except UnreachableError:
            self.breaker.failed()
            raise
        except Exception:
            # It answers, only not as it should; a single odd order must not hide all others.
            self.breaker.worked()
            raise
        self.breaker.worked()
        return found

    async def close(self) -> None:
        """Close the source's connections."""
        await self.source.close()

    async def _find(self, number: str) -> Order | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(self.timeout_s):
                    return await self.source.find(number)
            except TimeoutError as error:
                raise UnreachableError(f"no answer about the order within {self.timeout_s:g} s") from error
            except UnreachableError:
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(self.pause_s())
        raise AssertionError("the last attempt returns or raises")
