"""the files that hold what was bought in months that are over"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing is sealed so far: a running older version sees every line where it was."""
    op.create_table(
        "history_file",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("shard", _BIG, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", _BIG, nullable=False),
        sa.Column("rows", _BIG, nullable=False),
        sa.Column("baskets", _BIG, nullable=False),
        sa.Column("first_basket", _BIG, nullable=False),
        sa.Column("last_basket", _BIG, nullable=False),
        sa.Column("first_at", UtcMoment(), nullable=False),
        sa.Column("last_at", UtcMoment(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("is_alone", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("written_at", UtcMoment(), nullable=False),
        sa.Column("replaced_at", UtcMoment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_file")),
        sa.UniqueConstraint("path", name=op.f("uq_history_file_path")),
    )
    op.create_index("ix_history_file_month_shard", "history_file", ["month", "shard"])
    op.create_table(
        "history_change",
        sa.Column("basket_id", _BIG, nullable=False, autoincrement=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("shard", _BIG, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("basket_id", "month", "shard", name=op.f("pk_history_change")),
    )
    op.add_column(
        "basket", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("basket", sa.Column("sealed_shard", _BIG, nullable=True))


def downgrade() -> None:
    """What left the database for files is lost to the version before: export it first."""
    op.drop_column("basket", "sealed_shard")
    op.drop_column("basket", "sealed")
    op.drop_table("history_change")
    op.drop_index("ix_history_file_month_shard", table_name="history_file")
    op.drop_table("history_file")
