"""Load purchase history from CSV or Parquet."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from service.engine.reading import PLAIN, Reading
from service.errors import Problem
from service.files import rows
from service.files.report import KEPT_PROBLEMS, LoadReport, Progress, silent
from service.files.rows import FileColumn
from service.store import baskets, catalogue, households
from service.store.session import Database

# The terminal of baskets whose file names none.
FILE_TERMINAL = "file"


COLUMNS = (
    FileColumn("household_id", rows.text, "text", required=False),
    FileColumn("basket_id", rows.text, "text"),
    FileColumn("store_id", rows.text, "text"),
    FileColumn("terminal", rows.text, "text", required=False, default=FILE_TERMINAL),
    FileColumn("purchased_at", rows.moment, "a moment with offset, as 2017-11-25T17:04:00-05:00"),
    FileColumn("line", rows.within(rows.whole, 1, 1_000_000), "a whole number from 1"),
    # Goods without a number were sold too, so the column must be there and may be empty.
    FileColumn("gtin", rows.text, "text", default=""),
    FileColumn("quantity", rows.within(rows.number, -1_000_000, 1_000_000), "a number"),
    FileColumn("unit", rows.text, "text", required=False, default="each"),
    FileColumn(
        "amount_cents", rows.within(rows.whole, -(10**11), 10**11), "a whole number of cents"
    ),
)


def load_baskets(
    database: Database,
    path: Path,
    *,
    timezone: str,
    reading: Reading = PLAIN,
    progress: Progress = silent,
) -> LoadReport:
    """Add the purchase lines of a file; each chunk of rows is committed when it is done.

    Loading a file again adds no duplicates: store, terminal, business date (the local date of the
    store), basket_id and line identify a line. Unknown stores are added, in the time zone
    `timezone`. An unknown household is a fault of the row; an unknown GTIN is accepted, and so
    is what is no GTIN. Raises as `rows.read` does.
    """
    report = LoadReport()
    with database.read() as session:
        ids = households.ids_by_ref(session)
    for chunk in rows.read(path, COLUMNS):
        good, unknown = _find_households(path, chunk.rows, ids)
        stores = sorted(good["store_id"].unique().to_list())
        with database.write() as session:
            catalogue.ensure_stores(session, stores, timezone=timezone)
            zones = catalogue.store_zones(session, stores)
            added = baskets.add_baskets(session, _basket_lines(good, zones, reading))
        report.read += chunk.rows.height + chunk.refused
        report.taken += added
        report.known += good.height - added
        report.refuse(chunk.problems, chunk.refused)
        report.refuse(unknown, chunk.rows.height - good.height)
        progress("baskets", chunk.done, chunk.total)
    return report


def _find_households(
    path: Path, frame: pl.DataFrame, ids: dict[str, int]
) -> tuple[pl.DataFrame, tuple[Problem, ...]]:
    ref = frame["household_id"]
    known = ref.replace_strict(ids, default=None, return_dtype=pl.Int64)
    is_unknown = ref.is_not_null() & known.is_null()
    problems = tuple(
        Problem(
            f"{path}, row {row}, column household_id",
            f"there is no household {name[:60]!r}",
            "load the households first, or leave the cell empty",
        )
        for row, name in frame.filter(is_unknown)
        .select(rows.ROW, "household_id")
        .head(KEPT_PROBLEMS)
        .iter_rows()
    )
    return frame.with_columns(known.alias("household_id")).filter(~is_unknown), problems


def _basket_lines(frame: pl.DataFrame, zones: Mapping[str, str], reading: Reading) -> pl.DataFrame:
    zone_of = pl.col("store_id").replace_strict(zones, return_dtype=pl.String)
    local: pl.Expr = pl.coalesce(
        pl.lit(None, pl.Date),
        *(
            pl.when(zone_of == zone).then(
                pl.col("purchased_at").dt.convert_time_zone(zone).dt.date()
            )
            for zone in sorted(set(zones.values()))
        ),
    )
    sold = {text: reading.goods.read(text) for text in frame["gtin"].unique()}
    units = {text: reading.unit(text) for text in frame["unit"].unique()}
    read = [sold[text] for text in frame["gtin"]]
    return frame.select(
        "store_id",
        "terminal",
        local.alias("business_date"),
        pl.col("basket_id").alias("number"),
        "household_id",
        "purchased_at",
        "line",
        pl.Series("gtin", [each.gtin for each in read], pl.Int64),
        (pl.col("quantity") * 1000).round().cast(pl.Int64).alias("quantity_milli"),
        pl.Series("unit", [units[text] for text in frame["unit"]], pl.String),
        "amount_cents",
        pl.Series("code", [each.code for each in read], pl.String),
    )
