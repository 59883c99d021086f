"""Operators look at orders: what they see, and the record of who looked. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from support.operators import audit
from support.orders.models import Order
from support.tables import CustomerRow


@dataclass(frozen=True, slots=True)
class Seen:
    """An order as an operator gets to see it."""

    order: Order
    proved: bool
    """Whether the customer of the topic has proved that it is his."""


def see(
    session: AsyncSession, customer: CustomerRow, number: str, order: Order | None, now: datetime, *, operator_id: int
) -> Seen | None:
    """Record who looked at which order in whose topic; None when there is no such order."""
    shown = order.number if order else number
    audit(session, now, operator_id, "order_seen", order=shown, customer_id=customer.id, found=order is not None)
    if order is None:
        return None
    return Seen(order, any(order.number == proved for proved, _ in customer.proven_orders or []))
