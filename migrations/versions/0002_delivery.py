"""Delivery: one sender by lease, pauses that outlive a process, relayed messages and their counterparts, bans."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "pause",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_after_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_pause")),
    )
    op.create_table(
        "moved_chat",
        sa.Column("old_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("new_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_moved_chat")),
    )
    op.create_table(
        "counterpart",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("source_chat_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("copy_chat_id", sa.BigInteger(), nullable=False),
        sa.Column("copy_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_counterpart_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counterpart")),
        sa.UniqueConstraint("copy_chat_id", "copy_id", name=op.f("uq_counterpart_copy_chat_id_copy_id")),
    )
    with op.batch_alter_table("counterpart") as batch_op:
        batch_op.create_index("ix_counterpart_source", ["source_chat_id", "source_id"])
    with op.batch_alter_table("customer") as batch_op:
        batch_op.add_column(sa.Column("banned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("former_topic_chat_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("former_topic_id", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("content", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("album", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("reply_to_id", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.add_column(sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("peer_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("source_chat_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("source_ids", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("about_chat_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("about_id", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_delivery_customer_open",
            ["customer_id"],
            sqlite_where=sa.text("state IN ('pending', 'attempting')"),
            postgresql_where=sa.text("state IN ('pending', 'attempting')"),
        )
    with op.batch_alter_table("inbox") as batch_op:
        batch_op.add_column(sa.Column("flood", sa.String(length=16), server_default="calm", nullable=False))
        batch_op.create_index(
            "ix_inbox_unhandled_lane",
            ["lane", "id"],
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("inbox") as batch_op:
        batch_op.drop_index("ix_inbox_unhandled_lane")
        batch_op.drop_column("flood")
    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_index("ix_delivery_customer_open")
        for name in (
            "not_before",
            "peer_id",
            "attempted_at",
            "source_chat_id",
            "source_ids",
            "about_chat_id",
            "about_id",
        ):
            batch_op.drop_column(name)
    with op.batch_alter_table("message") as batch_op:
        for name in ("content", "album", "reply_to_id"):
            batch_op.drop_column(name)
    with op.batch_alter_table("customer") as batch_op:
        for name in ("banned_at", "former_topic_chat_id", "former_topic_id"):
            batch_op.drop_column(name)
    for table in ("counterpart", "moved_chat", "pause", "lease"):
        op.drop_table(table)
