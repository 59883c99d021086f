"""From a record of the company's own system to an order: which field is which, dates, statuses, clean text."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from support.orders.models import Order, OrderStatus
from support.orders.numbers import MAX_LENGTH, normalize

COLUMNS: Final = (
    "order_number", "status", "customer_name", "phone", "email",
    "created_at", "eta", "carrier", "tracking", "items", "total",
)  # fmt: skip
PROOFS: Final = ("phone", "email")
"""At least one of them, or nobody can prove that an order is his."""
_LIMITS: Final = {"status": 64, "phone": 64, "email": 254}
_TEXT_LIMIT: Final = 1000
_LISTED: Final = 100
_DATE_FORMATS: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y")
# C0 and C1 controls, zero-width characters, direction overrides: invisible in a chat, able to mislead there.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


class FieldError(Exception):
    """A record cannot be an order; the message says why and never quotes the record."""


def visible(text: str) -> str:
    """Return one line of visible text."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


def status_of(text: str) -> str:
    """Return one of ours in its own spelling (``Ready for pickup``), any other as it stands."""
    spelled = re.sub(r"[\s-]+", "_", text.casefold())
    return spelled if spelled in set(OrderStatus) else text


def date_of(name: str, text: str) -> date | None:
    """Return the day in ``2026-11-21``, ``21.11.2026`` or a time of that day; None for no text.

    Raises:
        FieldError: the text is no date.
    """
    if not text:
        return None
    day = text.split("T", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(day, form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise FieldError(f"{name} is no date like 2026-11-21 or 21.11.2026")


def order_of(cells: Mapping[str, str]) -> Order:
    """Make the order of cleaned texts by column.

    Raises:
        FieldError: the number or the status is missing, a text is too long, a date is none.
    """
    spelled = cells.get("order_number", "")
    number = normalize(spelled)
    if not any(character.isdecimal() for character in number):
        raise FieldError("the order number is missing or holds no digit")
    if len(spelled) > MAX_LENGTH:
        raise FieldError(f"the order number is longer than {MAX_LENGTH} characters")
    if not cells.get("status"):
        raise FieldError("the status is missing")
    for name, value in cells.items():
        if len(value) > _LIMITS.get(name, _TEXT_LIMIT):
            raise FieldError(f"{name} is longer than {_LIMITS.get(name, _TEXT_LIMIT)} characters")
    return Order(
        number=number,
        status=status_of(cells["status"]),
        created_at=date_of("created_at", cells.get("created_at", "")),
        eta=date_of("eta", cells.get("eta", "")),
        customer_name=cells.get("customer_name", ""),
        phone=cells.get("phone", ""),
        email=cells.get("email", ""),
        carrier=cells.get("carrier", ""),
        tracking=cells.get("tracking", ""),
        items=cells.get("items", ""),
        total=cells.get("total", ""),
    )


def order_from(record: Mapping[str, object], fields: Mapping[str, str], asked: str) -> Order:
    """Make the order of a foreign record. ``fields``: our column → the place there, dotted; ours by the same name.

    A record without an order number is the one that was ``asked`` for.

    Raises:
        FieldError: a field that is needed is missing, or one has another shape.
    """
    cells = {name: _text(name, value_at(record, fields.get(name, name))) for name in COLUMNS}
    cells["order_number"] = cells["order_number"] or asked
    if not any(cells[name] for name in PROOFS):
        raise FieldError("neither a phone nor an e-mail is there: nobody could prove that the order is his")
    return order_of(cells)


def value_at(record: object, path: str) -> object:
    """Return what stands at ``delivery.date``; of a list, what stands there in each of its elements; None if nothing.

    A name that itself holds a dot comes first.
    """
    if isinstance(record, Mapping):
        if path in record:
            return record[path]
        head, dot, rest = path.partition(".")
        return value_at(record[head], rest) if dot and head in record else None
    if isinstance(record, Sequence) and not isinstance(record, str | bytes):
        found = [value_at(one, path) for one in record[:_LISTED]]
        return [one for one in found if one is not None] or None
    return None


def _text(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            raise FieldError(f"{name} is true or false, where a text is expected")
        case str():
            return visible(value)
        case float() | Decimal() if not math.isfinite(value):
            raise FieldError(f"{name} is no number that can be shown")
        case float() if value.is_integer():
            return str(int(value))
        case int() | float() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return ", ".join(text for one in value[:_LISTED] if (text := _text(name, one)))
        case _:
            raise FieldError(f"{name} is an object, where a text is expected: name the field inside it")
