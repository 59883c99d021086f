"""Which errors of a database pass by themselves: it restarts, is full or locked, or chose another transaction."""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

SQLITE_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,  # a file system that was mounted read-only after an error
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes, https://sqlite.org/rescode.html."""

POSTGRES_CLASSES: Final = ("08", "53", "58")
"""Connections, resources (disk full, too many connections), the system below; PostgreSQL's manual, appendix A."""

POSTGRES_STATES: Final = frozenset(
    {
        "25006",  # read_only_sql_transaction: a standby that has not been promoted yet
        "25P03",  # idle_in_transaction_session_timeout
        "40001",  # serialization_failure
        "40003",  # statement_completion_unknown
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: lock_timeout
        "57014",  # query_canceled: statement_timeout
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now: starting up or shutting down
        "57P05",  # idle_session_timeout
    }
)

ASYNCPG_ERRORS: Final = frozenset(
    {
        "InternalClientError",  # the server said goodbye when nothing was asked, and the driver lost its place
        "InvalidCachedStatementError",  # the schema was upgraded; the next try prepares its statements anew
    }
)
"""By name, as SQLAlchemy wraps them without their code."""


class DatabaseUnavailableError(OperationalError):
    """The transaction failed for a reason that passes: wait a moment and do all of it again.

    Raised by a commit too, and then nobody knows whether it happened: what is done again must be guarded by a claim or
    by a unique key.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(None, None, error, hide_parameters=True)


def is_unavailable(error: BaseException) -> bool:
    """Whether an error of SQLAlchemy, or of a driver, passes by itself."""
    if isinstance(error, DatabaseUnavailableError | PoolTimeoutError):
        return True
    if isinstance(error, PendingRollbackError):
        # Somebody went on after an outage: https://sqlalche.me/e/21/8s2b, or after a mistake of his own: another code.
        return error.code == "8s2b"
    if isinstance(error, DBAPIError) and error.orig is not None:
        return is_unavailable(error.orig)
    if isinstance(error, sqlite3.Error):
        # Extended codes carry the primary one in their lowest byte.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_CODES
    if type(error).__name__ in ASYNCPG_ERRORS:
        return True
    state = str(getattr(error, "sqlstate", None) or "")
    return isinstance(error, OSError) or state in POSTGRES_STATES or state.startswith(POSTGRES_CLASSES)


UNAVAILABLE: Final = (DatabaseUnavailableError,)
"""What to catch where the database is used. Nothing wider: a handler's own OSError would be tried again for ever."""
