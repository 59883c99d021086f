"""Orders in the product's own SQL table, filled by ``otvet orders import``."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from support.order_tables import OrderRow
from support.orders.base import OrderSourceError, only
from support.orders.models import Order
from support.orders.numbers import spellings

# Enough to see that digits alone are ambiguous.
_CANDIDATES = 64


class SqlOrders:
    """OrderSource over the order_record table."""

    def __init__(self, reading: Callable[[], AbstractAsyncContextManager[AsyncSession]]) -> None:
        self._reading = reading

    async def find(self, number: str) -> Order | None:
        """Return the order a spelling means, None if there is none or more than one."""
        spelled = [spelling for spelling in spellings(number) if spelling]
        if not spelled:
            return None
        try:
            async with self._reading() as session:
                rows = list(await session.scalars(select(OrderRow).where(OrderRow.number.in_(spelled))))
                digits = [spelling for spelling in spelled if spelling.isdecimal()]
                if not rows and digits:
                    ends = or_(*(OrderRow.number.like(f"%-{spelling}") for spelling in digits))
                    rows = list(await session.scalars(select(OrderRow).where(ends).limit(_CANDIDATES)))
        except SQLAlchemyError as error:
            raise OrderSourceError(f"the table of orders cannot be read: {type(error).__name__}") from error
        return only([to_order(row) for row in rows], spelled)


def to_order(row: OrderRow) -> Order:
    """Turn a row into the value that leaves the database."""
    return Order(
        number=row.number,
        status=row.status,
        customer_name=row.customer_name,
        phone=row.phone,
        email=row.email,
        created_at=row.created_at,
        eta=row.eta,
        carrier=row.carrier,
        tracking=row.tracking,
        items=row.items,
        total=row.total,
    )
