"""The doctor's examination of the desk: the desk file, and where orders come from."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from otvet.findings import Finding, doubtful, good, wrong
from support.settings import Settings

if TYPE_CHECKING:
    from support.orders.remote import RemoteSource

MADE_UP: Final = "OTVET-DOKTOR-0000000"
"""An order number that nobody has."""
DATABASE_S: Final = 10.0


async def examine_desk_file(settings: Settings) -> list[Finding]:
    """Whether the desk file can be used, and what in it leads nowhere."""
    return await asyncio.to_thread(_examine_desk_file, settings)


def _examine_desk_file(settings: Settings) -> list[Finding]:
    from support.desk_check import doubts  # noqa: PLC0415
    from support.desk_file import DeskFileError, load  # noqa: PLC0415
    from support.intents.examples import IntentsError, load_intents  # noqa: PLC0415

    try:
        file = load(settings.desk_file)
    except DeskFileError as error:
        return [wrong(f"DESK_FILE: {line}") for line in str(error).splitlines()]
    try:
        intents = frozenset(intent.name for intent in load_intents(settings.intents_file))
    except IntentsError as error:
        return [wrong(str(error))]
    name = f"DESK_FILE {settings.desk_file}" if settings.desk_file else "DESK_FILE is not set: the bundled desk file"
    found = [doubtful(f"DESK_FILE: {doubt}.") for doubt in doubts(file, intents, settings.operators_chat_id)]
    return [good(f"{name} holds, rules: {len(file.rule)} (otvet desk check says what it means)."), *found]


async def examine_orders(settings: Settings) -> list[Finding]:
    """Whether the source of orders answers, and a made-up number is not found."""
    from support.orders.base import OrderSourceError  # noqa: PLC0415
    from support.orders.sources import company_source  # noqa: PLC0415

    try:
        source = company_source(settings)
    except OrderSourceError as error:
        return [wrong(f"{error}.")]
    if source is None:
        return await _imported(settings)
    try:
        return await _company(source, settings)
    finally:
        await source.close()


async def _company(source: "RemoteSource", settings: Settings) -> list[Finding]:
    from support.orders.base import OrderSourceError  # noqa: PLC0415
    from support.orders.foreign import ForeignOrders  # noqa: PLC0415
    from support.orders.remote import RemoteOrders  # noqa: PLC0415

    name = "ORDERS_URL" if settings.orders_url else "ORDERS_DATABASE_URL"
    try:
        found = await RemoteOrders(source).find(MADE_UP)
        columns = await source.columns(MADE_UP) if isinstance(source, ForeignOrders) else None
    except OrderSourceError as error:
        return [wrong(f"{name}: {error}.")]
    if found is not None:
        return [wrong(f"{name}: an order is found for a number that nobody has: look at how the number is used.")]
    answered = good(f"{name}: the orders answer, and a made-up number is not found.")
    if columns is None:
        return [answered, doubtful("Whether ORDERS_FIELDS fits shows a real order: otvet orders find NUMBER.")]
    return [answered, *_mapped(columns, settings)]


def _mapped(columns: Sequence[str], settings: Settings) -> list[Finding]:
    """Hold the query's columns against ORDERS_FIELDS."""
    from support.orders.fields import COLUMNS, PROOFS  # noqa: PLC0415

    fields = {str(ours): theirs for ours, theirs in settings.orders_fields.items()}
    there = [name for name in COLUMNS if fields.get(name, name).split(".")[0] in columns or fields.get(name) in columns]
    lost = [f"{ours}={theirs}" for ours, theirs in fields.items() if ours not in there]
    missing = ["status"] if "status" not in there else []
    missing += [] if set(PROOFS) & set(there) else ["phone or email"]
    if lost or missing:
        said = f"ORDERS_FIELDS names what the query does not give: {', '.join(lost)}. " if lost else ""
        said += f"Missing: {', '.join(missing)}. " if missing else ""
        return [wrong(f"{said}The query gives {', '.join(columns)}.")]
    return [good(f"ORDERS_QUERY gives {', '.join(there)}.")]


async def _imported(settings: Settings) -> list[Finding]:
    from sqlalchemy import func, select  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from support.availability import UNAVAILABLE  # noqa: PLC0415
    from support.database import Database  # noqa: PLC0415
    from support.order_tables import OrderRow  # noqa: PLC0415

    database = Database(settings.sql_url)
    try:
        async with asyncio.timeout(DATABASE_S), database.reading() as session:
            orders = await session.scalar(select(func.count()).select_from(OrderRow)) or 0
    except (*UNAVAILABLE, SQLAlchemyError, ModuleNotFoundError):
        return []  # said beside the database
    finally:
        await database.close()
    if not orders:
        return [doubtful("No orders: otvet orders import fills the table, or set ORDERS_URL or ORDERS_DATABASE_URL.")]
    return [good(f"Orders in the table: {orders}.")]
