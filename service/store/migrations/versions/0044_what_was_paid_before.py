"""what households paid in the year before a cycle, kept with what the rule picked"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_PICK = ("paid_14_cents", "paid_28_cents", "paid_56_cents", "paid_year_cents",
            "category_year_cents")  # fmt: skip


def _to(target: str) -> sa.Column[int]:
    reference = sa.ForeignKey(f"{target}.id", name=op.f(f"fk_cycle_cap_{target}_id_{target}"))
    return sa.Column(f"{target}_id", _BIG, reference, nullable=False)


def upgrade() -> None:
    """Of cycles until now it is counted from the baskets, as it was."""
    for name in _OF_PICK:
        op.add_column("cycle_pick", sa.Column(name, _BIG, nullable=True))
    op.add_column("cycle_household", sa.Column("basket_year_cents", _BIG, nullable=True))
    op.add_column("cycle_household", sa.Column("year_baskets", sa.Integer(), nullable=True))
    op.create_table(
        "cycle_cap",
        _to("cycle"),
        _to("offer"),
        sa.Column("days", sa.Integer(), nullable=False),
        *(
            sa.Column(name, _BIG, nullable=True)
            for name in ("deal_cents", "category_cents", "all_cents")
        ),
        sa.PrimaryKeyConstraint("cycle_id", "offer_id", "days", name=op.f("pk_cycle_cap")),
    )
    op.create_index(op.f("ix_cycle_cap_offer_id"), "cycle_cap", ["offer_id"])


def downgrade() -> None:
    """Baskets have it all."""
    op.drop_table("cycle_cap")
    with op.batch_alter_table("cycle_household") as batch:
        batch.drop_column("year_baskets")
        batch.drop_column("basket_year_cents")
    with op.batch_alter_table("cycle_pick") as batch:
        for name in reversed(_OF_PICK):
            batch.drop_column(name)
