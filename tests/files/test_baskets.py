"""Loading purchase history, on both databases."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from service.engine import reading
from service.engine.scanned import GoodsReader, parse_masks
from service.errors import InvalidInput
from service.files import rows
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.report import LoadReport
from service.settings import Settings
from service.store.session import Database
from tests.files.files import BASKETS, HOUSEHOLDS, write_file

Ask = Callable[[str], list[tuple[object, ...]]]

LINES = """SELECT b.store_id, b.terminal, b.business_date, b.number, h.ref, l.line, l.gtin,
                  l.quantity_milli, l.unit, l.amount_cents
           FROM basket b JOIN basket_line l ON l.basket_id = b.id
           LEFT JOIN household h ON h.id = b.household_id ORDER BY b.number, b.terminal, l.line"""
HEADER = BASKETS.partition("\n")[0]


@pytest.fixture
def folder(database: Database, settings: Settings, tmp_path: Path) -> Path:
    """A folder, and a database with three households."""
    path = write_file(tmp_path / "households.csv", HOUSEHOLDS)
    load_households(database, path, secret_key=settings.secret_key, language="en")
    return tmp_path


def loaded(database: Database, path: Path, *, timezone: str = "UTC") -> LoadReport:
    return load_baskets(database, path, timezone=timezone)


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.read, report.taken, report.known, report.refused


def plain(lines: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Dates as text, because SQLite's own are."""
    return [tuple(str(cell) for cell in line) for line in lines]


EXPECTED = [
    ("0042", "07", "2026-03-01", "0001", "H1", "1", "2000000000015", "2000", "each", "240"),
    ("0042", "07", "2026-03-01", "0001", "H1", "2", "2000000000022", "1000", "each", "250"),
    ("0042", "07", "2026-03-01", "0002", "None", "1", "4011", "750", "kg", "150"),
    ("0042", "07", "2026-03-02", "0003", "H2", "1", "2000000000015", "1000", "each", "120"),
]


def test_a_file_becomes_baskets_and_again_changes_nothing(
    database: Database, folder: Path, read_only: Ask
) -> None:
    path = write_file(folder / "baskets.csv", BASKETS)
    steps: list[tuple[str, int, int]] = []
    report = load_baskets(database, path, timezone="UTC", progress=lambda *step: steps.append(step))
    assert counts(report) == (4, 4, 0, 0)
    assert plain(read_only(LINES)) == EXPECTED
    size = path.stat().st_size
    assert steps == [("read", size, size), ("baskets", size, size)]
    assert counts(loaded(database, path)) == (4, 0, 4, 0)
    assert plain(read_only(LINES)) == EXPECTED
    assert read_only("SELECT count(*) FROM basket") == [(3,)]


def test_csv_and_parquet_with_natural_types_give_the_same_rows(
    database: Database, folder: Path, read_only: Ask
) -> None:
    frame = pl.read_csv(write_file(folder / "b.csv", BASKETS), infer_schema=False).with_columns(
        pl.col("purchased_at").str.to_datetime(time_unit="us", time_zone="UTC"),
        pl.col("gtin", "line", "amount_cents").cast(pl.Int64),
        pl.col("quantity").cast(pl.Float64),
        pl.col("unit").cast(pl.Categorical),
    )
    frame.write_parquet(folder / "baskets.parquet")
    assert counts(loaded(database, folder / "baskets.parquet")) == (4, 4, 0, 0)
    assert plain(read_only(LINES)) == EXPECTED
    assert counts(loaded(database, folder / "b.csv")) == (4, 0, 4, 0)


def test_a_household_written_as_a_number_is_the_same_household(
    database: Database, settings: Settings, folder: Path, read_only: Ask
) -> None:
    numbered = write_file(folder / "numbered.csv", "household_id\n7\n")
    load_households(database, numbered, secret_key=settings.secret_key, language="en")
    frame = pl.DataFrame(
        {
            "household_id": [7.0, None],
            "basket_id": [1, 2],
            "store_id": [42, 42],
            "purchased_at": ["2026-03-01T17:04:00Z"] * 2,
            "line": [1, 1],
            "gtin": [4011.0, 4011.0],
            "quantity": [1, 1],
            "amount_cents": [100, 100],
        }
    )
    frame.write_parquet(folder / "floats.parquet")
    assert counts(loaded(database, folder / "floats.parquet")) == (2, 2, 0, 0)
    assert plain(read_only(LINES)) == [
        ("42", "file", "2026-03-01", "1", "7", "1", "4011", "1000", "each", "100"),
        ("42", "file", "2026-03-01", "2", "None", "1", "4011", "1000", "each", "100"),
    ]


def test_the_business_date_is_the_local_one(
    database: Database, folder: Path, read_only: Ask
) -> None:
    late = f"{HEADER}\nH1,0001,0042,07,2026-03-02T03:30:00Z,1,4011,1,each,100\n"
    loaded(database, write_file(folder / "late.csv", late), timezone="America/New_York")
    assert plain(read_only("SELECT business_date FROM basket")) == [("2026-03-01",)]
    assert read_only("SELECT id, timezone FROM store") == [("0042", "America/New_York")]


def test_a_store_keeps_its_zone_so_that_its_baskets_stay_the_same(
    database: Database, folder: Path, read_only: Ask
) -> None:
    late = f"{HEADER}\nH1,1,0042,07,2026-03-02T03:30:00Z,1,4011,1,each,100\n"
    path = write_file(folder / "late.csv", late)
    loaded(database, path, timezone="America/New_York")
    with_another_store = f"{late}H1,1,0043,07,2026-03-02T03:30:00Z,1,4011,1,each,100\n"
    report = loaded(database, write_file(path, with_another_store), timezone="UTC")
    assert counts(report) == (2, 1, 1, 0)
    found = read_only("SELECT store_id, business_date FROM basket ORDER BY store_id")
    assert plain(found) == [("0042", "2026-03-01"), ("0043", "2026-03-02")]


BAD = (
    (
        "H9,5,0042,07,2026-03-01T10:00:00Z,1,4011,1,each,1",
        "household_id: there is no household 'H9'",
    ),
    ("H1,,0042,07,2026-03-01T10:00:00Z,1,4011,1,each,1", "basket_id: is empty"),
    ("H1,5,,07,2026-03-01T10:00:00Z,1,4011,1,each,1", "store_id: is empty"),
    ("H1,5,0042,07,2026-03-01T10:00:00,1,4011,1,each,1", "purchased_at: '2026-03-01T10:00:00' is"),
    ("H1,5,0042,07,2026-03-01T10:00:00Z,0,4011,1,each,1", "line: '0' is not a whole number from 1"),
    ("H1,5,0042,07,2026-03-01T10:00:00Z,9999999999,4011,1,each,1", "line: '9999999999' is not"),
    ("H1,5,0042,07,2026-03-01T10:00:00Z,1,4011,1e300,each,1", "quantity: '1e300' is not a number"),
    ("H1,5,0042,07,2026-03-01T10:00:00Z,1,4011,1,each,1.5", "amount_cents: '1.5' is not a whole"),
    (
        "H1,5,0042,07,2026-03-01T10:00:00Z,1,4011,1,each,9999999999999",
        "amount_cents: '999999999999",
    ),
)


def test_bad_rows_are_refused_by_row_and_column_and_the_others_are_loaded(
    database: Database, folder: Path, read_only: Ask
) -> None:
    path = write_file(folder / "b.csv", BASKETS + "".join(f"{cells}\n" for cells, _ in BAD))
    report = loaded(database, path)
    assert counts(report) == (4 + len(BAD), 4, 0, len(BAD))
    problems = sorted(str(problem) for problem in report.problems)
    wanted = sorted(
        f"{path}, row {row}, column {expected}" for row, (_, expected) in enumerate(BAD, start=6)
    )
    assert len(problems) == len(wanted)
    for problem, expected in zip(problems, wanted, strict=True):
        assert problem.startswith(expected)
    assert plain(read_only(LINES)) == EXPECTED


def test_goods_without_a_gtin_are_kept_as_they_came_and_units_have_one_name(
    database: Database, folder: Path, read_only: Ask
) -> None:
    head = BASKETS.partition("\n")[0]
    sent = (
        ("4O11", "EA"), ("123456789012345", "KGM"), ("", "lbr"), ("2112345006785", "CS"),
        ("]E0212345612345", "PCS"),
    )  # fmt: skip
    rows_ = "".join(
        f"H1,5,0042,07,2026-03-01T10:00:00Z,{line},{gtin},1,{unit},1\n"
        for line, (gtin, unit) in enumerate(sent, start=1)
    )
    set_up = reading.Reading(GoodsReader(parse_masks("us, 21IIIIIWWWWWC")), {"CS": "each"})
    path = write_file(folder / "b.csv", f"{head}\n{rows_}")
    report = load_baskets(database, path, timezone="UTC", reading=set_up)
    assert counts(report) == (5, 5, 0, 0)
    assert read_only("SELECT gtin, code, unit FROM basket_line ORDER BY line") == [
        (0, "4O11", "each"),
        (0, "123456789012345", "kg"),
        (0, "", "lb"),
        (2112345000008, "2112345006785", "each"),
        (212345000007, "]E0212345612345", "each"),
    ]


def test_returns_and_very_large_amounts_are_history(
    database: Database, folder: Path, read_only: Ask
) -> None:
    lines = (
        f"{HEADER}\n"
        "H1,1,0042,07,2026-03-01T10:00:00Z,1,99999999999999,-1,each,-100000000000\n"
        "H1,1,0042,07,2026-03-01T10:00:00Z,2,2000000000016,1000000,kg,100000000000\n"
    )
    report = load_baskets(
        database, write_file(folder / "b.csv", lines), timezone="UTC", accept="all"
    )
    assert counts(report) == (2, 2, 0, 0)
    assert [str(note) for note in report.notes] == [
        "1 lines have a quantity of 1,000 or more: row 3",
        "2 lines have an amount of 1,000,000 cents or more: rows 2, 3",
    ]
    assert read_only(
        "SELECT gtin, quantity_milli, amount_cents FROM basket_line ORDER BY line"
    ) == [(99999999999999, -1000, -(10**11)), (2000000000016, 10**9, 10**11)]


def test_a_missing_column_loads_nothing(database: Database, folder: Path, read_only: Ask) -> None:
    path = write_file(folder / "b.csv", BASKETS.replace("amount_cents", "amount", 1))
    with pytest.raises(InvalidInput, match="has not all the columns it needs"):
        loaded(database, path)
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def many(baskets: int, lines: int) -> str:
    """A file whose baskets have three lines each, for two households by turns."""
    return f"{HEADER}\n" + "".join(
        f"H{number % 2 + 1},{number:04d},0042,07,2026-03-01T{number % 24:02d}:00:00Z,{line},"
        f"{4000 + line},1,each,{130 + number + line}\n"
        for number in range(1, baskets + 1)
        for line in range(1, lines + 1)
    )


def test_a_basket_may_span_chunks(
    database: Database, folder: Path, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 7)
    path = write_file(folder / "many.csv", many(10, 3))
    assert counts(loaded(database, path)) == (30, 30, 0, 0)
    assert read_only("SELECT count(*) FROM basket") == [(10,)]
    assert read_only(
        "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM basket_line "
        "GROUP BY basket_id) AS sizes"
    ) == [(3, 3)]
    assert counts(loaded(database, path)) == (30, 0, 30, 0)


def test_a_file_without_rows_is_loaded_at_once(database: Database, folder: Path) -> None:
    path = write_file(folder / "b.csv", f"{HEADER}\n")
    assert counts(loaded(database, path)) == (0, 0, 0, 0)


def test_a_file_growing_day_by_day_adds_only_what_is_new(
    database: Database, folder: Path, read_only: Ask
) -> None:
    whole = many(4, 3).splitlines(keepends=True)
    loaded(database, write_file(folder / "b.csv", "".join(whole[:6])))
    assert counts(loaded(database, write_file(folder / "b.csv", "".join(whole)))) == (12, 7, 5, 0)
    assert read_only("SELECT count(*) FROM basket_line") == [(12,)]


KILLED = """
import os, signal, sys
from pathlib import Path
from service.files import baskets, rows
from service.store.session import Database

rows.CHUNK_ROWS = 7
added = baskets.baskets.add_baskets
calls = []

def add_and_die(session, lines):
    count = added(session, lines)
    calls.append(count.lines)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return count

baskets.baskets.add_baskets = add_and_die
baskets.load_baskets(Database(sys.argv[1]), Path(sys.argv[2]), timezone="UTC")
"""


@pytest.mark.slow
def test_a_load_killed_in_a_transaction_and_run_again_gives_every_row_once(
    database: Database, settings: Settings, folder: Path, read_only: Ask
) -> None:
    path = write_file(folder / "many.csv", many(10, 3))
    command = [sys.executable, "-c", KILLED, settings.database_url, str(path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert read_only("SELECT count(*) FROM basket_line") == [(14,)]
    assert counts(loaded(database, path)) == (30, 16, 14, 0)
    after = plain(read_only(LINES))
    assert after == [
        ("0042", "07", "2026-03-01", f"{number:04d}", f"H{number % 2 + 1}", str(line),
         str(4000 + line), "1000", "each", str(130 + number + line))
        for number in range(1, 11)
        for line in range(1, 4)
    ]  # fmt: skip
