"""Overrides: what people decided over the allocation."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, row_id

OPEN = {
    "all": "ended_at IS NULL AND household_id IS NULL AND cell IS NULL",
    "cell": "ended_at IS NULL AND cell IS NOT NULL",
    "household": "ended_at IS NULL AND household_id IS NOT NULL",
}
"""What is open, by for whom it is."""
_KEYS = {"all": ("deal_id",), "cell": ("deal_id", "cell"), "household": ("deal_id", "household_id")}


def _one_open(whom: str) -> Index:
    where = text(OPEN[whom])
    return Index(
        f"ux_deal_override_{whom}",
        *_KEYS[whom],
        unique=True,
        postgresql_where=where,
        sqlite_where=where,
    )


class Override(SQLModel, table=True):
    """A deal that is pinned or banned (`act`) for a household, a cell, or all where both are null.

    `deal_id` is the id of the deal's first revision, so that it holds for all. One is open at most
    of a deal for the same households. `actor` names who made it and `person_id` the person behind
    it; `ended_by` and `ended_person_id` who ended it.
    """

    __tablename__ = "deal_override"
    __table_args__ = tuple(_one_open(whom) for whom in OPEN)

    id: int = row_id()
    deal_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    act: str
    household_id: int | None = Field(
        default=None, foreign_key="household.id", index=True, sa_type=BigId
    )
    cell: str | None = None
    reason: str
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    made_at: datetime = Field(sa_type=UtcMoment)
    ended_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    ended_by: str | None = None
    ended_person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
