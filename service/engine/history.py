"""Validate a purchase history: its columns, their types, and what is refused."""

from __future__ import annotations

from datetime import date

import polars as pl

from service.errors import InvalidInput, Problem

IDS = ("household_id", "item_id", "basket_id")
COLUMNS = (*IDS, "purchased_at", "quantity", "amount_cents")
MAX_PROBLEMS = 20


def validate_history(
    frame: pl.DataFrame, *, source: str = "history", first_row: int = 1
) -> pl.DataFrame:
    """Return the six columns of a history in their types; rows keep their order.

    Ids become Int64 if they are whole numbers and String if they are text. `purchased_at` becomes a
    naive Datetime('us') in the local time of the store: a date means midnight, and a time with a
    zone keeps its local reading. `quantity` becomes Float64, `amount_cents` Int64. Returned goods
    (a quantity or amount of 0 or below) are kept; other columns are dropped.

    Raises InvalidInput with up to twenty problems, each with `source`, row (counted from
    `first_row`) and column: a missing column or value, or a number or time that cannot be read.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InvalidInput(
            f"{source} lacks {', '.join(missing)}.",
            [
                Problem(f"{source}, column {name}", "the column is missing", _EXPECTED[name])
                for name in missing
            ],
        )
    chosen = frame.select(COLUMNS)
    typed = chosen.select(_cast(name, chosen.schema[name]) for name in COLUMNS)
    problems: list[Problem] = []
    for name in COLUMNS:
        problems += _problems(chosen[name], typed[name], source=source, first_row=first_row)
    if problems:
        raise InvalidInput(f"{source} cannot be read as a history.", problems[:MAX_PROBLEMS])
    return typed


def rows_before(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The rows bought before 00:00 of the as-of date, in the local time of `purchased_at`."""
    return frame.filter(pl.col("purchased_at").cast(pl.Date) < as_of)


_EXPECTED = {
    "household_id": "a whole number or text that names the household",
    "item_id": "a whole number or text that names the item",
    "basket_id": "a whole number or text that names the basket",
    "purchased_at": "a date or time such as 2026-03-31 or 2026-03-31 17:05:00",
    "quantity": "a number of pieces, below zero for a return",
    "amount_cents": "a whole number of cents",
}


def _cast(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if name in IDS:
        return (
            column.cast(pl.Int64, strict=False) if dtype.is_integer() else _cast_id(column, dtype)
        )
    if name == "purchased_at":
        return _cast_time(column, dtype)
    target = pl.Float64 if name == "quantity" else pl.Int64
    if name == "amount_cents" and (dtype.is_float() or dtype == pl.String):
        number = column.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite() & (number == number.round())).then(number).cast(target)
    number = column.cast(target, strict=False)
    return pl.when(number.is_finite()).then(number) if name == "quantity" else number


def _cast_id(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole.cast(pl.Float64) == column).then(whole)
    text = column.cast(pl.String, strict=False)
    return pl.when(text.str.len_bytes() > 0).then(text)


def _cast_time(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        clean = column.str.strip_chars().str.replace("T", " ", literal=True)
        clean = clean.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "")
        return pl.coalesce(
            clean.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False),
            clean.str.to_datetime("%Y-%m-%d %H:%M", strict=False),
            clean.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
        ).cast(pl.Datetime("us"))
    if isinstance(dtype, pl.Datetime):
        return column.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    return pl.lit(None, dtype=pl.Datetime("us")).alias(column.meta.output_name())


def _problems(
    original: pl.Series, typed: pl.Series, *, source: str, first_row: int
) -> list[Problem]:
    bad = typed.is_null().arg_true().head(MAX_PROBLEMS)
    return [
        Problem(
            f"{source}, row {row + first_row}, column {original.name}",
            "the value is missing" if original[row] is None else f"cannot read {original[row]!r}",
            f"give {_EXPECTED[original.name]}",
        )
        for row in bad.to_list()
    ]
