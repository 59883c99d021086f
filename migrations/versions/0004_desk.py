"""The operators' desk: what a card and a topic show, who has a conversation and since when, drafts' labels, replies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "canned_reply",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_canned_reply_name_language")),
    )
    op.create_table(
        "digest",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_key", sa.String(length=128), nullable=False),
        sa.Column("last_key", sa.String(length=128), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting", sa.String(length=64), nullable=False),
        sa.Column("numbers", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_digest")),
    )
    op.create_table(
        "operator",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(length=16), server_default="operator", nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("former_groups", sa.JSON(), nullable=False),
        sa.Column("languages", sa.String(length=16), server_default="", nullable=False),
        sa.Column("away_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_operator")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", KEY, nullable=False),
        sa.Column("passage_key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantine_passage_key"), ["passage_key"], unique=False)

    op.create_table(
        "held_words",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_held_words_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_words")),
    )
    with op.batch_alter_table("held_words", schema=None) as batch_op:
        batch_op.create_index(
            "uq_held_words_open",
            ["customer_id", "operator_id"],
            unique=True,
            sqlite_where=sa.text("decision IS NULL"),
            postgresql_where=sa.text("decision IS NULL"),
        )

    op.create_table(
        "draft_label",
        sa.Column("id", KEY, nullable=False),
        sa.Column("turn_id", KEY, nullable=False),
        sa.Column("escalation_id", KEY, nullable=True),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("sent", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_draft_label_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_draft_label_turn_id_turn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_label")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_draft_label_turn_id")),
    )
    op.create_table(
        "erased_ban",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("banned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_ban")),
    )
    op.create_table(
        "erasure",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_erasure_customer_id_customer")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_erasure")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_erasure_customer_id")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("card_chat_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("card_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("card_shown", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("topic_shown", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("board_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proven_orders", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_customer_board_due_at"), ["board_due_at"], unique=False)

    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.add_column(sa.Column("draft", sa.JSON(), nullable=True))
        batch_op.create_index(
            "uq_turn_suggesting",
            ["customer_id"],
            unique=True,
            sqlite_where=sa.text("state = 'suggesting'"),
            postgresql_where=sa.text("state = 'suggesting'"),
        )

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_id", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("escalation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("question", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("summary", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("offered_turn_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("editing_turn_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("editing_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("rule", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("assignee_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_words_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("first_reply_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_reply_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminded", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("close_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("reopens_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rating", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("rating_text", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("rating_asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_escalation_first_reply_at"), ["first_reply_at"], unique=False)

    # Who waits for an operator at the upgrade waits since the escalation began.
    op.execute("UPDATE escalation SET waiting_since = opened_at WHERE closed_at IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("escalation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_escalation_first_reply_at"))
        batch_op.drop_column("rating_asked_at")
        batch_op.drop_column("rating_text")
        batch_op.drop_column("rating")
        batch_op.drop_column("reopens_until")
        batch_op.drop_column("close_reason")
        batch_op.drop_column("warned_at")
        batch_op.drop_column("reminded")
        batch_op.drop_column("last_reply_at")
        batch_op.drop_column("first_reply_at")
        batch_op.drop_column("last_words_at")
        batch_op.drop_column("waiting_since")
        batch_op.drop_column("assigned_at")
        batch_op.drop_column("assignee_id")
        batch_op.drop_column("priority")
        batch_op.drop_column("rule")
        batch_op.drop_column("subject")
        batch_op.drop_column("editing_by")
        batch_op.drop_column("editing_turn_id")
        batch_op.drop_column("offered_turn_id")
        batch_op.drop_column("summary")
        batch_op.drop_column("question")

    with op.batch_alter_table("turn", schema=None) as batch_op:
        batch_op.drop_index("uq_turn_suggesting")
        batch_op.drop_column("draft")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("author_id")

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_board_due_at"))
        batch_op.drop_column("proven_orders")
        batch_op.drop_column("board_due_at")
        batch_op.drop_column("erased_at")
        batch_op.drop_column("topic_shown")
        batch_op.drop_column("card_shown")
        batch_op.drop_column("card_id")
        batch_op.drop_column("card_chat_id")

    op.drop_table("erasure")
    op.drop_table("erased_ban")
    op.drop_table("draft_label")
    with op.batch_alter_table("held_words", schema=None) as batch_op:
        batch_op.drop_index("uq_held_words_open")

    op.drop_table("held_words")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantine_passage_key"))

    op.drop_table("quarantine")
    op.drop_table("operator")
    op.drop_table("digest")
    op.drop_table("canned_reply")
