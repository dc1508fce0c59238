"""sums of deals and products, kept beside the rows they count"""

import sqlalchemy as sa
from alembic import op

from service.store.tables.types import UtcMoment

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

_ISSUABLE = sa.text("state IN ('approved', 'running', 'exhausted')")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Copies are counted now, once; what tills wrote is added by the worker, from the beginning."""
    op.create_table(
        "deal_copies",
        _deal("deal_copies"),
        sa.Column("cell", sa.String(), nullable=False),
        *(sa.Column(name, _BIG, nullable=False) for name in ("copies", "open_uses")),
        sa.Column("open_expected_cents", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "cell", name=op.f("pk_deal_copies")),
    )
    op.create_table(
        "deal_total",
        _deal("deal_total"),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("uses", "discount_cents", "open_uses", "reserved_cents", "spent_cents")
        ),
        sa.Column("open_expected_cents", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_deal_total")),
    )
    op.create_table(
        "deal_part",
        _deal("deal_part"),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("uses", "discount_cents", "spent_cents")
        ),
        sa.PrimaryKeyConstraint("deal_id", "part", "name", name=op.f("pk_deal_part")),
    )
    op.create_table(
        "sum_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("redemption_line_id", _BIG, nullable=False),
        sa.Column("ledger_entry_id", _BIG, nullable=False),
        sa.Column("recounted_at", UtcMoment(), nullable=True),
        sa.Column("corrected", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sum_mark")),
    )
    op.create_index(
        "ix_offer_issuable",
        "offer",
        ["id", "deal_id", "budget_cents"],
        postgresql_where=_ISSUABLE,
        sqlite_where=_ISSUABLE,
    )
    _create_products()
    op.execute("INSERT INTO sum_mark VALUES (1, 0, 0, NULL, 0)")
    op.execute(
        """INSERT INTO deal_copies (deal_id, cell, copies, open_uses, open_expected_cents)
           SELECT coalesce(o.deal_id, o.id), coalesce(l.cell, ''), count(*),
                  sum(CASE WHEN s.state = 'issued' THEN l.uses ELSE 0 END),
                  sum(CASE WHEN s.state = 'issued'
                           THEN 1.0 * l.reserved_cents * coalesce(l.expected_uses, l.uses)
                           ELSE 0 END)
           FROM list_line l JOIN shopping_list s ON s.id = l.list_id
           JOIN offer o ON o.id = l.offer_id
           WHERE s.state IN ('issued', 'expired')
           GROUP BY coalesce(o.deal_id, o.id), coalesce(l.cell, '')"""
    )


def _create_products() -> None:
    """They are counted by the first night."""
    op.create_table(
        "product_week",
        _gtin("product_week"),
        sa.Column("week", sa.Date(), nullable=False),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("quantity_milli", "amount_cents", "baskets")
        ),
        sa.PrimaryKeyConstraint("gtin", "week", name=op.f("pk_product_week")),
    )
    op.create_table(
        "product_buyers",
        _gtin("product_buyers"),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("part", "name")),
        sa.Column("households", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("gtin", "part", "name", name=op.f("pk_product_buyers")),
    )
    op.create_table(
        "product_demand",
        _gtin("product_demand"),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("item_buyers", "quantity")),
        sa.PrimaryKeyConstraint("gtin", name=op.f("pk_product_demand")),
    )
    op.create_table(
        "product_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        *(sa.Column(name, _BIG, nullable=False) for name in ("households", "counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_count")),
    )


def _gtin(table: str) -> sa.Column[int]:
    reference = sa.ForeignKey("product.gtin", name=op.f(f"fk_{table}_gtin_product"))
    return sa.Column("gtin", _BIG, reference, nullable=False)


def _deal(table: str) -> sa.Column[int]:
    reference = sa.ForeignKey("offer.id", name=op.f(f"fk_{table}_deal_id_offer"))
    return sa.Column("deal_id", _BIG, reference, nullable=False)


def downgrade() -> None:
    """All of it can be counted again."""
    op.drop_index("ix_offer_issuable", "offer")
    for table in ("product_count", "product_demand", "product_buyers", "product_week"):
        op.drop_table(table)
    for table in ("sum_mark", "deal_part", "deal_total", "deal_copies"):
        op.drop_table(table)
