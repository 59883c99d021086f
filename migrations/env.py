"""Alembic's environment: runs on the connection that ``support.schema`` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

import support.audit_tables  # its tables belong to the metadata
import support.desk_tables  # as well
import support.order_tables  # as well
import support.privacy_tables  # as well
import support.transport_tables  # noqa: F401  # as well
from support.tables import Base, UtcDateTime

# Any number that no other program takes: two starting processes upgrade one after the other.
POSTGRES_LOCK = 7_003_101


def render_item(kind: str, value: object, _context: AutogenContext) -> str | Literal[False]:
    """Write the database's own type into migrations, so that they never import the application."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Run the migrations inside the caller's transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
