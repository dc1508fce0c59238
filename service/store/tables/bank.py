"""What banks booked, what payers say of it, and which claims it settled."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, Json, JsonObject, UtcMoment, row_id


class ReceiptState(StrEnum):
    """A receipt's life.

    `new`: read from a file, not in the ledger yet. `matched`: all of it settled claims.
    `suspended`: some of it is in suspense. `returned`: the bank took it back. `return`: it is that
    taking back.
    """

    NEW = "new"
    MATCHED = "matched"
    SUSPENDED = "suspended"
    RETURNED = "returned"
    RETURN = "return"


class BankFile(SQLModel, table=True):
    """A file of a bank or of a payer, known again by its SHA-256. `kind` is how it was read."""

    __tablename__ = "bank_file"

    id: int = row_id()
    name: str
    sha256: str = Field(unique=True)
    kind: str
    loaded_at: datetime = Field(sa_type=UtcMoment)
    actor: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)


class BankReceipt(SQLModel, table=True):
    """One payment that a bank booked; the same one in another file has the same `identity`.

    Those that a bank booked together have one `booking`, which is their identity otherwise.

    `parts` are the claims that its payer names, with what is paid of each. `suspense_cents` is what
    of it is in suspense, `reason` why. `returns_id` is the receipt that a return takes back.
    """

    __tablename__ = "bank_receipt"
    __table_args__ = (
        Index(
            "ix_bank_receipt_waiting",
            "id",
            postgresql_where=text("state IN ('new', 'suspended')"),
            sqlite_where=text("state IN ('new', 'suspended')"),
        ),
    )

    id: int = row_id()
    identity: str = Field(unique=True)
    booking: str = Field(index=True)
    file_id: int = Field(foreign_key="bank_file.id", index=True, sa_type=BigId)
    account: str
    reference: str
    end_to_end: str = Field(index=True)
    booked_on: date
    amount_cents: int = Field(sa_type=BigId)
    charges_cents: int = Field(sa_type=BigId)
    currency: str
    payer: str
    payer_account: str
    text: str = Field(sa_type=Text)
    parts: list[JsonObject] = Field(sa_type=Json(list[JsonObject]))
    is_return: bool
    return_reason: str
    state: str
    suspense_cents: int = Field(default=0, sa_type=BigId, sa_column_kwargs={"server_default": "0"})
    reason: str | None = None
    returns_id: int | None = Field(
        default=None, foreign_key="bank_receipt.id", unique=True, sa_type=BigId
    )
    matched_at: datetime | None = Field(default=None, sa_type=UtcMoment)


class ReceiptApplication(SQLModel, table=True):
    """What of a receipt settled a claim; `written_off_cents` is a difference, why in `reason`.

    Both are negative where a return takes them back.
    """

    __tablename__ = "receipt_application"

    id: int = row_id()
    receipt_id: int = Field(foreign_key="bank_receipt.id", index=True, sa_type=BigId)
    claim_id: int = Field(foreign_key="claim.id", index=True, sa_type=BigId)
    paid_cents: int = Field(sa_type=BigId)
    written_off_cents: int = Field(sa_type=BigId)
    reason: str | None = None
    applied_at: datetime = Field(sa_type=UtcMoment)


class RemittanceAdvice(SQLModel, table=True):
    """What a payer said its payment is for; it is no money."""

    __tablename__ = "remittance_advice"
    __table_args__ = (UniqueConstraint("payer", "trace", "paid_on", "total_cents"),)

    id: int = row_id()
    file_id: int = Field(foreign_key="bank_file.id", index=True, sa_type=BigId)
    trace: str
    paid_on: date
    total_cents: int = Field(sa_type=BigId)
    currency: str
    payer: str
    parts: list[JsonObject] = Field(sa_type=Json(list[JsonObject]))
    deducted_cents: int = Field(sa_type=BigId)
