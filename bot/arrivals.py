"""What polling and webhooks have in common: the updates that are asked for, and how they are stored."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "chat_member",
    "stopped_message_generation",
)
STORE_ERRORS: Final = (DBAPIError, PoolTimeoutError, OSError)
"""A database that is away; OSError covers TimeoutError and the refused connections that asyncpg passes on."""
LARGEST_ID: Final = 2**63 - 1

Update = dict[str, Any]
"""As Telegram sent it, parsed JSON."""
Store = Callable[[list[Update]], Awaitable[None]]
"""Commits updates; an exception means that none of them was stored."""


def update_of(value: object) -> Update | None:
    """Return the value if it has the form of an update, with an id that a database can hold."""
    if not isinstance(value, dict):
        return None
    update_id = value.get("update_id")
    if isinstance(update_id, bool) or not isinstance(update_id, int) or abs(update_id) > LARGEST_ID:
        return None
    return value


def cause_of(error: Exception) -> str:
    """Name why a store failed without quoting what was to be stored, as drivers do for values they refuse."""
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(error, OperationalError):
        return str(original)
    return type((original and original.__cause__) or original or error).__name__
