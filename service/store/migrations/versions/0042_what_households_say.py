"""what households say of items, brands and deals"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(name: str, target: str, *, nullable: bool) -> sa.Column[int]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_wish_{name}_{target}"))
    return sa.Column(name, _BIG, reference, nullable=nullable)


def upgrade() -> None:
    """Nobody said anything so far."""
    op.create_table(
        "wish",
        sa.Column("id", _BIG, nullable=False),
        _to("household_id", "household", nullable=False),
        _to("item_id", "item", nullable=True),
        sa.Column("brand", sa.String(), nullable=True),
        _to("deal_id", "offer", nullable=True),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("said_at", UtcMoment(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
    )
    op.create_index(op.f("ix_wish_household_id_id"), "wish", ["household_id", "id"])
    for name in ("deal_id", "item_id"):
        op.create_index(op.f(f"ix_wish_{name}"), "wish", [name])


def downgrade() -> None:
    """What was said is lost."""
    op.drop_table("wish")
