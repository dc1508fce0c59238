"""Sums of deals, kept beside the rows they count so that a page need not count them again.

The rows stay the truth: nothing that issues, redeems or pays reads these sums, and
`store.sums.recount` compares them with what they count. `deal_id` is the deal's first revision.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part


class DealCopies(SQLModel, table=True):
    """A deal's copies by cell (empty for a partner's slot), written when lists are issued or end.

    `copies` are on lists that are out or have ended; `open_uses` are the uses that lists which are
    out allow, and `open_expected_cents` what was expected of these uses when they were issued.
    """

    __tablename__ = "deal_copies"

    deal_id: int = key_part("offer.id")
    cell: str = Field(primary_key=True)
    copies: int = Field(default=0, sa_type=BigId)
    open_uses: int = Field(default=0, sa_type=BigId)
    open_expected_cents: float = 0.0


class DealTotal(SQLModel, table=True):
    """What a deal came to, up to the mark.

    `reserved_cents` and `spent_cents` are of its budget. `uses` and `discount_cents` are of uses
    that count; `open_uses` and `open_expected_cents` are those of them on lists that are out, in
    the measures of `DealCopies`.
    """

    __tablename__ = "deal_total"

    deal_id: int = key_part("offer.id")
    uses: int = Field(default=0, sa_type=BigId)
    discount_cents: int = Field(default=0, sa_type=BigId)
    open_uses: int = Field(default=0, sa_type=BigId)
    open_expected_cents: float = 0.0
    reserved_cents: int = Field(default=0, sa_type=BigId)
    spent_cents: int = Field(default=0, sa_type=BigId)


class DealPart(SQLModel, table=True):
    """What a deal came to in one cell, in one store or on one day, up to the mark.

    `part` is `cell`, `store` or `day`; `name` the cell, the store, or the business day (ISO). What
    was spent is not known by cell.
    """

    __tablename__ = "deal_part"

    deal_id: int = key_part("offer.id")
    part: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    uses: int = Field(default=0, sa_type=BigId)
    discount_cents: int = Field(default=0, sa_type=BigId)
    spent_cents: int = Field(default=0, sa_type=BigId)


class SumMark(SQLModel, table=True):
    """How far sums are kept: up to these rows, which are all written. One row.

    `recounted_at` is when everything was last counted again, and `corrected` how many sums differed
    then.
    """

    __tablename__ = "sum_mark"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    redemption_line_id: int = Field(default=0, sa_type=BigId)
    ledger_entry_id: int = Field(default=0, sa_type=BigId)
    recounted_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    corrected: int = Field(default=0, sa_type=BigId)
