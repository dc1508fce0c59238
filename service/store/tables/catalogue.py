"""What is sold: stores, suppliers, categories, items and products."""

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, row_id


class Store(SQLModel, table=True):
    """A shop of the retailer; `id` is the number its tills send, as text (\"0042\").

    Reports count by `region`, empty where nobody said one.
    """

    id: str = Field(primary_key=True)
    timezone: str
    region: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class Supplier(SQLModel, table=True):
    """Who makes products or funds deals; the retailer's own brand is a supplier too.

    `account_id` is who pays for it, null where that is not agreed yet.
    """

    id: int = row_id()
    name: str = Field(unique=True)
    account_id: int | None = Field(
        default=None, foreign_key="supplier_account.id", index=True, sa_type=BigId
    )


class Category(SQLModel, table=True):
    """A group of items in one department."""

    id: int = row_id()
    name: str = Field(unique=True)
    department: str


class Item(SQLModel, table=True):
    """What a shopper would write on a list; the unit of prediction."""

    id: int = row_id()
    name: str = Field(unique=True)
    category_id: int = Field(foreign_key="category.id", index=True, sa_type=BigId)


class Product(SQLModel, table=True):
    """A sell unit. `gtin` is the number itself, so 8, 12, 13 and 14 digits are one key.

    Goods with a `restriction` (alcohol, tobacco, discreet, ...) are never printed on a list.
    `price_cents` and `cost_cents` are of one unit: a piece, or what is weighed. `allergens` and
    `diets` are words of `engine.diets` parted by blanks: empty for none, null where nobody knows.
    """

    __table_args__ = (
        Index(
            "ix_product_cost",
            "gtin",
            postgresql_where=text("cost_cents IS NOT NULL"),
            sqlite_where=text("cost_cents IS NOT NULL"),
        ),
    )

    gtin: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    description: str
    brand: str
    private_label: bool
    item_id: int = Field(foreign_key="item.id", index=True, sa_type=BigId)
    category_id: int = Field(foreign_key="category.id", index=True, sa_type=BigId)
    supplier_id: int = Field(foreign_key="supplier.id", index=True, sa_type=BigId)
    package_size: str = ""
    restriction: str = ""
    price_cents: int | None = None
    cost_cents: int | None = None
    allergens: str | None = None
    diets: str | None = None
