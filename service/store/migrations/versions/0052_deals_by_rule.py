"""which goods a deal is for, kept as the rule that its row gives"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Deals that are loaded already keep the products they were loaded with."""
    _make_rules()
    _make_names()
    op.create_table(
        "offer_rule",
        _part("offer_id"),
        _part("set_number", sa.Integer()),
        sa.Column("rule_id", _BIG, nullable=False),
        *_keys("offer_rule", offer_id="offer.id", rule_id="goods_rule.id"),
        sa.PrimaryKeyConstraint("offer_id", "set_number", name=op.f("pk_offer_rule")),
    )
    op.create_index(op.f("ix_offer_rule_rule_id"), "offer_rule", ["rule_id"])
    op.create_table(
        "product_before",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("gtin", _BIG, nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("item_id", _BIG, nullable=False),
        sa.Column("category_id", _BIG, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite"),
                  nullable=False),
        *_keys("product_before", gtin="product.gtin", item_id="item.id",
               category_id="category.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_before")),
    )  # fmt: skip
    op.create_index(op.f("ix_product_before_gtin"), "product_before", ["gtin"])


def downgrade() -> None:
    """The deals that have a rule lose what counts by it."""
    for table in ("product_before", "offer_rule", "brand_product", "goods_name",
                  "goods_rule_name", "goods_rule"):  # fmt: skip
        op.drop_table(table)


def _make_rules() -> None:
    op.create_table(
        "goods_rule",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("excludes", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_rule")),
        sa.UniqueConstraint("digest", name=op.f("uq_goods_rule_digest")),
    )
    op.create_table(
        "goods_rule_name",
        _part("rule_id"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("is_excluded", sa.Boolean(), nullable=False),
        *_keys("goods_rule_name", rule_id="goods_rule.id"),
        sa.PrimaryKeyConstraint(
            "rule_id", "kind", "key", "is_excluded", name=op.f("pk_goods_rule_name")
        ),
    )
    op.create_index("ix_goods_rule_name_kind_key", "goods_rule_name", ["kind", "key"])


def _make_names() -> None:
    op.create_table(
        "goods_name",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", _BIG, nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_name")),
    )
    op.create_index("ux_goods_name_kind_name", "goods_name", ["kind", "name"], unique=True)
    op.create_index("ix_goods_name_kind_key", "goods_name", ["kind", "key"])
    op.create_index("ix_goods_name_kind_number", "goods_name", ["kind", "number"])
    op.create_table(
        "brand_product",
        _part("name_id"),
        _part("gtin"),
        *_keys("brand_product", name_id="goods_name.id", gtin="product.gtin"),
        sa.PrimaryKeyConstraint("name_id", "gtin", name=op.f("pk_brand_product")),
    )
    op.create_index(op.f("ix_brand_product_gtin"), "brand_product", ["gtin"])


def _part(name: str, kind: sa.types.TypeEngine[int] = _BIG) -> sa.Column[int]:
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _keys(table: str, **of: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [other], name=op.f(f"fk_{table}_{column}"))
        for column, other in of.items()
    ]
