"""Queries on the files of history: which there are, and what of a month is in none."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Date, text
from sqlmodel import Session, col, func, select

from service.store.bulk import is_sqlite, moment_literal
from service.store.tables.history import HistoryChange, HistoryFile

HOUSEHOLDS = 8_192
"""Of a shard: a month of theirs is some hundred thousand lines, a few megabytes. Files are found by
it: with another number those that are written would have to be written anew."""
NAMELESS_BASKETS = 131_072
"""Numbers of baskets in a shard of those that nobody is known to have bought; it is below zero."""


class Piece(NamedTuple):
    """The baskets of one month and one shard."""

    month: date
    shard: int


class Sealed(NamedTuple):
    """What is in files: how many there are, their lines and bytes, and what waits to be put in.

    `changes` are baskets that are gone and in a file yet, `alone` lines that are in files only.
    """

    files: int
    rows: int
    bytes: int
    alone: int
    changes: int
    newest_month: date | None


def shard_of(household_id: int) -> int:
    """The shard of a household's baskets."""
    return household_id // HOUSEHOLDS


SHARD = f"""CASE WHEN b.household_id IS NULL THEN -1 - b.id / {NAMELESS_BASKETS}
    ELSE b.household_id / {HOUSEHOLDS} END"""
"""SQL for the shard of a basket `b`."""


def month_of(session: Session, column: str) -> str:
    """SQL for the first day of the month of a moment, by UTC, as a Date column holds it."""
    if is_sqlite(session):
        return f"date({column} / 1000000, 'unixepoch', 'start of month')"
    return f"CAST(date_trunc('month', {column} AT TIME ZONE 'UTC') AS date)"


def waiting(session: Session, *, before: datetime, alone: bool) -> list[Piece]:
    """The pieces that a file is to be written of, by month and shard.

    Months that ended before a moment, of which baskets are in no file, and all of which something
    in a file counts no more; with `alone` also those whose lines are in the database yet.
    """
    lines_stay = "UNION SELECT month, shard FROM history_file WHERE replaced_at IS NULL"
    rows = session.execute(
        text(
            f"""SELECT DISTINCT {month_of(session, "b.purchased_at")} AS month, {SHARD} AS shard
                FROM basket b
                WHERE NOT b.sealed AND b.purchased_at < {moment_literal(session, before)}
                UNION SELECT month, shard FROM history_change
                {f"{lines_stay} AND NOT is_alone" if alone else ""}
                ORDER BY 1, 2"""
        ).columns(month=Date())
    )
    return [Piece(month, int(shard)) for month, shard in rows]


def current(session: Session, piece: Piece, *, held: bool = False) -> HistoryFile | None:
    """The file of a piece that counts, `held` until the transaction ends."""
    statement = select(HistoryFile).where(
        HistoryFile.month == piece.month,
        HistoryFile.shard == piece.shard,
        col(HistoryFile.replaced_at).is_(None),
    )
    if held:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.exec(statement).one_or_none()


def next_number(session: Session, piece: Piece) -> int:
    """How many files a piece has had as far as is known: a part of the next one's name."""
    statement = select(func.max(HistoryFile.id)).where(
        HistoryFile.month == piece.month, HistoryFile.shard == piece.shard
    )
    return (session.exec(statement).one() or 0) + 1


def changed(session: Session, piece: Piece) -> list[int]:
    """The baskets that the file of a piece holds and that are gone from there."""
    statement = select(HistoryChange.basket_id).where(
        HistoryChange.month == piece.month, HistoryChange.shard == piece.shard
    )
    return sorted(session.exec(statement))


def by_id(session: Session, file_ids: Iterable[int]) -> list[HistoryFile]:
    """Some files, by month and shard."""
    found = session.exec(select(HistoryFile).where(col(HistoryFile.id).in_(list(file_ids))))
    return sorted(found, key=lambda file: (file.month, file.shard))


def counting(session: Session) -> Sequence[HistoryFile]:
    """The files that count, by month and shard."""
    statement = (
        select(HistoryFile)
        .where(col(HistoryFile.replaced_at).is_(None))
        .order_by(col(HistoryFile.month), col(HistoryFile.shard))
    )
    return session.exec(statement).all()


def alone(session: Session, *, shard: int | None = None) -> Sequence[HistoryFile]:
    """The files that count whose lines are nowhere else, of a shard or of all."""
    statement = select(HistoryFile).where(
        col(HistoryFile.replaced_at).is_(None), col(HistoryFile.is_alone)
    )
    if shard is not None:
        statement = statement.where(HistoryFile.shard == shard)
    return session.exec(statement.order_by(col(HistoryFile.month), col(HistoryFile.shard))).all()


def known(session: Session) -> Sequence[HistoryFile]:
    """All files that were not removed yet, those that were replaced too."""
    return session.exec(select(HistoryFile).order_by(col(HistoryFile.id))).all()


def is_empty(session: Session) -> bool:
    """Whether nothing was ever sealed, or none of it is left."""
    return session.exec(select(HistoryFile.id).limit(1)).first() is None


def sealed(session: Session) -> Sealed:
    """What is in files, in sums."""
    files, rows, size, alone, newest = session.execute(
        text(
            """SELECT count(*), coalesce(sum(rows), 0), coalesce(sum(bytes), 0),
                      coalesce(sum(CASE WHEN is_alone THEN rows ELSE 0 END), 0),
                      max(month) AS newest
               FROM history_file WHERE replaced_at IS NULL"""
        ).columns(newest=Date())
    ).one()
    changes = session.exec(select(func.count()).select_from(HistoryChange)).one()
    return Sealed(files, int(rows), int(size), int(alone), changes, newest)
