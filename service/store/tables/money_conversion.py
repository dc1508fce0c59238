"""That the amounts of a table were converted from one minor unit to another."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import UtcMoment, row_id


class MoneyConversion(SQLModel, table=True):
    """One conversion of one table; the newest says in which minor unit its amounts are.

    `amounts` counts those that were changed, in columns and in documents.
    """

    __tablename__ = "money_conversion"

    id: int = row_id()
    table_name: str = Field(index=True)
    from_exponent: int
    to_exponent: int
    amounts: int
    converted_at: datetime = Field(sa_type=UtcMoment)
