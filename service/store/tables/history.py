"""The manifest of the files that hold what was bought in months that are over."""

from datetime import date, datetime

from sqlalchemy import Index, false
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class HistoryFile(SQLModel, table=True):
    """A file of basket lines of one month and one shard of households; it never changes.

    `month` is its first day, by UTC; `path` lies below the place of history files. Of a month and
    shard one file counts, the one that was not replaced; what was replaced is removed a while
    later. `is_alone` says that its lines left `basket_line`. The bounds are those of its baskets.
    """

    __tablename__ = "history_file"
    __table_args__ = (Index("ix_history_file_month_shard", "month", "shard"),)

    id: int = row_id()
    path: str = Field(unique=True)
    month: date
    shard: int = Field(sa_type=BigId)
    sha256: str
    bytes: int = Field(sa_type=BigId)
    rows: int = Field(sa_type=BigId)
    baskets: int = Field(sa_type=BigId)
    first_basket: int = Field(sa_type=BigId)
    last_basket: int = Field(sa_type=BigId)
    first_at: datetime = Field(sa_type=UtcMoment)
    last_at: datetime = Field(sa_type=UtcMoment)
    first_day: date
    last_day: date
    is_alone: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    written_at: datetime = Field(sa_type=UtcMoment)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class HistoryChange(SQLModel, table=True):
    """A basket whose lines in the file of a month and shard count no more.

    It was voided or removed, or is another household's since and in the file of another shard.
    The number may be another basket's by now, hence the month and no foreign key.
    """

    __tablename__ = "history_change"

    basket_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    month: date = Field(primary_key=True)
    shard: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
