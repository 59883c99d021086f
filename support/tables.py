"""ORM tables. Constraints make duplicates impossible; partial unique indexes hold «at most one open …»."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
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


class OrderRow(Base):
    """An order as imported from the company's list."""

    __tablename__ = "order_record"

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Normalised by support.orders.numbers."""
    status: Mapped[str] = mapped_column(String(64))
    customer_name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(String(64))
    phone_normal: Mapped[str] = mapped_column(String(32))
    email: Mapped[str] = mapped_column(String(254))
    email_normal: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[date | None] = mapped_column(Date)
    eta: Mapped[date | None] = mapped_column(Date)
    carrier: Mapped[str] = mapped_column(Text)
    tracking: Mapped[str] = mapped_column(Text)
    items: Mapped[str] = mapped_column(Text)
    total: Mapped[str] = mapped_column(Text)


class OrderGuardRow(Base):
    """Wrong tries to see an order: five within an hour lock for an hour."""

    __tablename__ = "order_guard"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    wrong_tries: Mapped[int]
    window_started_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class AuditRow(Base):
    """Who did what: operators' and admins' actions."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
