"""Load the catalogue of products."""

from pathlib import Path

import polars as pl

from service.engine.reading import PLAIN, Reading
from service.engine.scanned import GoodsReader
from service.errors import InvalidInput
from service.files import rows
from service.files.printed import NameCheck
from service.files.report import LoadReport, Progress, silent
from service.files.rows import FileColumn, Parse
from service.store import catalogue
from service.store.session import Database


def _gtin(goods: GoodsReader) -> Parse:
    """A GTIN with a valid check digit, or a PLU, as the product's key."""

    def checked(text: str) -> int | None:
        try:
            return goods.catalogued(text)
        except InvalidInput:
            return None

    def keys(texts: pl.Series) -> pl.Series:
        known = {text: checked(text) for text in texts.unique() if text is not None}
        return pl.Series([known.get(text) for text in texts], dtype=pl.Int64)

    return lambda expr: expr.map_batches(keys, return_dtype=pl.Int64)


_CENTS = rows.within(rows.whole, 0, 10**9)

_GTIN = "a GTIN of 8, 12, 13 or 14 digits with a right check digit, or a PLU"
_OTHERS = (
    FileColumn("description", rows.text, "text"),
    FileColumn("brand", rows.text, "text", required=False, default=""),
    FileColumn("private_label", rows.yes_no, "true or false", required=False, default="false"),
    FileColumn("item", rows.text, "text"),
    FileColumn("category", rows.text, "text"),
    FileColumn("department", rows.text, "text"),
    FileColumn("supplier", rows.text, "text"),
    FileColumn("package_size", rows.text, "text", required=False, default=""),
    FileColumn("restriction", rows.text, "text", required=False, default=""),
    FileColumn("price_cents", _CENTS, "a whole number of cents from 0", required=False),
    FileColumn("cost_cents", _CENTS, "a whole number of cents from 0", required=False),
)


def columns(reading: Reading) -> tuple[FileColumn, ...]:
    """The columns of a file of products whose codes are read so."""
    return (FileColumn("gtin", _gtin(reading.goods), _GTIN), *_OTHERS)


COLUMNS = columns(PLAIN)


def load_products(
    database: Database,
    path: Path,
    *,
    reading: Reading = PLAIN,
    layout: str = "classic-a4",
    progress: Progress = silent,
) -> LoadReport:
    """Add or update the products of a file; each chunk of rows is committed when it is done.

    Of several rows with one product the last counts. For products that exist already, what the file
    has no column for stays as it is. Rows with a name that `layout` cannot print are refused.
    Raises as `rows.read` does.
    """
    report = LoadReport()
    names = NameCheck(layout)
    for found in rows.read(path, columns(reading)):
        chunk = names.apply(found, path.name)
        frame = chunk.rows.drop(rows.ROW).unique("gtin", keep="last", maintain_order=True)
        with database.write() as session:
            catalogue.upsert_products(session, frame, renewed=chunk.present)
        report.read += chunk.rows.height + chunk.refused
        report.taken += frame.height
        report.known += chunk.rows.height - frame.height
        report.refuse(chunk.problems, chunk.refused)
        progress("products", chunk.done, chunk.total)
    return report
