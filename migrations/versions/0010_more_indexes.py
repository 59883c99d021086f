"""By index: drafts that somebody edits, and calls of a customer or of nobody since a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    edited = sa.text("editing_turn_id IS NOT NULL")
    op.create_index("ix_escalation_editing", "escalation", ["id"], sqlite_where=edited, postgresql_where=edited)
    op.create_index("ix_delivery_customer_since", "delivery", ["customer_id", "created_at", "id"])
    op.drop_index("ix_delivery_customer_id", "delivery")


def downgrade() -> None:
    op.create_index("ix_delivery_customer_id", "delivery", ["customer_id"])
    op.drop_index("ix_delivery_customer_since", "delivery")
    op.drop_index("ix_escalation_editing", "escalation")
