"""By index: drafts that somebody edits, and calls that belong to nobody since a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    edited = sa.text("editing_turn_id IS NOT NULL")
    op.create_index("ix_escalation_editing", "escalation", ["id"], sqlite_where=edited, postgresql_where=edited)


def downgrade() -> None:
    op.drop_index("ix_escalation_editing", "escalation")
