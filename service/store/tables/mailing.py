"""Printed pieces: each copy, what the mailing house reported about it, and its files."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.errors import Problem
from service.store.tables.types import BigId, Json, UtcMoment, key_part, row_id


class PieceState(StrEnum):
    """The states of a printed copy; all but `outstanding` are reported by the mailing house."""

    OUTSTANDING = "outstanding"
    PRINTED = "printed"
    SPOILED = "spoiled"
    REPRINTED = "reprinted"
    MAILED = "mailed"
    RETURNED = "returned"


_UNMAILED = "state NOT IN ('mailed', 'returned')"


class MailPiece(SQLModel, table=True):
    """One copy of a piece in one batch. A reprint is another copy with the same `piece_id`.

    `address_digest` shows whether returned mail went to the address that the household still has;
    the address itself is not stored here.
    """

    __tablename__ = "mail_piece"
    __table_args__ = (
        Index(
            "ix_mail_piece_unmailed",
            "batch_id",
            "piece_id",
            postgresql_where=text(_UNMAILED),
            sqlite_where=text(_UNMAILED),
        ),
    )

    batch_id: int = key_part("batch.id")
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    piece_id: str = Field(index=True)
    list_id: int = Field(foreign_key="shopping_list.id", index=True, sa_type=BigId)
    address_digest: str
    state: str
    state_at: datetime | None = Field(default=None, sa_type=UtcMoment)
    reason: str = ""


class MailCount(SQLModel, table=True):
    """How many copies of a batch are in a state; kept with whatever changes that."""

    __tablename__ = "mail_count"

    batch_id: int = key_part("batch.id")
    state: str = Field(primary_key=True)
    pieces: int = Field(sa_type=BigId)


class MailEvent(SQLModel, table=True):
    """One row of an acknowledgement that took effect. Append-only."""

    __tablename__ = "mail_event"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "seq"], ["mail_piece.batch_id", "mail_piece.seq"]),
        UniqueConstraint("batch_id", "seq", "state", "happened_at"),
    )

    id: int = row_id()
    batch_id: int = Field(sa_type=BigId)
    seq: int
    state: str
    reason: str
    happened_at: datetime = Field(sa_type=UtcMoment)
    acknowledgement_id: int = Field(foreign_key="acknowledgement.id", index=True, sa_type=BigId)


class Acknowledgement(SQLModel, table=True):
    """One file of the mailing house and the counts of its rows."""

    id: int = row_id()
    name: str
    sha256: str = Field(index=True)
    source: str
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigId)
    received_at: datetime = Field(sa_type=UtcMoment)
    rows: int = 0
    taken: int = 0
    known: int = 0
    refused: int = 0
    problems: list[Problem] = Field(default_factory=list, sa_type=Json(list[Problem]))
