"""Examples of intents that administrators have added."""

import sqlalchemy as sa
from alembic import op

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intent_example",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("turn_id", KEY, nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_intent_example_turn_id_turn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent_example")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_intent_example_turn_id")),
    )


def downgrade() -> None:
    op.drop_table("intent_example")
