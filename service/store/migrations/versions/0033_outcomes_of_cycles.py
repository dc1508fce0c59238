"""what households did after a cycle, as sums"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(table: str, of: str) -> sa.Column[int]:
    name = op.f(f"fk_{table}_{of}_id_{of}")
    return sa.Column(f"{of}_id", _BIG, sa.ForeignKey(f"{of}.id", name=name), nullable=False)


def upgrade() -> None:
    """Nothing is counted yet; cycles from before lack the picks to count by."""
    op.create_table(
        "outcome_window",
        _key("outcome_window", "cycle"),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcMoment(), nullable=False),
        sa.Column("counted_until", sa.Date(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", "first_day", name=op.f("pk_outcome_window")),
    )
    op.create_table(
        "outcome_sum",
        _key("outcome_sum", "cycle"),
        sa.Column("first_day", sa.Integer(), nullable=False),
        _key("outcome_sum", "offer"),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("redeemed", sa.Integer(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "cycle_id", "first_day", "offer_id", "arm", "cell", "store_id",
            name=op.f("pk_outcome_sum"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_outcome_sum_offer_id"), "outcome_sum", ["offer_id"])


def downgrade() -> None:
    """The baskets still have it."""
    op.drop_table("outcome_sum")
    op.drop_table("outcome_window")
