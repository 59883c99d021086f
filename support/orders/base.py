"""Port to wherever the company keeps its orders."""

from collections.abc import Sequence
from typing import Protocol

from support.orders.models import Order


class OrderSourceError(Exception):
    """The orders cannot be reached now; the message is for the log and holds nothing of the order.

    OrderSourceError
    └── UnreachableError   nobody answered, or not now
    """


class UnreachableError(OrderSourceError):
    """Nobody answered, or not now: the same question may be answered in a moment."""


class OrderSource(Protocol):
    """Implemented by orders.sql, orders.memory, orders.http, orders.foreign, and by what is put around the last two."""

    async def find(self, number: str) -> Order | None:
        """Return the order that a customer's spelling of its number means.

        Digits alone find it when only one order has them. None if there is none, or more than one.

        Raises:
            OrderSourceError: the source cannot be reached.
        """
        ...


def only(orders: Sequence[Order], spelled: Sequence[str]) -> Order | None:
    """Return the order with the likeliest spelling, else the single one there is, else None."""
    by_number = {order.number: order for order in orders}
    for spelling in spelled:
        if spelling in by_number:
            return by_number[spelling]
    return orders[0] if len(orders) == 1 else None
