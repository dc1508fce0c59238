"""what many households buy, for the lists of those who agreed to no profile"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Cycles so far made no such list."""
    op.create_table(
        "cycle_general",
        sa.Column("cycle_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("item_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("p_purchase", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_general_cycle_id_cycle")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_cycle_general_item_id_item")
        ),
        sa.PrimaryKeyConstraint("cycle_id", "item_id", name=op.f("pk_cycle_general")),
    )
    op.create_index(op.f("ix_cycle_general_item_id"), "cycle_general", ["item_id"])


def downgrade() -> None:
    """What was counted does not come back."""
    op.drop_table("cycle_general")
