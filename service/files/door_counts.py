"""Load how many came into stores, by the counters at their doors."""

from pathlib import Path

import polars as pl

from service.errors import Problem
from service.files import rows
from service.files.report import KEPT_PROBLEMS, LoadReport
from service.files.rows import PLAIN_TEXT, FileColumn
from service.files.text_form import TextOptions
from service.store import catalogue, sales
from service.store.session import Database

MOST = 1_000_000
COLUMNS = (
    FileColumn("store_id", rows.text, "text, with its leading zeros"),
    FileColumn("day", rows.day, "a date such as 2026-03-05"),
    FileColumn("visitors", rows.within(rows.whole, 0, MOST), "a whole number from 0 on"),
)


def load_door_counts(
    database: Database, path: Path, *, text: TextOptions = PLAIN_TEXT
) -> LoadReport:
    """Keep a file of store, day and visitors; a day given again replaces what was there.

    A row of a store that no basket came from, or with a day that is none, is refused; so are rows
    that give one day of a store different numbers. Raises as `rows.read` does.
    """
    report = LoadReport()
    chunks = []
    for chunk in rows.read(path, COLUMNS, options=text):
        report.read += chunk.rows.height + chunk.refused
        report.refuse(chunk.problems, chunk.refused)
        report.notes.extend(chunk.notes)
        chunks.append(chunk.rows.select(rows.ROW, "store_id", "day", "visitors"))
    given = pl.concat(chunks)
    with database.read() as session:
        known = catalogue.store_regions(session)
    faults = (
        ("store_id", ~pl.col("store_id").is_in(list(known)), "no basket came from that store",
         "write it as baskets do"),
        ("visitors", pl.col("visitors").n_unique().over("store_id", "day") > 1,
         "the day of that store has other numbers in the file", "keep the row that is right"),
    )  # fmt: skip
    for column, fault, detail, remedy in faults:
        faulty = given.filter(fault)
        problems = [
            Problem(f"{path}, row {row}, column {column}", detail, remedy)
            for row in faulty[rows.ROW].head(KEPT_PROBLEMS)
        ]
        report.refuse(tuple(problems), faulty.height)
        given = given.join(faulty, on=rows.ROW, how="anti")
    counts = given.select("day", "store_id", "visitors").unique(maintain_order=True)
    with database.write() as session:
        report.taken = sales.set_door_counts(session, counts.rows())
    report.known = given.height - report.taken
    return report
