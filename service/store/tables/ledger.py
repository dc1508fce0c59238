"""The append-only ledger of offers: the entries of every posting sum to zero.

Accounts and kinds are those of `service.engine.settle` and `service.engine.reserve`.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment


class LedgerEntry(SQLModel, table=True):
    """One side of a posting; `posting` names the event all its entries belong to."""

    __tablename__ = "ledger_entry"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    posting: str = Field(index=True)
    kind: str
    account: str
    offer_id: int = Field(foreign_key="offer.id", index=True, sa_type=BigId)
    amount_cents: int = Field(sa_type=BigId)
    posted_at: datetime = Field(sa_type=UtcMoment)
