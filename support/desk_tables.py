"""ORM tables of the operators' desk: who works there, what waits for their word, drafts, ready-made replies."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from support.tables import Base, BigKey


class OperatorRow(Base):
    """A person who works in an operators' group."""

    __tablename__ = "operator"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    username: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16), default="operator", server_default="operator")
    """operator or senior; administrators are named by ADMIN_IDS."""
    groups: Mapped[list[int]] = mapped_column(JSON, default=list)
    """The groups that he is in."""
    former_groups: Mapped[list[int]] = mapped_column(JSON, default=list)
    """The groups that he has left: a message of his that arrives late commands nothing there."""
    languages: Mapped[str] = mapped_column(String(16), default="", server_default="")
    """Languages that he answers in, comma-separated; empty: all."""
    away_since: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    """When he left the last of the groups: he commands nothing any more."""
    seen_at: Mapped[datetime]
    created_at: Mapped[datetime]


class HeldWordsRow(Base):
    """What an operator wrote where a colleague has the conversation: it goes out when he says so."""

    __tablename__ = "held_words"
    __table_args__ = (
        Index(
            "uq_held_words_open",
            "customer_id",
            "operator_id",
            unique=True,
            sqlite_where=text("decision IS NULL"),
            postgresql_where=text("decision IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    operator_id: Mapped[int] = mapped_column(BigInteger)
    messages: Mapped[list[int]] = mapped_column(JSON)
    """Ids of message rows, in the order of writing."""
    asked_at: Mapped[datetime]
    decision: Mapped[str | None] = mapped_column(String(16))
    """sent or kept."""
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]


class DraftLabelRow(Base):
    """What an operator decided about a draft of the bot: it trains the score. One a turn."""

    __tablename__ = "draft_label"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"), unique=True)
    escalation_id: Mapped[int | None] = mapped_column(ForeignKey("escalation.id"))
    operator_id: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str] = mapped_column(String(16))
    """sent, edited or discarded."""
    draft: Mapped[str] = mapped_column(Text)
    sent: Mapped[str | None] = mapped_column(Text)
    """What went to the customer instead, of an edited one."""
    score: Mapped[float | None]
    """The judge's score of the draft, 0..1."""
    at: Mapped[datetime]


class CannedReplyRow(Base):
    """A ready-made reply, kept by operators in Telegram."""

    __tablename__ = "canned_reply"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    """With variables in braces: {name}, {order}, {operator}."""
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")


class QuarantineRow(Base):
    """A passage that an operator called wrong: it answers nobody until an administrator has decided."""

    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    passage_key: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 of source, heading and text: another release with the same text stays quarantined, a changed one not."""
    source: Mapped[str] = mapped_column(Text)
    heading: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    reported_by: Mapped[int] = mapped_column(BigInteger)
    reported_at: Mapped[datetime]
    decision: Mapped[str | None] = mapped_column(String(16))
    """kept or removed; None: undecided."""
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]


class DigestRow(Base):
    """What stands in a group's General topic: who waits there, one message that is edited in place (bot.digest)."""

    __tablename__ = "digest"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    post_key: Mapped[str] = mapped_column(String(128))
    last_key: Mapped[str] = mapped_column(String(128))
    """Of the message and of its newest change in the ledger."""
    posted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    waiting: Mapped[str] = mapped_column(String(64))
    """Digest of who waits as it was shown last: a change is shown within a minute …"""
    numbers: Mapped[str] = mapped_column(String(64))
    """… and one of today's numbers later."""
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    """Once it is there and pinned: it is edited also when /forget has emptied its call in the ledger."""


class IntentExampleRow(Base):
    """What a customer said, masked, as an example of an intent: an administrator has confirmed it."""

    __tablename__ = "intent_example"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    intent: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"), unique=True)
    added_by: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime]
