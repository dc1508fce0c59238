"""The validation of a purchase history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest

from service.engine.history import COLUMNS, rows_before, validate_history
from service.errors import InvalidInput


def rows(**columns: object) -> pl.DataFrame:
    plain = {
        "household_id": [1, 1],
        "item_id": [10, 11],
        "basket_id": [100, 100],
        "purchased_at": ["2026-03-01", "2026-03-02 17:05:00"],
        "quantity": [1, 2],
        "amount_cents": [199, 398],
    }
    return pl.DataFrame(plain | columns, strict=False)


def test_columns_come_out_typed_and_others_are_dropped() -> None:
    typed = validate_history(rows(store=[5, 6]))
    assert tuple(typed.columns) == COLUMNS
    assert dict(typed.schema) == {
        "household_id": pl.Int64,
        "item_id": pl.Int64,
        "basket_id": pl.Int64,
        "purchased_at": pl.Datetime("us"),
        "quantity": pl.Float64,
        "amount_cents": pl.Int64,
    }
    assert typed["purchased_at"].dt.to_string("%Y-%m-%d %H:%M").to_list() == [
        "2026-03-01 00:00",
        "2026-03-02 17:05",
    ]


def test_text_ids_stay_text() -> None:
    assert validate_history(rows(item_id=["milk", "007"]))["item_id"].to_list() == ["milk", "007"]


def test_an_aware_time_keeps_the_reading_of_its_clock() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    frame = rows(purchased_at=pl.Series([late, late]).dt.convert_time_zone("America/New_York"))
    day = validate_history(frame)["purchased_at"].dt.date()[0]
    assert day == date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T09:15:00Z", "2026-03-01 09:15", "2026-03-01T09:15:00.250+01:00"],
)
def test_usual_time_stamps_are_read(text: str) -> None:
    moment = validate_history(rows(purchased_at=[text, text]))["purchased_at"][0]
    assert moment.strftime("%Y-%m-%d %H:%M") == "2026-03-01 09:15"


def test_returns_are_kept() -> None:
    typed = validate_history(rows(quantity=[-1, 0], amount_cents=[-199, 0]))
    assert typed["quantity"].to_list() == [-1.0, 0.0]


def test_a_missing_column_is_named_with_what_belongs_there() -> None:
    with pytest.raises(InvalidInput, match=r"shop\.csv lacks quantity") as caught:
        validate_history(rows().drop("quantity"), source="shop.csv")
    assert str(caught.value.problems[0]) == (
        "shop.csv, column quantity: the column is missing "
        "(a number of pieces, below zero for a return)"
    )


@pytest.mark.parametrize(
    ("column", "values", "detail"),
    [
        ("household_id", [1, None], "the value is missing"),
        ("item_id", ["milk", ""], "cannot read ''"),
        ("purchased_at", ["2026-03-01", "01/03/2026"], "cannot read '01/03/2026'"),
        ("quantity", ["1", "two"], "cannot read 'two'"),
        ("quantity", [1.0, float("nan")], "cannot read nan"),
        ("amount_cents", [199.0, 3.98], "cannot read 3.98"),
    ],
)
def test_a_fault_names_file_row_and_column(column: str, values: list[object], detail: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        validate_history(rows(**{column: values}), source="shop.csv", first_row=2)
    (problem,) = caught.value.problems
    assert problem.where == f"shop.csv, row 3, column {column}"
    assert problem.detail == detail
    assert problem.remedy.startswith("give ")


def test_at_most_twenty_faults_are_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        validate_history(pl.concat([rows(quantity=["x", "y"])] * 30))
    assert len(caught.value.problems) == 20


def test_before_is_midnight_of_the_day_whatever_the_clock() -> None:
    moments = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)]
    aware = rows(purchased_at=moments)
    assert rows_before(aware, date(2026, 3, 2)).height == 1
    assert rows_before(validate_history(aware), date(2026, 3, 2)).height == 1
