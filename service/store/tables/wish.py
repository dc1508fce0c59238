"""What households say of items, brands and deals; what they were seen to buy is elsewhere."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id


class Wish(SQLModel, table=True):
    """A household said something (`act`) of an item, a brand or a deal: one of them. Append-only.

    The newest of the same subject counts. `deal_id` is the id of the deal's first revision, so that
    it holds for all; `until` is the first day on which `not_now` ends, `said_on` the day on which
    it was said where the stores are. `channel` is the way on which it was said, `actor` wrote it.
    """

    __table_args__ = (Index(None, "household_id", "id"),)

    id: int = row_id()
    household_id: int = Field(foreign_key="household.id", sa_type=BigId)
    item_id: int | None = Field(default=None, foreign_key="item.id", index=True, sa_type=BigId)
    brand: str | None = None
    deal_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    act: str
    until: date | None = None
    said_on: date
    said_at: datetime = Field(sa_type=UtcMoment)
    channel: str
    actor: str
