"""What was bought: baskets and their lines."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class Basket(SQLModel, table=True):
    """One till transaction; store, terminal, business date and number name it once.

    The lines of a `sealed` one are as the file of its month and shard has them, and in
    `basket_line` unless they left it. Those of another are in the database, whatever a file says
    that holds it from before it changed (`sealed_shard`).
    """

    __table_args__ = (
        UniqueConstraint("store_id", "terminal", "business_date", "number"),
        Index("ix_basket_household_id_purchased_at", "household_id", "purchased_at"),
    )

    id: int = row_id()
    store_id: str = Field(foreign_key="store.id")
    terminal: str
    business_date: date
    number: str
    household_id: int | None = Field(default=None, foreign_key="household.id", sa_type=BigId)
    purchased_at: datetime = Field(sa_type=UtcMoment)
    sealed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    sealed_shard: int | None = Field(default=None, sa_type=BigId)


class PurchasedLine(SQLModel, table=True):
    """One line as paid, after every discount; a GTIN that is not in the catalogue is stored too.

    `gtin` is 0 for goods without one; `code` is what was scanned where it is not the GTIN.
    """

    __tablename__ = "basket_line"

    basket_id: int = key_part("basket.id")
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    gtin: int = Field(sa_type=BigId)
    quantity_milli: int = Field(sa_type=BigId)
    unit: str
    amount_cents: int = Field(sa_type=BigId)
    code: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
