"""What stores sold by day, counted every night for reports, and how many came in."""

from datetime import date

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId


class SalesDay(SQLModel, table=True):
    """What a store sold of a category on a business day to households of a tier of worth.

    `category_id` is 0 for goods that are not in the catalogue, `tier` empty for whoever has none.
    `baskets` had the category in them, so that they do not add up over categories.
    """

    __tablename__ = "sales_day"

    day: date = Field(primary_key=True)
    store_id: str = Field(foreign_key="store.id", primary_key=True)
    category_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    tier: str = Field(primary_key=True)
    amount_cents: int = Field(sa_type=BigId)
    quantity_milli: int = Field(sa_type=BigId)
    baskets: int = Field(sa_type=BigId)


class VisitsDay(SQLModel, table=True):
    """The baskets of a store on a business day, of households of a tier; empty for none.

    `using_baskets` used an offer and paid `using_cents` of the amount.
    """

    __tablename__ = "visits_day"

    day: date = Field(primary_key=True)
    store_id: str = Field(foreign_key="store.id", primary_key=True)
    tier: str = Field(primary_key=True)
    baskets: int = Field(sa_type=BigId)
    amount_cents: int = Field(sa_type=BigId)
    using_baskets: int = Field(sa_type=BigId)
    using_cents: int = Field(sa_type=BigId)


class DoorCount(SQLModel, table=True):
    """How many came into a store on a day, by its counter."""

    __tablename__ = "door_count"

    day: date = Field(primary_key=True)
    store_id: str = Field(foreign_key="store.id", primary_key=True)
    visitors: int = Field(sa_type=BigId)
