"""ORM tables of the answer audit and of what is learnt from people's verdicts: thresholds, weights of the score."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from support.tables import Base, BigKey


class AnswerAuditRow(Base):
    """An answer that was drawn at random to be judged by a person. One a turn."""

    __tablename__ = "answer_audit"
    __table_args__ = (
        Index(
            "ix_answer_audit_waiting",
            "id",
            sqlite_where=text("verdict IS NULL"),
            postgresql_where=text("verdict IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    score: Mapped[float]
    threshold: Mapped[float]
    """Both 0..1, as they were when the answer was settled."""
    sent: Mapped[bool]
    """Whether the customer got it, or it was held back for its score."""
    version: Mapped[str] = mapped_column(Text)
    """What made answer and score (support.answer_audits.version_of): another one's scores mean something else."""
    release: Mapped[int | None]
    """The knowledge release that was searched."""
    one_in: Mapped[int]
    """AUDIT_ONE_IN when it was drawn."""
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    """Both masked; empty once the words are gone."""
    sources: Mapped[list[str]] = mapped_column(JSON)
    chosen_at: Mapped[datetime]
    verdict: Mapped[str | None] = mapped_column(String(16))
    """support.answer_audits.Judgement; None: it waits."""
    judged_by: Mapped[int | None] = mapped_column(BigInteger)
    judged_at: Mapped[datetime | None] = mapped_column(index=True)


class AuditMessageRow(Base):
    """The message in a group that asks about one answer after the other; it is edited in place (bot.answer_audit)."""

    __tablename__ = "audit_message"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    post_key: Mapped[str] = mapped_column(String(128))
    last_key: Mapped[str] = mapped_column(String(128))
    """Of the message and of its newest change in the ledger."""
    audit_id: Mapped[int | None] = mapped_column(BigInteger)
    """What it asks about; None: it asks nothing any more."""
    posted_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(BigInteger)


class ThresholdRow(Base):
    """A calibrated threshold of a language. The newest that was not taken back is in force."""

    __tablename__ = "threshold"
    __table_args__ = (Index("ix_threshold_language", "language", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    language: Mapped[str] = mapped_column(String(2))
    version: Mapped[str] = mapped_column(Text)
    """It holds for drafts of this version alone, as the labels that it was chosen from."""
    value: Mapped[float]
    max_wrong: Mapped[float]
    confidence: Mapped[float]
    """All 0..1."""
    answers: Mapped[int]
    wrong: Mapped[int]
    """Of the judged answers at or above it."""
    applied_at: Mapped[datetime]
    reverted_at: Mapped[datetime | None]


class JudgeFitRow(Base):
    """Weights of the judge's score, fitted on operators' verdicts. The newest that was not taken back is in force."""

    __tablename__ = "judge_fit"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    version: Mapped[str] = mapped_column(String(16))
    base: Mapped[str] = mapped_column(String(16))
    bias: Mapped[float]
    weights: Mapped[dict[str, float]] = mapped_column(JSON)
    """As support.jobs.JudgeFit."""
    labels: Mapped[int]
    """How many verdicts it was fitted on."""
    applied_at: Mapped[datetime]
    reverted_at: Mapped[datetime | None]
