"""whom a cycle leaves out, whether those held out are mailed, and withdrawn cycles"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table of households without a list; cycles so far mailed those that they held out."""
    op.create_table(
        "cycle_left_out",
        sa.Column("cycle_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("household_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_left_out_cycle_id_cycle")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_cycle_left_out_household_id_household"),
        ),
        sa.PrimaryKeyConstraint("cycle_id", "household_id", name=op.f("pk_cycle_left_out")),
    )
    op.create_index(op.f("ix_cycle_left_out_household_id"), "cycle_left_out", ["household_id"])
    op.add_column(
        "cycle",
        sa.Column("mail_holdout", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.add_column("cycle", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("cycle", sa.Column("withdrawn_at", UtcMoment(), nullable=True))


def downgrade() -> None:
    """Back to cycles that do not say whom they left out."""
    for name in ("mail_holdout", "revision", "withdrawn_at"):
        op.drop_column("cycle", name)
    op.drop_table("cycle_left_out")
