"""Orders held in memory: demo and tests."""

from collections.abc import Iterable

from support.orders.base import OrderSourceError, only
from support.orders.models import Order
from support.orders.numbers import normalize, spellings


class MemoryOrders:
    """OrderSource over a list; can be told to fail."""

    def __init__(self, orders: Iterable[Order] = (), *, failing: bool = False) -> None:
        self._orders = {normalize(order.number): order for order in orders}
        self.failing = failing

    async def find(self, number: str) -> Order | None:
        """Return the order a spelling means, None if there is none or more than one."""
        if self.failing:
            raise OrderSourceError("the orders in memory were told to fail")
        spelled = spellings(number)
        found = [order for key, order in self._orders.items() if key in spelled or _ends_with(key, spelled)]
        return only(found, spelled)


def _ends_with(key: str, spelled: tuple[str, ...]) -> bool:
    return any(spelling.isdecimal() and key.endswith(f"-{spelling}") for spelling in spelled)
