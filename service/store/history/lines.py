"""Basket lines for statements in SQL, wherever they are: in the table, or in files alone.

Each function returns what to write in place of `basket_line`, with the same columns. Where no line
left the database that is the table itself, and nothing was read.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.store.bulk import day_value, is_sqlite, stage
from service.store.history import manifest
from service.store.history.manifest import Piece, month_of
from service.store.history.place import place_of
from service.store.tables.history import HistoryFile

LINE: dict[str, Any] = {
    "basket_id": pl.Int64,
    "line": pl.Int64,
    "gtin": pl.Int64,
    "quantity_milli": pl.Int64,
    "unit": pl.String,
    "amount_cents": pl.Int64,
    "code": pl.String,
}
"""The columns of `basket_line`."""
TABLE = "basket_line"
_LEAVING = 7_052_001
"""The number of the lock that whoever reads lines here shares, and that lines leave under."""
# A basket that was opened again has its lines in the table.
_BOTH = f"""(SELECT {", ".join(LINE)} FROM basket_line
    UNION ALL SELECT {", ".join(f"h.{name}" for name in LINE)} FROM history_line h
    JOIN basket of_line ON of_line.id = h.basket_id AND of_line.sealed)"""


def of_days(session: Session, first: date, last: date) -> str:
    """The lines of baskets of some business days, and others."""
    _share(session)
    files = [f for f in manifest.alone(session) if f.first_day <= last and f.last_day >= first]
    if not files:
        return TABLE
    days = {"first": day_value(session, first), "last": day_value(session, last)}
    rows = session.execute(
        text(
            """SELECT id FROM basket WHERE sealed AND business_date >= :first
               AND business_date <= :last"""
        ),
        days,
    )
    wanted = pl.Series(rows.scalars().all(), dtype=pl.Int64)
    return _staged(session, [(file, pl.col("basket_id").is_in(wanted.implode())) for file in files])


def of_household(session: Session, household_id: int) -> str:
    """The lines of a household's baskets, and others."""
    _share(session)
    shard = manifest.shard_of(household_id)
    mine = pl.col("household_id") == household_id
    return _staged(session, [(file, mine) for file in manifest.alone(session, shard=shard)])


def of_baskets(session: Session, basket_ids: Sequence[int]) -> str:
    """The lines of some baskets, and others."""
    _share(session)
    wanted = []
    for piece, ids in _pieces(session, basket_ids).items():
        file = manifest.current(session, piece)
        if file is not None and file.is_alone:
            wanted.append((file, pl.col("basket_id").is_in(ids)))
    return _staged(session, wanted)


def of_basket(session: Session, basket_id: int | None) -> list[dict[str, Any]]:
    """The lines of a basket, by number, as they are in the table or in the file."""
    source = TABLE if basket_id is None else of_baskets(session, [basket_id])
    rows = session.execute(
        text(f"SELECT l.* FROM {source} l WHERE l.basket_id = :basket ORDER BY l.line"),
        {"basket": basket_id},
    )
    return [{name: row[name] for name in LINE} for row in rows.mappings()]


def leave(session: Session) -> bool:
    """Whether lines may leave the database in this transaction: nobody reads them here just now."""
    if is_sqlite(session):
        return True
    statement = text("SELECT pg_try_advisory_xact_lock(:number)")
    return bool(session.execute(statement, {"number": _LEAVING}).scalar_one())


def _share(session: Session) -> None:
    """No line leaves until the transaction ends."""
    if not is_sqlite(session):
        statement = text("SELECT pg_advisory_xact_lock_shared(:number)")
        session.execute(statement, {"number": _LEAVING})


def _pieces(session: Session, basket_ids: Sequence[int]) -> dict[Piece, list[int]]:
    """Where those of some baskets are that are sealed."""
    stage(session, "staged_basket", pl.DataFrame({"id": basket_ids}, {"id": pl.Int64}))
    rows = session.execute(
        text(
            f"""SELECT b.id, {month_of(session, "b.purchased_at")}, b.sealed_shard
                FROM basket b JOIN staged_basket s ON s.id = b.id WHERE b.sealed"""
        )
    )
    found: dict[Piece, list[int]] = {}
    for key, month, shard in rows:
        found.setdefault(Piece(date.fromisoformat(str(month)), shard), []).append(key)
    return found


def _staged(session: Session, wanted: Iterable[tuple[HistoryFile, pl.Expr]]) -> str:
    parts = []
    for file, which in wanted:
        # The number of one that is gone may be another basket's by now.
        gone = manifest.changed(session, Piece(file.month, file.shard))
        lines = place_of(session).scan(file).filter(which, ~pl.col("basket_id").is_in(gone))
        parts.append(lines.select([*LINE]))
    if not parts:
        return TABLE
    stage(session, "history_line", pl.concat(parts).collect())
    return _BOTH
