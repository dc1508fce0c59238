"""Read lines that are in files, for whoever reads the others from the database.

Both must be of one moment: a basket that is sealed between two statements would be missed or be
there twice. So `asked` is a part of the very statement that reads the database, which tells with
its rows which files count and what of them does not.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl
from sqlmodel import Session

from service.store.bulk import is_sqlite, moment_literal
from service.store.history import manifest
from service.store.history.place import place_of

LINES: dict[str, Any] = {
    "household_id": pl.Int64,
    "purchased_at": pl.Datetime("us", "UTC"),
    "basket_id": pl.Int64,
    "line": pl.Int64,
    "gtin": pl.Int64,
    "quantity_milli": pl.Int64,
    "amount_cents": pl.Int64,
}
ORDER = ("household_id", "purchased_at", "basket_id", "line")
FILE, OPEN, GONE = 1, 2, 3
"""What rows of `asked` tell: of a file, of a basket that is open again, of one that is gone."""


class Span(NamedTuple):
    """From when to before when, and of whom; of all households where `household_ids` is None."""

    since: datetime | None
    before: datetime
    household_ids: Sequence[int] | None = None


def in_span(session: Session, span: Span) -> str:
    """SQL for the baskets `b` of known households in a span."""
    where = [
        f"b.purchased_at < {moment_literal(session, span.before)}",
        "b.household_id IS NOT NULL",
    ]
    if span.since is not None:
        where.append(f"b.purchased_at >= {moment_literal(session, span.since)}")
    if span.household_ids is not None:
        chosen = ", ".join(str(int(household_id)) for household_id in span.household_ids)
        where.append(f"b.household_id IN ({chosen or 'NULL'})")
    return " AND ".join(where)


def asked(session: Session, span: Span, *, width: int) -> str:
    """SQL for rows that tell what of a span is in files: a kind, then `width` whole numbers.

    To be united with the rows of baskets that are not sealed. See `from_files`.
    """
    rest = ", 0" * (width - 3)
    epoch = (
        "CAST(strftime('%s', {}) AS INTEGER) / 86400"
        if is_sqlite(session)
        else "{} - DATE '1970-01-01'"
    )
    month = epoch.format("c.month")
    since = "" if span.since is None else f"AND f.last_at >= {moment_literal(session, span.since)}"
    return f"""SELECT {FILE}, f.id, 0, 0{rest} FROM history_file f
        WHERE f.replaced_at IS NULL AND f.shard >= 0
          AND f.first_at < {moment_literal(session, span.before)} {since}
        UNION ALL SELECT {OPEN}, b.id, 0, 0{rest} FROM basket b
        WHERE NOT b.sealed AND b.sealed_shard IS NOT NULL AND {in_span(session, span)}
        UNION ALL SELECT {GONE}, c.basket_id, {month}, c.shard{rest} FROM history_change c"""


def from_files(session: Session, span: Span, told: pl.DataFrame) -> pl.DataFrame:
    """The lines of a span that are in files; see `LINES`, sorted by `ORDER`.

    `told` are the rows that `asked` gave, in columns kind, key, day, shard. Raises Misconfigured
    when a file is not whole.
    """
    known = told.filter(pl.col("kind") == FILE)["key"].to_list()
    if not known:
        return pl.DataFrame(schema=LINES)
    # Polars compares moments of one zone only, and files are in UTC.
    before = span.before.astimezone(UTC)
    since = None if span.since is None else span.since.astimezone(UTC)
    files = manifest.by_id(session, known)
    parts = [pl.LazyFrame(schema=LINES)]
    place = place_of(session)
    opened = told.filter(pl.col("kind") == OPEN)["key"].to_list()
    gone = told.filter(pl.col("kind") == GONE).with_columns(
        pl.col("day").cast(pl.Int32).cast(pl.Date)
    )
    wanted = None if span.household_ids is None else sorted(set(span.household_ids))
    shards = None if wanted is None else {manifest.shard_of(each) for each in wanted}
    for file in files:
        if shards is not None and file.shard not in shards:
            continue
        lines = place.scan(file).select([*LINES])
        if file.last_at >= before:
            lines = lines.filter(pl.col("purchased_at") < before)
        if since is not None and file.first_at < since:
            lines = lines.filter(pl.col("purchased_at") >= since)
        if wanted is not None:
            lines = lines.filter(pl.col("household_id").is_in(wanted))
        left = gone.filter((pl.col("day") == file.month) & (pl.col("shard") == file.shard))
        if not left.is_empty() or opened:
            lines = lines.filter(~pl.col("basket_id").is_in([*opened, *left["key"].to_list()]))
        parts.append(lines)
    return pl.concat(parts).collect().sort(ORDER)
