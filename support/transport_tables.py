"""ORM tables of what comes from Telegram and goes to it: updates, calls, copies, the lease to send, pauses, moves."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from support.tables import Base, BigKey


class InboxRow(Base):
    """An update as Telegram sent it, stored before Telegram is told that it arrived."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("bot_id", "update_id"),
        Index(
            "ix_inbox_unhandled",
            "id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
        Index(
            "ix_inbox_unhandled_lane",
            "lane",
            "id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    update_id: Mapped[int] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(BigInteger)
    """The chat: updates of one lane are handled in order."""
    payload: Mapped[str] = mapped_column(Text)
    flood: Mapped[str] = mapped_column(String(16), default="calm", server_default="calm")
    """support.flood.Flood, as counted when it arrived."""
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class DeliveryRow(Base):
    """A call to Telegram that must happen: the outbox and its ledger."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_open",
            "id",
            sqlite_where=text("state IN ('pending', 'attempting')"),
            postgresql_where=text("state IN ('pending', 'attempting')"),
        ),
        Index(
            "ix_delivery_customer_open",
            "customer_id",
            sqlite_where=text("state IN ('pending', 'attempting')"),
            postgresql_where=text("state IN ('pending', 'attempting')"),
        ),
        Index(
            "ix_delivery_nobodys_chat",
            "chat_id",
            sqlite_where=text("customer_id IS NULL"),
            postgresql_where=text("customer_id IS NULL"),
        ),
        Index("ix_delivery_customer_since", "customer_id", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(String(128).with_variant(String(128, collation="C"), "postgresql"), unique=True)
    """Names the effect: handling an update again cannot enqueue it again. Compared by bytes: one finds by its beginning
    what belongs together."""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    to_topic: Mapped[bool] = mapped_column(default=False)
    """Addressed to the customer's topic, wherever that is when the call is made."""
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"), index=True)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    """An album that is still gathering, or a call to a group that is out of order: not made before."""
    attempted_at: Mapped[datetime | None]
    """When the last attempt began; together with peer_id it is what the budget remembers across a restart."""
    peer_id: Mapped[int | None] = mapped_column(BigInteger)
    """The chat that the last attempt went to."""
    source_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    source_ids: Mapped[list[int] | None] = mapped_column(JSON)
    """The messages that the call passes on, in the order of its result."""
    about_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    about_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message whose counterpart the call replies to or changes; the counterpart is looked up when it is made."""
    finished_at: Mapped[datetime | None]


class CounterpartRow(Base):
    """A relayed message and its copy on the other side: for replies, edits and failures."""

    __tablename__ = "counterpart"
    __table_args__ = (
        UniqueConstraint("copy_chat_id", "copy_id"),
        Index("ix_counterpart_source", "source_chat_id", "source_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    source_chat_id: Mapped[int] = mapped_column(BigInteger)
    source_id: Mapped[int] = mapped_column(BigInteger)
    copy_chat_id: Mapped[int] = mapped_column(BigInteger)
    copy_id: Mapped[int] = mapped_column(BigInteger)


class LeaseRow(Base):
    """Which process sends. Its holder raises ``beat``; whoever sees it stand still takes over and raises ``fence``."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(128))
    fence: Mapped[int]
    beat: Mapped[int]


class PauseRow(Base):
    """A 429 of Telegram, kept so that a restart does not call inside its retry_after."""

    __tablename__ = "pause"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    told_at: Mapped[datetime]
    retry_after_s: Mapped[int]


class MovedChatRow(Base):
    """A group that became a supergroup and has another id since."""

    __tablename__ = "moved_chat"

    old_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    new_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
