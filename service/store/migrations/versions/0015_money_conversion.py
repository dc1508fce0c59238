"""conversions of money, recorded"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0015"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table of what was converted, so that nothing is converted twice."""
    op.create_table(
        "money_conversion",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("from_exponent", sa.Integer(), nullable=False),
        sa.Column("to_exponent", sa.Integer(), nullable=False),
        sa.Column("amounts", sa.Integer(), nullable=False),
        sa.Column("converted_at", UtcMoment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_conversion")),
    )
    op.create_index(op.f("ix_money_conversion_table_name"), "money_conversion", ["table_name"])


def downgrade() -> None:
    """Back to amounts of which nobody knows whether they were converted."""
    op.drop_table("money_conversion")
