"""Which orders a customer has proved to be his: operators need not ask for them again."""

from datetime import datetime, timedelta
from typing import Final

from support.tables import CustomerRow

MOST: Final = 5
BEFORE: Final = timedelta(hours=12)
"""An order proved so long before a person was called belongs to what he is called about."""
SHOWN: Final = 3


def remember(customer: CustomerRow, number: str, now: datetime) -> None:
    """Keep the number of an order that the customer has proved to be his."""
    others = [one for one in customer.proven_orders or [] if one[0] != number]
    customer.proven_orders = [*others, [number, now.isoformat()]][-MOST:]


def lately(customer: CustomerRow, since: datetime) -> tuple[str, ...]:
    """Return the numbers proved shortly before a moment or later, the newest last."""
    proved = ((number, datetime.fromisoformat(at)) for number, at in customer.proven_orders or [])
    return tuple(number for number, at in proved if at >= since - BEFORE)


def masked(number: str) -> str:
    """Show only the end of an order's number: enough to tell orders apart."""
    return f"•••{number[-SHOWN:]}" if len(number) > SHOWN else "•••"
