"""The file of /mydata: made when the call is, so that the ledger holds no second copy of everything."""

from typing import Any, Final

from aiogram.types import BufferedInputFile

from bot.unit import Units
from support.personal_data import document
from support.tables import CustomerRow
from support.transport_tables import DeliveryRow

MYDATA: Final = "otvet:mydata"
"""Stands in the ledger in the place of the file."""
FILE_NAME: Final = "my-data.json"


async def filled(units: Units, row: DeliveryRow, payload: dict[str, Any]) -> dict[str, Any]:
    """Put the file into the call that asks for it; any other call stays as it is."""
    if payload.get("document") != MYDATA or row.customer_id is None:
        return payload
    async with units.database.reading() as session:
        customer = await session.get_one(CustomerRow, row.customer_id)
        content = await document(session, customer, units.clock())
    return payload | {"document": BufferedInputFile(content, FILE_NAME)}
