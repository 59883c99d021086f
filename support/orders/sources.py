"""Which source the settings name."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncSession

from support.orders.ahead import OrdersAhead
from support.orders.base import OrderSource
from support.orders.remote import TIMEOUT_S, RemoteOrders, RemoteSource
from support.orders.sql import SqlOrders
from support.settings import Settings


def company_source(settings: Settings) -> RemoteSource | None:
    """Return the company's own system; None: orders are imported into our table.

    Raises:
        OrderSourceError: ORDERS_DATABASE_URL cannot be used.
    """
    # Neither is loaded by a bot whose orders are imported: httpx alone costs a tenth of a second of its start.
    from support.orders.foreign import ForeignOrders, reader_of  # noqa: PLC0415
    from support.orders.http import HttpOrders  # noqa: PLC0415

    fields = {str(ours): theirs for ours, theirs in settings.orders_fields.items()}
    if settings.orders_url:
        return HttpOrders(settings.orders_url, settings.orders_token.get_secret_value(), fields)
    if url := settings.orders_database_url.get_secret_value():
        return ForeignOrders(reader_of(url, settings.orders_query, TIMEOUT_S), fields)
    return None


def order_source(
    company: RemoteOrders | None, reading: Callable[[], AbstractAsyncContextManager[AsyncSession]]
) -> OrderSource:
    """Return what may be asked within a transaction: the fetched orders of the company, else our own table."""
    return SqlOrders(reading) if company is None else OrdersAhead(company)
