"""the household's limit, and what deals exclude"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_FIRST_REVISIONS = """UPDATE offer SET deal_id = f.id FROM offer f
    WHERE f.supplier_id = offer.supplier_id AND f.deal_ref = offer.deal_ref AND f.id < offer.id
      AND NOT EXISTS (SELECT 1 FROM offer e WHERE e.supplier_id = f.supplier_id
                      AND e.deal_ref = f.deal_ref AND e.id < f.id)"""
# Every use that was ever held gets a number of its own, also beyond the limit: a household that is
# over it keeps what it has, and gets nothing more.
_NUMBERED = """UPDATE redemption_line SET household_id = n.household_id, deal_id = n.deal_id,
                                          deal_use = n.deal_use
    FROM (SELECT r.id, s.household_id, coalesce(o.deal_id, o.id) AS deal_id,
                 CASE WHEN r.use_number > 0 THEN
                     1 + coalesce(sum(CASE WHEN r.use_number > 0 THEN r.uses ELSE 0 END) OVER (
                         PARTITION BY s.household_id, coalesce(o.deal_id, o.id) ORDER BY r.id
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) END AS deal_use
          FROM redemption_line r JOIN shopping_list s ON s.id = r.list_id
          JOIN offer o ON o.id = r.offer_id) n
    WHERE n.id = redemption_line.id"""


def upgrade() -> None:
    """Uses counted by household and deal, and products that an offer excludes."""
    op.add_column("offer", sa.Column("deal_id", _BIG, nullable=True))
    op.execute(_FIRST_REVISIONS)
    for name in ("household_id", "deal_id"):
        # SQLite adds no column without a value to the rows there are.
        op.add_column("redemption_line", sa.Column(name, _BIG, nullable=False, server_default="0"))
    op.add_column("redemption_line", sa.Column("deal_use", sa.Integer(), nullable=True))
    op.execute(_NUMBERED)
    op.create_index(
        "ux_redemption_line_deal_use",
        "redemption_line",
        ["household_id", "deal_id", "deal_use"],
        unique=True,
    )
    op.create_table(
        "offer_exclusion",
        sa.Column("offer_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("set_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gtin", _BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_offer_exclusion_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["gtin"], ["product.gtin"], name=op.f("fk_offer_exclusion_gtin_product")
        ),
        sa.PrimaryKeyConstraint("offer_id", "set_number", "gtin", name=op.f("pk_offer_exclusion")),
    )
    op.create_index(op.f("ix_offer_exclusion_gtin"), "offer_exclusion", ["gtin"])
    _add_exclusions()


def downgrade() -> None:
    """Back to limits of a line."""
    op.drop_table("offer_exclusion")
    op.drop_index("ux_redemption_line_deal_use", "redemption_line")
    for name in ("deal_use", "deal_id", "household_id"):
        op.drop_column("redemption_line", name)
    op.drop_column("offer", "deal_id")


def _add_exclusions() -> None:
    """The products that deals exclude by their GTINs, as their rows said."""
    connection = op.get_bind()
    stored = connection.execute(
        sa.text("SELECT id, given FROM offer WHERE given LIKE '%\"excluded_gtins\"%'")
    ).all()
    named = [
        {"offer_id": offer_id, "gtin": int(gtin)}
        for offer_id, given in stored
        for gtin in str(json.loads(given).get("excluded_gtins", "")).split("; ")
        if gtin.isdigit()
    ]
    if named:
        connection.execute(
            sa.text(
                """INSERT INTO offer_exclusion (offer_id, set_number, gtin)
                   SELECT :offer_id, 0, gtin FROM product WHERE gtin = :gtin
                   ON CONFLICT DO NOTHING"""
            ),
            named,
        )
