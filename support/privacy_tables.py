"""ORM tables of the right to be forgotten: what is being erased, and whom it must not help out of a ban."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support.tables import Base


class ErasureRow(Base):
    """A customer who is being erased: where it stands. Gone when it is done; the audit table keeps the proof."""

    __tablename__ = "erasure"

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Random; the customer is told it as the number of the proof."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(300))
    """What messages to other people may call him."""
    topics: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    """His topics, as (group, thread)."""
    asked_by: Mapped[int] = mapped_column(BigInteger)
    """The administrator; 0: the customer himself, -1: the command line, -2: the retention period."""
    asked_at: Mapped[datetime]
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How many rows were erased so far, by table."""


class ErasedBanRow(Base):
    """A banned customer who was erased: if he comes back he is banned still, and nothing else is known of him."""

    __tablename__ = "erased_ban"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """HMAC-SHA-256 of the chat id under the secret in DATA_DIR."""
    banned_at: Mapped[datetime]
