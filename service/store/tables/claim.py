"""Claims on suppliers: which entries of the ledger they hold, and what became of them."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class ClaimSeries(SQLModel, table=True):
    """A series of numbers without a gap: the last one given. Its row is locked to give the next."""

    __tablename__ = "claim_series"

    series: str = Field(primary_key=True)
    last_serial: int


class Claim(SQLModel, table=True):
    """A claim; series, serial, days and tax are null or 0 until it is issued.

    `agreement_id` is the revision in force when it was drawn. `opening_cents` is what was owed of
    earlier claims when it was issued. A cancelled claim that had been issued has the number of its
    full credit in `credit_series` and `credit_serial`.
    """

    __table_args__ = (
        UniqueConstraint("series", "serial"),
        UniqueConstraint("credit_series", "credit_serial"),
        Index(None, "account_id", "id"),
        Index(None, "state", "id"),
    )

    id: int = row_id()
    account_id: int = Field(foreign_key="supplier_account.id", sa_type=BigId)
    agreement_id: int = Field(foreign_key="agreement.id", index=True, sa_type=BigId)
    state: str
    series: str | None = None
    serial: int | None = None
    drawn_to: date
    drawn_at: datetime = Field(sa_type=UtcMoment)
    first_day: date | None = None
    last_day: date | None = None
    issued_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    issued_on: date | None = None
    due_on: date | None = None
    dispute_until: date | None = None
    opening_cents: int = Field(default=0, sa_type=BigId)
    tax_cents: int = Field(default=0, sa_type=BigId)
    total_cents: int = Field(sa_type=BigId)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    cancelled_on: date | None = None
    cancel_note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    credit_series: str | None = None
    credit_serial: int | None = None


class ClaimLine(SQLModel, table=True):
    """What a supplier (a brand of the account) owes for one revision of a deal in one store.

    `store_id` is null for slots. `late_of` is the earlier claim that late events belong to.
    """

    __tablename__ = "claim_line"

    claim_id: int = key_part("claim.id")
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    supplier_id: int = Field(sa_type=BigId)
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    store_id: str | None = None
    late_of: int | None = Field(default=None, foreign_key="claim.id", sa_type=BigId)
    circulation: int = Field(sa_type=BigId)
    uses: int = Field(sa_type=BigId)
    discount_cents: int = Field(sa_type=BigId)
    share_cents: int = Field(sa_type=BigId)
    fee_cents: int = Field(sa_type=BigId)
    slot_cents: int = Field(sa_type=BigId)
    adjustment_cents: int = Field(sa_type=BigId)


class ClaimEntry(SQLModel, table=True):
    """An entry of the ledger is in one claim at most, in one line of it; in line 0 is its tax.

    Neither column has a foreign key: the rows are selected from what they would refer to, a million
    at once.
    """

    __tablename__ = "claim_entry"
    __table_args__ = (Index(None, "claim_id", "line"),)

    entry_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    claim_id: int = Field(sa_type=BigId)
    line: int


class CancelledClaimEntry(SQLModel, table=True):
    """What a claim held that was cancelled: its entries are free for another one."""

    __tablename__ = "cancelled_claim_entry"

    claim_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    entry_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    line: int


class ClaimMark(SQLModel, table=True):
    """How far a supplier's entries were looked at for claims: those before `next_id` are done.

    Of them only what is in `waiting_entry` is in no claim.
    """

    __tablename__ = "claim_mark"

    supplier_id: int = key_part("supplier.id")
    next_id: int = Field(sa_type=BigId)


class WaitingEntry(SQLModel, table=True):
    """An entry that a claim should hold and none does though its supplier's mark is past it.

    No agreement covered it yet, or its claim was cancelled.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (Index(None, "supplier_id", "entry_id"),)

    entry_id: int = Field(
        primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    supplier_id: int = Field(sa_type=BigId)


class ClaimSettlement(SQLModel, table=True):
    """An entry on `supplier_receivable` that settles a claim: by money, a credit or a write-off.

    `kind` is that of its posting.
    """

    __tablename__ = "claim_settlement"

    entry_id: int = key_part("ledger_entry.id")
    claim_id: int = Field(foreign_key="claim.id", index=True, sa_type=BigId)
    kind: str
    note: str


class ClaimDispute(SQLModel, table=True):
    """An amount of a part of a claim's line that its supplier does not agree with."""

    __tablename__ = "claim_dispute"
    __table_args__ = (Index(None, "claim_id", "line"), Index(None, "state", "id"))

    id: int = row_id()
    claim_id: int = Field(foreign_key="claim.id", sa_type=BigId)
    line: int
    part: str
    reason: str
    claimed_cents: int = Field(sa_type=BigId)
    note: str = Field(sa_type=Text)
    state: str
    opened_at: datetime = Field(sa_type=UtcMoment)
    opened_by: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    answer_by: date
    accepted_cents: int = Field(default=0, sa_type=BigId)
    answer_reason: str | None = None
    answer_note: str = Field(
        default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")}
    )
    answered_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    answered_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    second_person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
