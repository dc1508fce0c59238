"""Which goods a deal is for by their names: rules, and how the catalogue spells what they name."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class GoodsRule(SQLModel, table=True):
    """Names that products must have to count: one of each kind that it names, and none it excludes.

    Deals that say the same share it, and it never changes. `kinds` is how many kinds (brands,
    items, categories) it names, `lead` the kind by which its products are looked up, `excludes`
    whether it excludes any. `digest` is the SHA-256 of what it says.
    """

    __tablename__ = "goods_rule"

    id: int = row_id()
    digest: str = Field(unique=True)
    lead: str
    kinds: int
    excludes: bool


class GoodsRuleName(SQLModel, table=True):
    """A name in a rule, of a `kind`: brand, item or category, by its plain form (`key`).

    Of the kind `gtin`, which is only excluded, `key` is the number.
    """

    __tablename__ = "goods_rule_name"
    __table_args__ = (Index("ix_goods_rule_name_kind_key", "kind", "key"),)

    rule_id: int = key_part("goods_rule.id")
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    is_excluded: bool = Field(primary_key=True)


class GoodsName(SQLModel, table=True):
    """A brand, an item or a category as the catalogue spells it, and its plain form (`key`).

    `number` is the id of the item or category, null for a brand.
    """

    __tablename__ = "goods_name"
    __table_args__ = (
        Index("ux_goods_name_kind_name", "kind", "name", unique=True),
        Index("ix_goods_name_kind_key", "kind", "key"),
        Index("ix_goods_name_kind_number", "kind", "number"),
    )

    id: int = row_id()
    kind: str
    name: str
    number: int | None = Field(default=None, sa_type=BigId)
    key: str


class BrandProduct(SQLModel, table=True):
    """A product of a brand (a `goods_name`), by which those of the brand are found.

    What counts is the brand in the catalogue: a row of an earlier brand stays and is not heeded.
    """

    __tablename__ = "brand_product"

    name_id: int = key_part("goods_name.id")
    gtin: int = key_part("product.gtin", index=True)


class OfferRule(SQLModel, table=True):
    """The rule of one of an offer's product sets (numbered from 0), beside the products in it."""

    __tablename__ = "offer_rule"

    offer_id: int = key_part("offer.id")
    set_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rule_id: int = Field(foreign_key="goods_rule.id", index=True, sa_type=BigId)


class ProductBefore(SQLModel, table=True):
    """What a product was until a moment, so that copies printed before it count it as they said."""

    __tablename__ = "product_before"

    id: int = row_id()
    gtin: int = Field(foreign_key="product.gtin", index=True, sa_type=BigId)
    brand: str
    item_id: int = Field(foreign_key="item.id", sa_type=BigId)
    category_id: int = Field(foreign_key="category.id", sa_type=BigId)
    until: datetime = Field(sa_type=UtcMoment)
