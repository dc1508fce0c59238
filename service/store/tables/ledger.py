"""The append-only ledger: the entries of every posting sum to zero.

Accounts and kinds are those of `service.engine.ledger`.
"""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment

_CLAIMABLE = "account IN ('supplier_receivable', 'fee_income', 'slot_income')"


class LedgerEntry(SQLModel, table=True):
    """One side of a posting; `posting` names the event all its entries belong to.

    `store_id` and `business_date` are those of the till transaction and null for other entries;
    `offer_id` and `supplier_id` are null where there is none. `uses` and `discount_cents` say on
    `supplier_receivable` what the cents are owed for: uses, and what households got. Supplier and
    store were checked with the offer and the sale and have no foreign key: to check each entry
    again would make writing a redemption a quarter slower on PostgreSQL. Rows are never changed or
    deleted: triggers refuse it on both databases, and on PostgreSQL a statement whose postings do
    not add up to zero.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index(
            "ix_ledger_entry_claimable",
            "supplier_id",
            "id",
            postgresql_where=text(_CLAIMABLE),
            sqlite_where=text(_CLAIMABLE),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    posting: str = Field(index=True)
    kind: str
    account: str
    offer_id: int | None = Field(default=None, foreign_key="offer.id", index=True, sa_type=BigId)
    amount_cents: int = Field(sa_type=BigId)
    posted_at: datetime = Field(sa_type=UtcMoment)
    supplier_id: int | None = Field(default=None, sa_type=BigId)
    store_id: str | None = None
    business_date: date | None = None
    uses: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    discount_cents: int = Field(
        default=0, sa_type=BigId, sa_column_kwargs={"server_default": text("0")}
    )
