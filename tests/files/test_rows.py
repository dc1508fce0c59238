"""Every way a file can be wrong, and the fault that is reported."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.errors import InvalidInput, NotFound
from service.files import rows
from service.files.report import KEPT_PROBLEMS
from service.files.rows import Chunk, FileColumn, read
from tests.files.files import write_file

COLUMNS = (
    FileColumn("key", rows.text, "text"),
    FileColumn("amount", rows.whole, "a whole number", required=False),
    FileColumn("weight", rows.number, "a number", required=False, default="1.5"),
    FileColumn("at", rows.moment, "a moment with offset", required=False),
    FileColumn("yes", rows.yes_no, "true or false", required=False, default="false"),
)


def only(path: Path) -> Chunk:
    (chunk,) = read(path, COLUMNS)
    return chunk


def problems(path: Path) -> list[str]:
    return [str(problem) for chunk in read(path, COLUMNS) for problem in chunk.problems]


def keys(path: Path) -> list[tuple[int, str]]:
    return [
        row
        for chunk in read(path, COLUMNS)
        for row in chunk.rows.select("row_number", "key").rows()
    ]


def test_cells_become_values_and_empty_ones_their_defaults(tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "a.csv",
        "yes,key,other,amount,weight,at\n"
        "Yes,007,x,-5,0.25,2026-03-01T17:04:00-05:00\n"
        " , a b ,x,,,\n",
    )
    chunk = only(path)
    assert chunk.rows.rows() == [
        (2, "007", -5, 0.25, datetime(2026, 3, 1, 22, 4, tzinfo=UTC), True),
        (3, "a b", None, 1.5, None, False),
    ]
    assert (chunk.problems, chunk.refused) == ((), 0)
    assert chunk.done == chunk.total == path.stat().st_size


def test_rows_of_empty_cells_are_none_as_in_a_workbook(tmp_path: Path) -> None:
    """Spreadsheets write them below a table whose last rows were emptied, often too short."""
    path = write_file(tmp_path / "a.csv", "key;amount;yes\na;1;\n;;\n\n;;;;\nb;2;\n;\n")
    chunk = only(path)
    assert (keys(path), chunk.problems, chunk.refused) == ([(2, "a"), (6, "b")], (), 0)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,1.5,,,", "row 2, column amount: '1.5' is not a whole number"),
        (
            "a,99999999999999999999,,,",
            "column amount: '99999999999999999999' is not a whole number",
        ),
        ("a,,heavy,,", "row 2, column weight: 'heavy' is not a number"),
        ("a,,inf,,", "row 2, column weight: 'inf' is not a number"),
        ("a,,nan,,", "row 2, column weight: 'nan' is not a number"),
        (
            "a,,,2026-03-01T17:04:00,",
            "column at: '2026-03-01T17:04:00' is not a moment with offset",
        ),
        ("a,,,2026-02-30T17:04:00Z,", "column at: '2026-02-30T17:04:00Z' is not a moment"),
        ("a,,,9999-12-31T23:59:59-12:00,", "column at: '9999-12-31T23:59:59-12:00' is not"),
        ("a,,,0000-01-01T00:00:00Z,", "column at: '0000-01-01T00:00:00Z' is not a moment"),
        ("a,,,,maybe", "row 2, column yes: 'maybe' is not true or false"),
        (",1,,,", "row 2, column key: is empty (give text)"),
        ("  ,1,,,", "row 2, column key: is empty (give text)"),
        ("a,1", "row 2: has 2 cells where the header has 5 (put quotes round a cell with a comma)"),
        ("a,1,,,,,", "row 2: has 7 cells where the header has 5"),
    ],
)
def test_a_bad_cell_is_named_and_the_good_rows_are_kept(
    tmp_path: Path, row: str, expected: str
) -> None:
    path = write_file(tmp_path / "a.csv", f"key,amount,weight,at,yes\n{row}\nb,2,,,\n")
    (problem,) = problems(path)
    assert problem.startswith(f"{path}, row 2")
    assert expected in problem
    assert keys(path) == [(3, "b")]
    assert only(path).refused == 1


def test_faults_come_in_the_order_of_rows_and_one_row_is_refused_once(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "key,amount,yes\na,x,y\nb\n,1,1\nc,1,1\n")
    assert [text.removeprefix(f"{path}, ").partition(":")[0] for text in problems(path)] == [
        "row 2, column amount",
        "row 2, column yes",
        "row 3",
        "row 4, column key",
    ]
    assert only(path).refused == 3


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("2026-03-01T17:04:00-05:00", datetime(2026, 3, 1, 22, 4, tzinfo=UTC)),
        ("2026-03-01 17:04:00 UTC", datetime(2026, 3, 1, 17, 4, tzinfo=UTC)),
        ("2026-03-01T17:04Z", datetime(2026, 3, 1, 17, 4, tzinfo=UTC)),
        ("2026-03-01 17:04:00+00", datetime(2026, 3, 1, 17, 4, tzinfo=UTC)),
        ("2026-03-01T17:04:00.250000+0530", datetime(2026, 3, 1, 11, 34, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_moments_in_the_forms_that_are_met(written_as: str, meant: datetime) -> None:
    assert pl.select(rows.moment(pl.lit(written_as))).item() == meant


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T00:00:00.000000", date(2026, 3, 1)),
        ("2026-03-01T10:00:00", None),
        ("2026-3-1", None),
        ("01.03.2026", None),
        ("0000-01-01", None),
    ],
)
def test_days(written_as: str, meant: date | None) -> None:
    assert pl.select(rows.day(pl.lit(written_as))).item() == meant


def test_bounds_are_part_of_the_range() -> None:
    given = pl.Series(["0", "1", "3", "4", "x"])
    read_as = pl.select(rows.within(rows.whole, 1, 3)(pl.lit(given))).to_series()
    assert read_as.to_list() == [None, 1, 3, None, None]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty; the first row must name the columns"),
        ("\n", "is empty; the first row must name the columns"),
        (",,\n1,2,3\n", "is empty; the first row must name the columns"),
        ("key,amount,key\n", "names columns twice: key"),
        ("key,amount,amount ,key\n", "names columns twice: amount, key"),
        ("amount\n1\n", "has not all the columns it needs"),
        ("kez;amount\n1;2\n", "has not all the columns it needs"),
        ("key\na\x81\n".encode("latin-1"), "cannot be read as cp1252 text"),
        (b"\xd0\xcf\x11\xe0 old", "is no spreadsheet that can be read"),
        (b" <html><table>", "is no spreadsheet that can be read"),
        (f'key,amount\na,1\n"b,2\n{"c,3" * 50_000}\n', "row 3: field larger than field limit"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    path = write_file(tmp_path / "a.csv", content)
    with pytest.raises(InvalidInput) as caught:
        list(read(path, COLUMNS))
    assert caught.value.detail.startswith(str(path))
    assert expected in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_missing_column_is_named_with_what_the_file_has(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "Other,amount\n1,2\n")
    with pytest.raises(InvalidInput) as caught:
        list(read(path, COLUMNS))
    (problem,) = caught.value.problems
    assert str(problem) == f"{path}, column key: is missing (add it; the file has Other, amount)"


def test_faults_call_the_file_by_the_name_given(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "key,amount\na,x\n")
    (chunk,) = read(path, COLUMNS, name="deals of May")
    assert chunk.problems[0].where == "deals of May, row 2, column amount"


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "."])
def test_without_a_file_nothing_is_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        list(read(tmp_path / name, COLUMNS))


def test_a_byte_order_mark_blank_lines_and_carriage_returns_do_not_count(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", b"\xef\xbb\xbfkey,amount\r\n\r\na,1\r\n\r\nb,2\r\n")
    assert keys(path) == [(3, "a"), (5, "b")]
    assert problems(path) == []


def test_blank_header_cells_are_columns_nobody_reads(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "key,,amount,\na,x,1,y\n")
    assert only(path).rows.select("key", "amount").rows() == [("a", 1)]


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    chunk = only(write_file(tmp_path / "a.csv", "key,amount\n"))
    assert (chunk.rows.height, chunk.problems, chunk.refused) == (0, (), 0)


def test_strange_text_comes_through(tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "a.csv",
        'key,amount\n"say ""cheese"", please",1\n"two\r\nlines",2\n茶叶 Ünï 🍵,3\n[bold]\x00x,4\n',
    )
    assert keys(path) == [
        (2, 'say "cheese", please'),
        (3, "two lines"),
        (4, "茶叶 Ünï 🍵"),
        (5, "[bold] x"),
    ]


def test_a_column_called_row_number_is_only_another_column(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.csv", "row_number,key\n9,a\n")
    pl.DataFrame({"row_number": [9], "key": ["a"]}).write_parquet(tmp_path / "a.parquet")
    assert keys(path) == keys(tmp_path / "a.parquet") == [(2, "a")]


def test_chunks_number_rows_through_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 2)
    path = write_file(tmp_path / "a.csv", "key,amount\na,1\nb,2\nc,x\nd\ne,5\n")
    frame = pl.DataFrame({"key": ["a", "b", "c", "d", "e"], "amount": [1, 2, 3, 4, 5]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert keys(path) == [(2, "a"), (3, "b"), (6, "e")]
    assert [chunk.refused for chunk in read(path, COLUMNS)] == [0, 2, 0]
    assert keys(tmp_path / "a.parquet") == list(enumerate("abcde", start=2))
    steps = [(chunk.done, chunk.total) for chunk in read(tmp_path / "a.parquet", COLUMNS)]
    assert steps == [(2, 5), (4, 5), (5, 5)]


def test_a_file_of_nothing_but_ragged_rows_is_read_in_bounded_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 10)
    path = write_file(tmp_path / "a.csv", "key,amount\n" + "a\n" * 35)
    chunks = list(read(path, COLUMNS))
    assert [len(chunk.problems) for chunk in chunks] == [10, 10, 10, 5]
    assert sum(chunk.refused for chunk in chunks) == 35


def test_texts_of_faults_stop_but_their_count_does_not(tmp_path: Path) -> None:
    wrong = KEPT_PROBLEMS + 500
    path = write_file(tmp_path / "a.csv", "key,amount\n" + "a,x\n" * wrong)
    chunk = only(path)
    assert (len(chunk.problems), chunk.refused) == (KEPT_PROBLEMS, wrong)


def test_a_long_cell_is_cut_in_its_fault(tmp_path: Path) -> None:
    (problem,) = problems(write_file(tmp_path / "a.csv", f"key,amount\na,{'9' * 5000}\n"))
    assert problem.endswith(f"'{'9' * 60}' is not a whole number")


def parquet(path: Path, **columns: Any) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_parquet_columns_of_their_natural_types(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, 17, 4, tzinfo=UTC)
    path = parquet(
        tmp_path / "a.parquet",
        key=pl.Series([12, 13, None], dtype=pl.Int64),
        amount=pl.Series([5.0, None, 6.0], dtype=pl.Float64),
        weight=pl.Series([0.25, float("nan"), 3.0], dtype=pl.Float32),
        at=pl.Series([moment, None, moment]).cast(pl.Datetime("ns", "America/New_York")),
        yes=pl.Series([True, None, False]),
    )
    chunk = only(path)
    assert chunk.rows.rows() == [
        (2, "12", 5, 0.25, moment, True),
        (3, "13", None, 1.5, None, False),
    ]
    assert [str(problem) for problem in chunk.problems] == [
        f"{path}, row 4, column key: is empty (give text)"
    ]


def test_a_parquet_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", key=["a"], at=[datetime(2026, 3, 1, 17, 4)])  # noqa: DTZ001
    (problem,) = problems(path)
    assert "row 2, column at: '2026-03-01T17:04:00.000000' is not a moment with offset" in problem


def test_a_parquet_column_without_a_plain_text_is_named(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", key=[["a"], ["b"]], notes=[[1], [2]])
    with pytest.raises(InvalidInput) as caught:
        list(read(path, COLUMNS))
    assert str(caught.value.problems[0]) == (
        f"{path}, column key: is of type List(String) (write numbers or text)"
    )


@pytest.mark.parametrize("content", [b"", b"key,amount\na,1\n", b"PAR1 and then no more"])
def test_a_file_that_is_parquet_by_name_only(tmp_path: Path, content: bytes) -> None:
    path = write_file(tmp_path / "a.parquet", content)
    with pytest.raises(InvalidInput, match="is not a Parquet file that can be read") as caught:
        list(read(path, COLUMNS))
    assert "\n" not in caught.value.detail


def test_a_parquet_file_that_breaks_off_inside(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", key=[f"key {n}" for n in range(1000)])
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="is not a Parquet file that can be read"):
        list(read(path, COLUMNS))


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    chunk = only(parquet(tmp_path / "a.parquet", key=pl.Series([], dtype=pl.String)))
    assert (chunk.rows.height, chunk.refused, chunk.done, chunk.total) == (0, 0, 0, 0)


def test_a_parquet_file_without_a_needed_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        list(read(parquet(tmp_path / "a.parquet", amount=[1]), COLUMNS))
    assert caught.value.problems[0].remedy == "add it; the file has amount"


def test_a_file_of_absurdly_many_columns_is_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path / "wide.csv", "name" + ",x" * 100_000 + "\n")
    with pytest.raises(InvalidInput) as refused:
        next(rows.read(path, (FileColumn("name", rows.text, "text"),)))
    assert refused.value.problems[0].detail == "names 100,001 columns"
