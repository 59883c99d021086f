"""ORM tables of conversations, and what all tables share.

Constraints make duplicates impossible; partial unique indexes hold «at most one open …».
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BigKey = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which has no zones, gets it back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Refuse naive values, turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime: say datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Return an aware datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON}  # noqa: RUF012  # SQLAlchemy's own attribute


class CustomerRow(Base):
    """A person who writes to the bot in a private chat."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("topic_chat_id", "topic_id"),
        Index("ix_customer_former_topic", "former_topic_chat_id", "former_topic_id"),
        Index("ix_customer_card", "card_chat_id", "card_id"),
        Index("ix_customer_handle", text("lower(username)")),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(Text)
    username: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    """Whether the customer chose it; otherwise it follows what he writes."""
    phone: Mapped[str | None] = mapped_column(String(32))
    """From his own shared contact, as proof of identity."""
    proven_orders: Mapped[list[list[str]] | None] = mapped_column(JSON)
    """Orders that he proved to be his lately: [number, ISO 8601 time], the newest last."""
    awaiting: Mapped[str | None] = mapped_column(String(16))
    awaiting_order: Mapped[str | None] = mapped_column(String(64))
    awaiting_since: Mapped[datetime | None]
    topic_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    topic_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    blocked_at: Mapped[datetime | None]
    """When a send was refused because the customer had blocked the bot."""
    banned_at: Mapped[datetime | None]
    """Since when the bot hears nothing from him: an operator's /ban."""
    former_topic_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    former_topic_id: Mapped[int | None] = mapped_column(BigInteger)
    """The topic before the present one: what was said there is linked from the new one."""
    card_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    card_id: Mapped[int | None] = mapped_column(BigInteger)
    """The newest card in his topic: the message that is pinned and edited in place."""
    card_shown: Mapped[str | None] = mapped_column(String(64))
    """Digest of what the card says, to edit it only when that changes."""
    topic_shown: Mapped[str | None] = mapped_column(String(128))
    """The topic's name as it was set last."""
    board_due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When card and topic are to be looked at again (support.board); None: nothing has changed."""
    erased_at: Mapped[datetime | None]
    """Since when nothing is known of him any more (support.erasure); what is left counts turns and ratings."""


class TurnRow(Base):
    """What one customer asked, possibly in several messages."""

    __tablename__ = "turn"
    __table_args__ = (
        Index(
            "uq_turn_open",
            "customer_id",
            unique=True,
            sqlite_where=text("state IN ('collecting', 'generating')"),
            postgresql_where=text("state IN ('collecting', 'generating')"),
        ),
        Index(
            "uq_turn_suggesting",
            "customer_id",
            unique=True,
            sqlite_where=text("state = 'suggesting'"),
            postgresql_where=text("state = 'suggesting'"),
        ),
        Index("ix_turn_state", "state"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    epoch: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    closes_at: Mapped[datetime]
    """When the debounce ends, unless another message comes."""
    closed_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    intent: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(32))
    job: Mapped[str | None] = mapped_column(Text)
    """The GenerationJob as JSON: what Redis lost is made again from it."""
    trace: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was decided and why; read by people, never by code that decides."""
    draft: Mapped[dict[str, Any] | None]
    """support.jobs.Draft as JSON, of a turn that a person has: what an operator may send."""


class MessageRow(Base):
    """A message of a conversation, by whoever wrote it."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("chat_id", "message_id"), Index("ix_message_customer", "customer_id", "id"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"), index=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    speaker: Mapped[str] = mapped_column(String(16))
    """customer, bot or operator; inside: note, command, held (an operator's words that wait for his word, see
    HeldWordsRow), deleted (an operator took them back)."""
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    """The operator who wrote it."""
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any] | None]
    """The call that sends it again, file ids included; None for plain text."""
    album: Mapped[str | None] = mapped_column(String(64))
    """Telegram's media_group_id."""
    reply_to_id: Mapped[int | None] = mapped_column(BigInteger)
    """The message of the same chat that it replies to."""
    created_at: Mapped[datetime]


class AnswerRow(Base):
    """A draft that was sent. One a turn."""

    __tablename__ = "answer"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    draft: Mapped[dict[str, Any]]
    """The whole record: verdict, prompt version, timings."""
    rating: Mapped[int | None]
    """1 or -1 by the customer's button."""
    cache_key: Mapped[str | None] = mapped_column(String(64), index=True)
    """support.answer_cache: where an answer may be given again; None where it may not."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class EscalationRow(Base):
    """A conversation that a person has. At most one open a customer."""

    __tablename__ = "escalation"
    __table_args__ = (
        Index(
            "uq_escalation_open",
            "customer_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_escalation_editing",
            "id",
            sqlite_where=text("editing_turn_id IS NOT NULL"),
            postgresql_where=text("editing_turn_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(32))
    draft: Mapped[str | None] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What was asked, as the card shows it."""
    summary: Mapped[str | None] = mapped_column(Text)
    """What happened so far in a sentence or two, so that nobody asks again."""
    offered_turn_id: Mapped[int | None] = mapped_column(BigInteger)
    """The turn whose draft the card offers; None: there is none, or an operator has decided about it."""
    editing_turn_id: Mapped[int | None] = mapped_column(BigInteger)
    """The turn whose draft somebody edits, or has edited and its copy still stands in the topic (bot.replacing)."""
    editing_by: Mapped[int | None] = mapped_column(BigInteger)
    """The operator whose next message takes the place of that turn's draft …"""
    editing_since: Mapped[datetime | None]
    """… if it comes soon (support.offers)."""
    subject: Mapped[str | None] = mapped_column(String(32))
    """The name of a [subjects.*] table of the desk file: which group has it."""
    rule: Mapped[str | None] = mapped_column(String(60))
    """The name of the desk file's rule that called a person."""
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    """0 normal, 1 urgent."""
    assignee_id: Mapped[int | None] = mapped_column(BigInteger)
    assigned_at: Mapped[datetime | None]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    waiting_since: Mapped[datetime | None]
    """Since when the customer waits for an operator's word; None while it is his turn to write."""
    last_words_at: Mapped[datetime | None]
    """The customer's last message."""
    first_reply_at: Mapped[datetime | None] = mapped_column(index=True)
    last_reply_at: Mapped[datetime | None]
    """An operator's first and last words."""
    reminded: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of the present wait: 0 nobody, 1 the assignee, 2 everybody."""
    warned_at: Mapped[datetime | None]
    """When the customer was told that his silence will close the conversation."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(BigInteger)
    close_reason: Mapped[str | None] = mapped_column(String(200))
    """None: nobody has said; empty: nobody needs to."""
    reopens_until: Mapped[datetime | None]
    """Closed: what the customer writes until then goes to the same operator again (support.closing)."""
    rating: Mapped[int | None]
    """1..5, the customer's."""
    rating_text: Mapped[str | None] = mapped_column(Text)
    rating_asked_at: Mapped[datetime | None]


class AuditRow(Base):
    """Who did what: operators' and admins' actions."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
