"""people of suppliers, and what suppliers have no stock of"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("ended_at IS NULL")


def _to(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.{key}"], name=name)


def upgrade() -> None:
    """Everybody so far is the retailer's, and nobody has said that anything is out of stock."""
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("account_id", _BIG, nullable=True))
        batch.create_foreign_key(
            op.f("fk_person_account_id_supplier_account"), "supplier_account",
            ["account_id"], ["id"],
        )  # fmt: skip
    op.create_index(op.f("ix_person_account_id"), "person", ["account_id"])
    op.create_table(
        "stock_stop",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("supplier_id", _BIG, nullable=False),
        sa.Column("deal_id", _BIG, nullable=True),
        sa.Column("gtin", _BIG, nullable=True),
        sa.Column("back_on", sa.Date(), nullable=False),
        sa.Column("reported_at", UtcMoment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("person_id", _BIG, nullable=True),
        sa.Column("ended_at", UtcMoment(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_stop")),
        _to("stock_stop", "supplier_id", "supplier"),
        _to("stock_stop", "gtin", "product", "gtin"),
        _to("stock_stop", "person_id", "person"),
    )
    op.create_index(op.f("ix_stock_stop_supplier_id"), "stock_stop", ["supplier_id"])
    op.create_index(
        "ix_stock_stop_open", "stock_stop", ["id"],
        postgresql_where=_OPEN, sqlite_where=_OPEN,
    )  # fmt: skip


def downgrade() -> None:
    """Deals that are paused for want of stock stay paused until somebody resumes them."""
    op.drop_table("stock_stop")
    op.drop_index(op.f("ix_person_account_id"), "person")
    with op.batch_alter_table("person") as batch:
        batch.drop_constraint(op.f("fk_person_account_id_supplier_account"), type_="foreignkey")
        batch.drop_column("account_id")
