"""Write the lines of one month and shard into a file, and let that count from then on.

The order is what makes it safe to be killed anywhere: the file is written and lasts, then one
transaction names it in the manifest, calls its baskets sealed and takes what it replaces out, and
files that count no more are removed a day later. Who reads sees all of it or nothing of it.
"""

import hashlib
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import Date, text
from sqlmodel import Session

from service.store.bulk import day_value, moment_literal, moment_micros, read_integers, stage
from service.store.history import manifest
from service.store.history.lines import leave
from service.store.history.manifest import Piece
from service.store.history.place import a_day_before, place_of
from service.store.session import Database
from service.store.tables.history import HistoryFile

ATTEMPTS = 3
"""How often a piece is written that sales change meanwhile, before it is left to the next time."""
_BUSY = "Tills use the baskets that would be sealed; what was sealed is. Run it again for the rest."
COLUMNS: dict[str, Any] = {
    "household_id": pl.Int64,
    "purchased_at": pl.Datetime("us", "UTC"),
    "basket_id": pl.Int64,
    "line": pl.Int64,
    "gtin": pl.Int64,
    "quantity_milli": pl.Int64,
    "unit": pl.String,
    "amount_cents": pl.Int64,
    "code": pl.String,
}
"""The columns of a file, sorted by the first four; a household is null where nobody knows whose."""
_OURS = re.compile(r"\d{4}-\d\d/-?\d+-\d+-[0-9a-f]{12}\.parquet(\.part)?")
"""What files are called: month, shard, a number, and the beginning of the digest."""
_ORDER = ("household_id", "purchased_at", "basket_id", "line")


class Content(NamedTuple):
    """What the next file of a piece is to hold, as it was found.

    `lines` has `COLUMNS`; of them `hot` were in the database, of the baskets `basket_ids`, which
    no file counts for. `gone` are baskets that the file `before` holds and that went from there.
    """

    lines: pl.DataFrame
    hot: pl.DataFrame
    basket_ids: Sequence[int]
    gone: Sequence[int]
    before: HistoryFile | None


def read_piece(session: Session, piece: Piece) -> Content:
    """What the next file of a piece is to hold. Raises Misconfigured when its last is not whole."""
    before = manifest.current(session, piece)
    gone = manifest.changed(session, piece)
    basket_ids = _unsealed(session, piece)
    hot = _lines(session, basket_ids)
    parts = [hot]
    if before is not None:
        left = ~pl.col("basket_id").is_in([*gone, *basket_ids])
        parts.append(place_of(session).scan(before).filter(left).collect())
    lines = pl.concat(parts).sort(_ORDER)
    return Content(lines, hot, basket_ids, gone, before)


def write_piece(database: Database, piece: Piece, *, alone: bool, now: datetime) -> bool:
    """Put what the database has of a piece into its file; False when sales kept changing it.

    With `alone` its lines leave the database. Once they have, later ones of the piece do, too.
    """
    for _ in range(ATTEMPTS):
        with database.read() as session:
            content = read_piece(session, piece)
            number = manifest.next_number(session, piece)
            place = place_of(session)
        is_alone = alone or (content.before is not None and content.before.is_alone)
        file = _described(content, piece, number, is_alone=is_alone, now=now)
        if file is not None:
            place.write(file[0].path, file[1])
        count = partial(
            _count_from_now,
            piece=piece,
            content=content,
            file=None if file is None else file[0],
            is_alone=is_alone,
            now=now,
        )
        if database.settle(count, busy=_BUSY):
            return True
    return False


def remove_replaced(database: Database, *, now: datetime) -> int:
    """Remove files that no longer count since a day, or that never came to; how many."""
    before = a_day_before(now)
    with database.read() as session:
        known = manifest.known(session)
        if not known and not database.history:
            return 0
        place = place_of(session)
    old = [file for file in known if file.replaced_at is not None and file.replaced_at < before]
    for file in old:
        # The file goes first: a row without one is met again, a file without a row is nobody's.
        place.remove(file.path)
        with database.write() as session:
            session.execute(text("DELETE FROM history_file WHERE id = :id"), {"id": file.id})
    named = {file.path for file in known}
    strays = [path for path in place.older(before) if path not in named and _OURS.fullmatch(path)]
    for path in strays:
        place.remove(path)
    return len(old) + len(strays)


def _unsealed(session: Session, piece: Piece) -> list[int]:
    """The baskets of a piece that no file counts for."""
    first = datetime(piece.month.year, piece.month.month, 1, tzinfo=UTC)
    end = datetime(piece.month.year + piece.month.month // 12, piece.month.month % 12 + 1, 1,
                   tzinfo=UTC)  # fmt: skip
    found = read_integers(
        session,
        f"""SELECT b.id FROM basket b WHERE NOT b.sealed
            AND b.purchased_at >= {moment_literal(session, first)}
            AND b.purchased_at < {moment_literal(session, end)}
            AND {_in_shard(piece.shard)} ORDER BY b.id""",
        ("id",),
    )
    return found["id"].to_list()


def _in_shard(shard: int) -> str:
    """SQL for the baskets `b` of a shard, such that an index of households or ids serves."""
    if shard >= 0:
        first = shard * manifest.HOUSEHOLDS
        return f"b.household_id >= {first} AND b.household_id < {first + manifest.HOUSEHOLDS}"
    first = (-1 - shard) * manifest.NAMELESS_BASKETS
    last = first + manifest.NAMELESS_BASKETS
    return f"b.household_id IS NULL AND b.id >= {first} AND b.id < {last}"


def _lines(session: Session, basket_ids: Sequence[int]) -> pl.DataFrame:
    """The lines that the database has of some baskets; see `COLUMNS`, sorted as a file is."""
    stage(session, "staged_basket", pl.DataFrame({"id": basket_ids}, {"id": pl.Int64}))
    joined = "staged_basket s JOIN basket b ON b.id = s.id JOIN basket_line l ON l.basket_id = b.id"
    numbers = read_integers(
        session,
        f"""SELECT coalesce(b.household_id, 0), {moment_micros(session, "b.purchased_at")},
                   l.basket_id, l.line, l.gtin, l.quantity_milli, l.amount_cents FROM {joined}""",
        (*_ORDER, "gtin", "quantity_milli", "amount_cents"),
    )
    rows = session.execute(
        text(
            f"""SELECT l.basket_id, l.line, l.unit, l.code FROM {joined}
                WHERE l.unit <> 'each' OR l.code <> ''"""
        )
    )
    schema = {"basket_id": pl.Int64, "line": pl.Int64, "unit": pl.String, "code": pl.String}
    texts = pl.DataFrame([tuple(row) for row in rows], schema, orient="row")
    return (
        numbers.join(texts, on=["basket_id", "line"], how="left")
        .with_columns(
            pl.col("household_id").replace({0: None}),
            pl.col("purchased_at").cast(pl.Datetime("us", "UTC")),
            pl.col("unit").fill_null("each"),
            pl.col("code").fill_null(""),
        )
        .select([*COLUMNS])
        .sort(_ORDER)
    )


def _described(
    content: Content, piece: Piece, number: int, *, is_alone: bool, now: datetime
) -> tuple[HistoryFile, bytes] | None:
    """The row and the bytes of a file; None where nothing is left to be put into one."""
    lines = content.lines
    if lines.is_empty():
        return None
    out = io.BytesIO()
    lines.write_parquet(out, compression="zstd", statistics=True)
    written = out.getvalue()
    digest = hashlib.sha256(written).hexdigest()
    bounds: dict[str, Any] = lines.select(
        pl.col("basket_id").min().alias("first_basket"),
        pl.col("basket_id").max().alias("last_basket"),
        pl.col("purchased_at").min().alias("first_at"),
        pl.col("purchased_at").max().alias("last_at"),
        pl.col("basket_id").n_unique().alias("baskets"),
    ).row(0, named=True)
    row = HistoryFile(
        path=f"{piece.month:%Y-%m}/{piece.shard}-{number}-{digest[:12]}.parquet",
        month=piece.month,
        shard=piece.shard,
        sha256=digest,
        bytes=len(written),
        rows=lines.height,
        **bounds,
        # What the baskets' own days are is known in the transaction.
        first_day=piece.month,
        last_day=piece.month,
        is_alone=is_alone,
        written_at=now,
    )
    return row, written


def _count_from_now(
    session: Session,
    *,
    piece: Piece,
    content: Content,
    file: HistoryFile | None,
    is_alone: bool,
    now: datetime,
) -> bool:
    """Let a file that is written count; False, and nothing is done, if what it is of changed."""
    if is_alone and not leave(session):
        return False
    before = manifest.current(session, piece, held=True)
    if (before and before.id) != (content.before and content.before.id):
        return False
    # Held from here on: whoever changes a basket waits, or has changed it, which shows.
    stage(session, "staged_basket", pl.DataFrame({"id": content.basket_ids}, {"id": pl.Int64}))
    sealed: int = session.execute(
        text(
            f"""UPDATE basket SET sealed = true
                WHERE NOT sealed AND id IN (SELECT s.id FROM staged_basket s)
                  AND {_in_shard(piece.shard).replace("b.", "")}"""
        )
    ).rowcount  # type: ignore[attr-defined]
    if sealed != len(content.basket_ids) or not _lines(session, content.basket_ids).equals(
        content.hot
    ):
        session.rollback()
        return False
    values = {"month": day_value(session, piece.month), "shard": piece.shard}
    # Baskets that are another household's since are in the file of another shard.
    session.execute(
        text(
            """INSERT INTO history_change (basket_id, month, shard)
               SELECT b.id, :month, b.sealed_shard FROM basket b
               JOIN staged_basket s ON s.id = b.id
               WHERE b.sealed_shard <> :shard ON CONFLICT DO NOTHING"""
        ),
        values,
    )
    session.execute(
        text(
            """UPDATE basket SET sealed_shard = :shard
               WHERE id IN (SELECT s.id FROM staged_basket s)"""
        ),
        {"shard": piece.shard},
    )
    if before is not None:
        before.replaced_at = now
        session.add(before)
    if file is not None:
        file = HistoryFile(**file.model_dump(exclude={"id"}))
        file.first_day, file.last_day = _days(session, content.lines["basket_id"].unique())
        session.add(file)
    session.flush()
    stage(session, "staged_gone", pl.DataFrame({"id": content.gone}, {"id": pl.Int64}))
    session.execute(
        text(
            """DELETE FROM history_change WHERE month = :month AND shard = :shard
               AND basket_id IN (SELECT s.id FROM staged_gone s)"""
        ),
        values,
    )
    if is_alone:
        stage(
            session, "staged_basket", content.lines.select(pl.col("basket_id").unique().alias("id"))
        )
        session.execute(
            text(
                """DELETE FROM basket_line WHERE basket_id IN (
                       SELECT s.id FROM staged_basket s JOIN basket b ON b.id = s.id
                       WHERE b.sealed)"""
            )
        )
    return True


def _days(session: Session, basket_ids: pl.Series) -> tuple[date, date]:
    """The first and the last business day of some baskets."""
    stage(session, "staged_sealed", basket_ids.rename("id").to_frame())
    row = session.execute(
        text(
            """SELECT min(b.business_date) AS first, max(b.business_date) AS last
               FROM basket b JOIN staged_sealed s ON s.id = b.id"""
        ).columns(first=Date(), last=Date())
    ).one()
    return row.first, row.last
