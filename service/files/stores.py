"""Load where stores lie: the region by which reports to suppliers count."""

from pathlib import Path

import polars as pl

from service.errors import Problem
from service.files import rows
from service.files.notes import shown_rows
from service.files.report import KEPT_PROBLEMS, LoadReport
from service.files.rows import PLAIN_TEXT, FileColumn
from service.files.text_form import TextOptions
from service.store import catalogue
from service.store.session import Database

COLUMNS = (
    FileColumn("store_id", rows.text, "text, with its leading zeros"),
    FileColumn("region", rows.text, "text; empty for none", required=False, default=""),
)


def load_stores(database: Database, path: Path, *, text: TextOptions = PLAIN_TEXT) -> LoadReport:
    """Set the regions of stores that baskets came from; others are refused, row by row.

    A store in several rows with different regions is refused too. Raises as `rows.read` does.
    """
    report = LoadReport()
    chunks = []
    for chunk in rows.read(path, COLUMNS, options=text):
        report.read += chunk.rows.height + chunk.refused
        report.refuse(chunk.problems, chunk.refused)
        report.notes.extend(chunk.notes)
        chunks.append(chunk.rows.select(rows.ROW, "store_id", "region"))
    given = pl.concat(chunks)
    with database.read() as session:
        known = catalogue.store_regions(session)
    several = given.filter(pl.col("region").n_unique().over("store_id") > 1)
    unknown = given.filter(~pl.col("store_id").is_in(list(known)))
    _refuse(report, path, unknown, "no basket came from a store %s", "write it as baskets do")
    of_known = several.join(unknown, on=rows.ROW, how="anti")
    detail = "%s has other regions in " + shown_rows(several[rows.ROW].to_list())
    _refuse(report, path, of_known, detail, "keep the row that is right")
    good = given.join(pl.concat([several, unknown]), on=rows.ROW, how="anti")
    with database.write() as session:
        report.taken = catalogue.set_regions(
            session, dict(good.select("store_id", "region").rows())
        )
    report.known = good.height - report.taken
    return report


def _refuse(report: LoadReport, path: Path, faulty: pl.DataFrame, detail: str, remedy: str) -> None:
    problems = [
        Problem(f"{path}, row {row}, column store_id", detail % repr(store), remedy)
        for row, store in faulty.select(rows.ROW, "store_id").head(KEPT_PROBLEMS).iter_rows()
    ]
    report.refuse(tuple(problems), faulty.height)
