"""Look-ups of the desk by index; an edit of a draft knows since when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("escalation") as batch_op:
        batch_op.add_column(sa.Column("editing_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_customer_former_topic", "customer", ["former_topic_chat_id", "former_topic_id"])
    op.create_index("ix_customer_card", "customer", ["card_chat_id", "card_id"])
    op.create_index("ix_customer_handle", "customer", [sa.text("lower(username)")])
    nobodys = sa.text("customer_id IS NULL")
    op.create_index("ix_delivery_nobodys_chat", "delivery", ["chat_id"], sqlite_where=nobodys, postgresql_where=nobodys)
    _collate_keys("C")


def downgrade() -> None:
    _collate_keys("default")
    op.drop_index("ix_delivery_nobodys_chat", "delivery")
    op.drop_index("ix_customer_handle", "customer")
    op.drop_index("ix_customer_card", "customer")
    op.drop_index("ix_customer_former_topic", "customer")
    with op.batch_alter_table("escalation") as batch_op:
        batch_op.drop_column("editing_since")


def _collate_keys(collation: str) -> None:
    # Keys are found by how they begin. SQLite compares bytes as it is.
    if op.get_context().dialect.name == "postgresql":
        op.execute(f'ALTER TABLE delivery ALTER COLUMN key TYPE varchar(128) COLLATE pg_catalog."{collation}"')
