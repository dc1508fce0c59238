"""what programmes did as sums, what stores sold by day, and how many came in"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _cycle(table: str) -> sa.Column[int]:
    name = op.f(f"fk_{table}_cycle_id_cycle")
    return sa.Column("cycle_id", _BIG, sa.ForeignKey("cycle.id", name=name), nullable=False)


def _store(table: str) -> sa.Column[str]:
    name = op.f(f"fk_{table}_store_id_store")
    return sa.Column("store_id", sa.String(), sa.ForeignKey("store.id", name=name), nullable=False)


def upgrade() -> None:
    """Nothing is counted yet."""
    op.create_table(
        "programme_window",
        _cycle("programme_window"),
        sa.Column("counted_until", sa.Date(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", name=op.f("pk_programme_window")),
    )
    op.create_table(
        "programme_sum",
        _cycle("programme_sum"),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cycle_id", "arm", "part", "name", name=op.f("pk_programme_sum")),
    )
    op.create_table(
        "sales_day",
        sa.Column("day", sa.Date(), nullable=False),
        _store("sales_day"),
        sa.Column("category_id", _BIG, nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("amount_cents", _BIG, nullable=False),
        sa.Column("quantity_milli", _BIG, nullable=False),
        sa.Column("baskets", _BIG, nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "store_id", "category_id", "tier", name=op.f("pk_sales_day")
        ),
    )
    op.create_table(
        "visits_day",
        sa.Column("day", sa.Date(), nullable=False),
        _store("visits_day"),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("baskets", _BIG, nullable=False),
        sa.Column("amount_cents", _BIG, nullable=False),
        sa.Column("using_baskets", _BIG, nullable=False),
        sa.Column("using_cents", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("day", "store_id", "tier", name=op.f("pk_visits_day")),
    )
    op.create_table(
        "door_count",
        sa.Column("day", sa.Date(), nullable=False),
        _store("door_count"),
        sa.Column("visitors", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("day", "store_id", name=op.f("pk_door_count")),
    )


def downgrade() -> None:
    """The baskets still have it; counts at the doors are in their files."""
    for table in ("door_count", "visits_day", "sales_day", "programme_sum", "programme_window"):
        op.drop_table(table)
