"""What products sold and who bought them, counted every night for whoever looks at a product."""

from datetime import date

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, key_part


class ProductWeek(SQLModel, table=True):
    """What was sold of a product in a week, to everybody; `week` is its Monday."""

    __tablename__ = "product_week"

    gtin: int = key_part("product.gtin")
    week: date = Field(primary_key=True)
    quantity_milli: int = Field(sa_type=BigId)
    amount_cents: int = Field(sa_type=BigId)
    baskets: int = Field(sa_type=BigId)


class ProductBuyers(SQLModel, table=True):
    """How many of the counted households bought a product, in all or in a part of them.

    `part` is `all`, `tier` (of worth) or `cell` (of the product's category); `name` is which.
    """

    __tablename__ = "product_buyers"

    gtin: int = key_part("product.gtin")
    part: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    households: int = Field(sa_type=BigId)


class ProductDemand(SQLModel, table=True):
    """What is expected of a product in the next fortnight, for the counted households.

    `item_buyers` will buy its item at least once, `quantity` is what they will buy of the product,
    in pieces or units of measure.
    """

    __tablename__ = "product_demand"

    gtin: int = key_part("product.gtin")
    item_buyers: float
    quantity: float


class ProductCount(SQLModel, table=True):
    """When products were counted: everything before `as_of`. One row, none before the first time.

    Of `households` that ever bought, `counted` were looked at.
    """

    __tablename__ = "product_count"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    as_of: date
    households: int = Field(sa_type=BigId)
    counted: int = Field(sa_type=BigId)
