"""Rows of a file of baskets in our own columns, whatever layout the file has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from service.currencies import minor_digits
from service.engine.scanned import GoodsReader
from service.errors import InvalidInput, Problem
from service.files import rows
from service.files.basket_layouts import PLAIN_LAYOUT, BasketLayout
from service.files.dates import Order, find_order
from service.files.headers import HeaderRules
from service.files.moments import MomentReader
from service.files.report import KEPT_PROBLEMS
from service.files.rows import PLAIN_TEXT, FileColumn
from service.files.text_form import TextOptions

FILE_TERMINAL = "file"
"""The terminal of baskets whose file names none."""

_MOMENT = "a moment with offset, as 2017-11-25T17:04:00-05:00, or name the zone with --timezone"
_QUANTITY = rows.within(rows.number, -1_000_000, 1_000_000)
_BASKET = ("store_id", "terminal", "basket_id")


@dataclass(frozen=True, slots=True)
class BasketOptions:
    """How to read a file where its content does not decide.

    `zone` is that of moments without an offset, empty to refuse them; `items` are GTINs by the
    shop's own numbers; `first_day` and `last_day` anchor layouts that only count days.
    """

    layout: BasketLayout = PLAIN_LAYOUT
    zone: str = ""
    dates: Order = Order.ASK
    text: TextOptions = PLAIN_TEXT
    items: Mapping[str, str] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None
    currency: str = "USD"


def _clean_id(expr: pl.Expr) -> pl.Expr:
    """The shop's own number of something: never one that a spreadsheet cut short."""
    is_cut = expr.str.contains(r"^[+-]?\d+([.,]\d+)?[eE]\+?\d+$")
    return pl.when(~is_cut).then(expr)


def _as_float_id(expr: pl.Expr) -> pl.Expr:
    """The same, where tools have made floats of whole numbers: `17850.0`."""
    return _clean_id(expr).str.replace(r"^(\d+)\.0+$", "${1}")


def file_columns(layout: BasketLayout, reader: MomentReader) -> tuple[FileColumn, ...]:
    """The columns to read from a file of this layout."""
    ids = _clean_id if layout is PLAIN_LAYOUT else _as_float_id
    number = "text, and no number that a spreadsheet cut short"
    cents = rows.within(rows.whole, -(10**11), 10**11)
    amount = rows.within(rows.number, -(10**9), 10**9)
    known = (
        FileColumn("household_id", ids, number, required=False),
        FileColumn("basket_id", ids, number),
        FileColumn("store_id", ids, number),
        FileColumn("terminal", rows.text, "text", required=False, default=FILE_TERMINAL),
        FileColumn("purchased_at", reader.parse, _MOMENT),
        FileColumn("day", reader.parse_day, "a date, as 2017-11-25"),
        FileColumn("time", rows.text, "a time, as 16:31, 1631 or 16", required=False),
        FileColumn("day_number", rows.within(rows.whole, 0, 40_000), "a whole number of days"),
        FileColumn("order_number", rows.within(rows.whole, 0, 10**6), "a whole number from 0"),
        FileColumn(
            "days_since_prior", rows.within(rows.number, 0, 10_000), "a number of days",
            required=False, default="0",
        ),
        FileColumn("line", rows.within(rows.whole, 1, 1_000_000), "a whole number from 1"),
        # Goods without a number were sold too, so the column must be there and may be empty.
        FileColumn("gtin", _clean_id, number, default=""),
        FileColumn("item_number", _as_float_id, number, default=""),
        FileColumn("quantity", _QUANTITY, "a number"),
        FileColumn("unit", rows.text, "text", required=False, default="each"),
        FileColumn("amount_cents", cents, "a whole number of cents"),
        FileColumn("amount", amount, "an amount of money, as 1.99"),
        FileColumn("unit_price", amount, "an amount of money, as 1.99"),
    )  # fmt: skip
    return tuple(
        column
        if column.name not in layout.optional
        else FileColumn(
            column.name, column.parse, column.expected, required=False, default=column.default
        )
        for column in known
        if column.name in layout.columns
    )


def date_order(path: Path, options: BasketOptions) -> tuple[Order, str]:
    """What comes first in the dates of a file, by all of them, and why."""
    layout = options.layout
    otherwise = options.dates if options.dates is not Order.ASK else layout.dates
    column = next((name for name in ("purchased_at", "day") if name in layout.columns), "")
    if not column or not (options.zone or column == "day"):
        return otherwise, ""
    texts: set[str] = set()
    only = (FileColumn(column, rows.text, "text"),)
    unused = [name for also in layout.columns.values() for name in also]
    quiet = HeaderRules(
        also=layout.columns,
        unused=(*layout.columns, *unused, *layout.unused),
        only_also=layout.rules.only_also,
    )
    for chunk in rows.read(path, only, options=options.text, rules=quiet):
        # A day is enough, so that the many moments of a day count once.
        days = chunk.rows[column].str.replace(r"[T ,]+\d{1,2}:.*$", "").unique()
        texts.update(days.drop_nulls())
    found = find_order(sorted(texts), otherwise=otherwise)
    return found.order, found.reason


class BasketCompleter:
    """Completes the rows of chunks, in their order: numbers, lines, moments and amounts."""

    def __init__(
        self, path: Path, options: BasketOptions, reader: MomentReader, prices: Mapping[int, int]
    ) -> None:
        self.unpriced = 0
        self._path = path
        self._options = options
        self._reader = reader
        self._prices = prices
        self._goods = GoodsReader()
        self._lines = pl.DataFrame(schema={**dict.fromkeys(_BASKET, pl.String), "last": pl.Int64})
        self._ordered_on = (
            _order_days(path, options, reader) if "order_number" in options.layout.columns else None
        )

    def complete(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
        """The rows in the columns of the plain layout, and the faults of those left out."""
        layout = self._options.layout
        if layout is PLAIN_LAYOUT and not self._options.items:
            return frame, []
        frame = self._with_goods(self._with_moments(frame))
        problems: list[Problem] = []
        if frame["purchased_at"].has_nulls():
            lost = frame.filter(pl.col("purchased_at").is_null())[rows.ROW].head(KEPT_PROBLEMS)
            detail = "the clocks of the zone show no such time, or show it twice"
            problems += [Problem(f"{self._path}, row {row}", detail) for row in lost]
            frame = frame.filter(pl.col("purchased_at").is_not_null())
        frame = self._with_baskets(frame)
        if layout.returns_begin_with:
            frame, odd = self._without_odd_returns(frame)
            problems += odd
        return self._with_amounts(self._with_lines(frame)), problems

    def _with_moments(self, frame: pl.DataFrame) -> pl.DataFrame:
        columns = self._options.layout.columns
        if "purchased_at" in columns:
            return frame
        if self._ordered_on is not None:
            keys = ["household_id", "order_number"]
            frame = frame.join(self._ordered_on, on=keys, how="left", maintain_order="left")
        elif "day_number" in columns:
            first = self._options.first_day
            if first is None:
                raise _anchor_missing(self._path, "--first-day", "the date of day 1")
            day = pl.lit(first) + pl.duration(days=pl.col("day_number") - 1)
            frame = frame.with_columns(day.cast(pl.Date).alias("day"))
        clocks = frame["time"] if "time" in frame.columns else [None] * frame.height
        at = self._reader.at(frame["day"], clocks)
        return frame.with_columns(pl.Series("purchased_at", at, dtype=pl.Datetime("us", "UTC")))

    def _with_goods(self, frame: pl.DataFrame) -> pl.DataFrame:
        items = self._options.items
        column = "item_number" if "item_number" in frame.columns else "gtin"
        numbers = frame[column].unique()
        found = {each: items.get(each) for each in numbers}
        gtins = [found[each] for each in frame[column]]
        if column == "gtin":
            gtins = [gtin or own for gtin, own in zip(gtins, frame[column], strict=True)]
        return frame.with_columns(
            pl.Series("gtin", [gtin or "" for gtin in gtins], dtype=pl.String),
            # The shop's own number of something is no GTIN, whatever it looks like.
            pl.Series("own_code", [
                "" if gtin or column == "gtin" else own
                for gtin, own in zip(gtins, frame[column], strict=True)
            ], dtype=pl.String),
        )  # fmt: skip

    def _with_baskets(self, frame: pl.DataFrame) -> pl.DataFrame:
        layout = self._options.layout
        absent = {
            "household_id": pl.lit(None, pl.String),
            "store_id": pl.lit(layout.store or "0"),
            "terminal": pl.lit(FILE_TERMINAL),
            "unit": pl.lit("each"),
            "quantity": pl.lit(1.0),
        }
        frame = frame.with_columns(
            expr.alias(name) for name, expr in absent.items() if name not in layout.columns
        )
        if layout.store:
            frame = frame.with_columns(pl.col("store_id").fill_null(layout.store))
        if "basket_id" in layout.columns:
            return frame
        # One basket a household and day; what nobody is known to have bought is one basket too.
        return frame.with_columns(
            pl.concat_str(pl.col("household_id").fill_null("?"), pl.lit("/"),
                          pl.col("day").cast(pl.String)).alias("basket_id")
        )  # fmt: skip

    def _without_odd_returns(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
        """A return has a negative quantity; one with a positive one is a fault."""
        is_return = pl.col("basket_id").str.starts_with(self._options.layout.returns_begin_with)
        odd = frame.filter(is_return & (pl.col("quantity") > 0))[rows.ROW]
        problems = [
            Problem(f"{self._path}, row {row}, column quantity", "is positive in a return")
            for row in odd.head(KEPT_PROBLEMS)
        ]
        return frame.filter(~(is_return & (pl.col("quantity") > 0))), problems

    def _with_lines(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Number the lines of each basket in the order of the file, across chunks."""
        if "line" in frame.columns and not frame["line"].has_nulls():
            return frame
        keys = list(_BASKET)
        numbered = frame.join(self._lines, on=keys, how="left", maintain_order="left").with_columns(
            (pl.int_range(1, pl.len() + 1).over(keys) + pl.col("last").fill_null(0)).alias("line")
        )
        last = numbered.group_by(keys).agg(pl.col("line").max().cast(pl.Int64).alias("last"))
        self._lines = pl.concat([self._lines, last]).unique(keys, keep="last")
        return numbered.drop("last")

    def _with_amounts(self, frame: pl.DataFrame) -> pl.DataFrame:
        columns = self._options.layout.columns
        if "amount_cents" in columns:
            return frame
        scale = 10 ** minor_digits(self._options.currency)
        if "amount" in columns:
            cents = pl.col("amount") * scale
        elif "unit_price" in columns:
            cents = pl.col("unit_price") * pl.col("quantity") * scale
        else:
            known = {text: self._prices.get(self._goods.read(text).gtin) for text in frame["gtin"]}
            prices = pl.Series("price", [known[text] for text in frame["gtin"]], dtype=pl.Int64)
            self.unpriced += prices.null_count()
            frame = frame.with_columns(prices.fill_null(0))
            cents = pl.col("price") * pl.col("quantity")
        # Six places are kept first: 2.55 times 6 is 15.299999... in binary.
        whole = cents.round(6).round(mode="half_away_from_zero").cast(pl.Int64)
        return frame.with_columns(whole.alias("amount_cents"))


def _order_days(path: Path, options: BasketOptions, reader: MomentReader) -> pl.DataFrame:
    """The day of each order of a household, counted back from the last day."""
    if options.last_day is None:
        raise _anchor_missing(path, "--last-day", "the date of the last order of each household")
    parts = []
    wanted = ["household_id", "order_number", "days_since_prior"]
    for chunk in rows.read(
        path, file_columns(options.layout, reader), options=options.text, rules=options.layout.rules
    ):
        parts.append(chunk.rows.select(wanted).unique())
    orders = pl.concat(parts).unique(wanted[:2], keep="first", maintain_order=True)
    after = pl.col("days_since_prior").shift(-1).fill_null(0).cum_sum(reverse=True)
    return (
        orders.sort(wanted[:2])
        .with_columns(after.over("household_id").alias("before"))
        .select(
            *wanted[:2],
            (pl.lit(options.last_day) - pl.duration(days=pl.col("before").cast(pl.Int64)))
            .cast(pl.Date)
            .alias("day"),
        )
    )


def _anchor_missing(path: Path, option: str, meaning: str) -> InvalidInput:
    fault = Problem(str(path), "counts days and has no dates", f"give {option}, {meaning}")
    return InvalidInput(f"{path} has no dates.", [fault])


def read_items(path: Path, text: TextOptions) -> dict[str, str]:
    """The GTINs by item number of a file with the columns `item_number` and `gtin`.

    Raises InvalidInput for any fault: a number with two GTINs, or what is no GTIN.
    """

    def checked(texts: pl.Series) -> pl.Series:
        found = {each: _gtin_or_none(each) for each in texts.unique() if each is not None}
        return pl.Series([found.get(each) for each in texts], dtype=pl.String)

    gtin = FileColumn(
        "gtin",
        lambda expr: expr.map_batches(checked, return_dtype=pl.String),
        "a GTIN of 8, 12, 13 or 14 digits with a right check digit, or a PLU",
    )
    number = FileColumn("item_number", _clean_id, "text, and no number cut short")
    faults: list[Problem] = []
    items: dict[str, str] = {}
    for chunk in rows.read(path, (number, gtin), options=text):
        faults.extend(chunk.problems)
        for row, own, code in chunk.rows.select(rows.ROW, "item_number", "gtin").iter_rows():
            if items.setdefault(own, code) != code:
                where = f"{path}, row {row}, column item_number"
                faults.append(Problem(where, f"{own[:60]!r} has another GTIN above", "keep one"))
    if faults:
        raise InvalidInput(f"{path} has faults; nothing was loaded.", faults)
    return items


def _gtin_or_none(text: str) -> str | None:
    try:
        return f"{GoodsReader().catalogued(text):013d}"
    except InvalidInput:
        return None


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; None for none. Raises InvalidInput."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"no time zone is called {name}") from None


def notes_of(options: BasketOptions, reader: MomentReader, completer: BasketCompleter,
             reason: str) -> Sequence[str]:  # fmt: skip
    """What was assumed in reading the rows."""
    layout = options.layout
    found = [*layout.assumed]
    if reason:
        found.append(f"dates: {reason}")
    if reader.local:
        found.append(
            f"{reader.local:,} moments have no offset from UTC; read on the clocks of "
            f"{options.zone}"
        )
    if reader.untimed:
        found.append(f"{reader.untimed:,} lines have no time of day; it is taken to be noon")
    if "unit_price" in layout.columns or "amount" in layout.columns:
        found.append(f"amounts are in {options.currency}")
    elif "amount_cents" not in layout.columns:
        found.append(
            "amounts are the catalogue's prices times the quantity; "
            f"{completer.unpriced:,} lines have no price there and count as 0"
        )
    return found
