"""how far claims were drawn, and sales that came in after the days of grace"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Marks begin at nothing: the next claim of each supplier looks at all its entries once."""
    op.create_table(
        "claim_mark",
        sa.Column(
            "supplier_id",
            _BIG,
            sa.ForeignKey("supplier.id", name=op.f("fk_claim_mark_supplier_id_supplier")),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("next_id", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("supplier_id", name=op.f("pk_claim_mark")),
    )
    op.create_table(
        "waiting_entry",
        sa.Column("entry_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("supplier_id", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_waiting_entry")),
    )
    op.create_index(
        op.f("ix_waiting_entry_supplier_id_entry_id"), "waiting_entry", ["supplier_id", "entry_id"]
    )
    with op.batch_alter_table("offline_use") as batch:
        batch.add_column(
            sa.Column("beyond_grace", sa.Boolean(), nullable=False, server_default=sa.text("false"))
        )


def downgrade() -> None:
    """Claims are drawn by looking at every entry again."""
    with op.batch_alter_table("offline_use") as batch:
        batch.drop_column("beyond_grace")
    op.drop_table("waiting_entry")
    op.drop_table("claim_mark")
