"""The order as a customer may hear about it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class OrderStatus(StrEnum):
    """The statuses that have texts of their own; any other is shown as it stands."""

    PROCESSING = "processing"
    SHIPPED = "shipped"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; a text is empty where the company does not know."""

    number: str
    """Normalised by ``support.orders.numbers.normalize``."""
    status: str
    """A value of OrderStatus, or the company's own word."""
    customer_name: str = ""
    phone: str = ""
    email: str = ""
    created_at: date | None = None
    eta: date | None = None
    carrier: str = ""
    tracking: str = ""
    items: str = ""
    total: str = ""

    @property
    def known_status(self) -> OrderStatus | None:
        """The status if it is one of ours, None for the company's own word."""
        return next((status for status in OrderStatus if status == self.status), None)
