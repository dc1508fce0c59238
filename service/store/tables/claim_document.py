"""Documents as they went out, byte for byte, and the reminders among them."""

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from service.store.tables.types import BigId, UtcMoment, key_part, row_id


class StoredDocument(SQLModel, table=True):
    """A document of a claim, or a reminder of an account; `sha256` is that of `content`.

    It is never changed: a claim has at most one of a kind.
    """

    __tablename__ = "claim_document"
    __table_args__ = (
        Index(
            "ux_claim_document_claim_id_kind",
            "claim_id",
            "kind",
            unique=True,
            postgresql_where=text("claim_id IS NOT NULL"),
            sqlite_where=text("claim_id IS NOT NULL"),
        ),
    )

    id: int = row_id()
    claim_id: int | None = Field(default=None, foreign_key="claim.id", sa_type=BigId)
    account_id: int = Field(foreign_key="supplier_account.id", index=True, sa_type=BigId)
    kind: str
    name: str
    media_type: str
    language: str
    sha256: str
    content: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcMoment)


class Reminder(SQLModel, table=True):
    """A reminder that was written to an account: its level from 1, and when it asks for an answer.

    `open_cents` is what it asks for.
    """

    __tablename__ = "claim_reminder"

    id: int = row_id()
    account_id: int = Field(foreign_key="supplier_account.id", index=True, sa_type=BigId)
    level: int
    written_on: date
    answer_by: date
    open_cents: int = Field(sa_type=BigId)
    document_id: int = Field(foreign_key="claim_document.id", sa_type=BigId)


class RemindedClaim(SQLModel, table=True):
    """A claim that a reminder was of."""

    __tablename__ = "reminded_claim"

    reminder_id: int = key_part("claim_reminder.id")
    claim_id: int = key_part("claim.id", index=True)
    open_cents: int = Field(sa_type=BigId)
