"""The purchase history at the door: its columns, their types, and what is refused."""

from __future__ import annotations

from datetime import date

import polars as pl

from service.errors import InvalidInput, Problem

IDS = ("household_id", "item_id", "basket_id")
COLUMNS = (*IDS, "purchased_at", "quantity", "amount_cents")
MOST_PROBLEMS = 20


def validate_history(
    frame: pl.DataFrame, *, source: str = "history", first_row: int = 1
) -> pl.DataFrame:
    """The six columns in their types, in the order of the rows.

    Ids become Int64 where they are whole numbers and String where they are text; `purchased_at`
    becomes a naive Datetime('us') of the store's wall clock (a date is midnight, an aware time
    stamp keeps its own clock's reading); `quantity` Float64, `amount_cents` Int64. Returns
    (quantities or amounts not above zero) are kept; other columns are dropped.

    InvalidInput names `source`, the row (counted from `first_row`) and the column of up to twenty
    faults: a missing column, a missing value, an unreadable number or time.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InvalidInput(
            f"{source} lacks {', '.join(missing)}.",
            [
                Problem(f"{source}, column {name}", "the column is missing", _NEEDED[name])
                for name in missing
            ],
        )
    chosen = frame.select(COLUMNS)
    typed = chosen.select(_typed(name, chosen.schema[name]) for name in COLUMNS)
    problems: list[Problem] = []
    for name in COLUMNS:
        problems += _faults(chosen[name], typed[name], source=source, first_row=first_row)
    if problems:
        raise InvalidInput(f"{source} cannot be read as a history.", problems[:MOST_PROBLEMS])
    return typed


def before(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The rows bought before the as-of date at 00:00, by the clock `purchased_at` is written in."""
    return frame.filter(pl.col("purchased_at").cast(pl.Date) < as_of)


_NEEDED = {
    "household_id": "a whole number or text that names the household",
    "item_id": "a whole number or text that names the item",
    "basket_id": "a whole number or text that names the basket",
    "purchased_at": "a date or time such as 2026-03-31 or 2026-03-31 17:05:00",
    "quantity": "a number of pieces, below zero for a return",
    "amount_cents": "a whole number of cents",
}


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if name in IDS:
        return column.cast(pl.Int64, strict=False) if kind.is_integer() else _text(column, kind)
    if name == "purchased_at":
        return _moment(column, kind)
    target = pl.Float64 if name == "quantity" else pl.Int64
    if name == "amount_cents" and (kind.is_float() or kind == pl.String):
        number = column.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite() & (number == number.round())).then(number).cast(target)
    number = column.cast(target, strict=False)
    return pl.when(number.is_finite()).then(number) if name == "quantity" else number


def _text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole.cast(pl.Float64) == column).then(whole)
    text = column.cast(pl.String, strict=False)
    return pl.when(text.str.len_bytes() > 0).then(text)


def _moment(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind == pl.String:
        clean = column.str.strip_chars().str.replace("T", " ", literal=True)
        clean = clean.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "")
        return pl.coalesce(
            clean.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False),
            clean.str.to_datetime("%Y-%m-%d %H:%M", strict=False),
            clean.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
        ).cast(pl.Datetime("us"))
    if isinstance(kind, pl.Datetime):
        return column.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if kind == pl.Date:
        return column.cast(pl.Datetime("us"))
    return pl.lit(None, dtype=pl.Datetime("us")).alias(column.meta.output_name())


def _faults(given: pl.Series, typed: pl.Series, *, source: str, first_row: int) -> list[Problem]:
    bad = typed.is_null().arg_true().head(MOST_PROBLEMS)
    return [
        Problem(
            f"{source}, row {row + first_row}, column {given.name}",
            "the value is missing" if given[row] is None else f"cannot read {given[row]!r}",
            f"give {_NEEDED[given.name]}",
        )
        for row in bad.to_list()
    ]
