"""The append-only ledger: the entries of every posting sum to zero.

Accounts and kinds are those of `service.engine.ledger`.
"""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class LedgerEntry(SQLModel, table=True):
    """One side of a posting; `posting` names the event all its entries belong to.

    `store_id` and `business_date` are those of the till transaction that moved it; an entry that no
    till made has none, and one that is of no offer or no supplier names none. Supplier and store
    are copies of what was checked with the offer and the sale; checking each entry again would add
    a quarter to what writing a redemption costs PostgreSQL.
    """

    __tablename__ = "ledger_entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    posting: str = Field(index=True)
    kind: str
    account: str
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    amount_cents: int = Field(sa_type=BigId)
    posted_at: datetime = Field(sa_type=UtcMoment)
    supplier_id: int | None = Field(default=None, index=True, sa_type=BigId)
    store_id: str | None = None
    business_date: date | None = None
