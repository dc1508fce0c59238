"""From a history file to a forecast file, and the backtest."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from service.engine.backtest.rolling import BacktestSettings
from service.engine.history import rows_before, validate_history
from service.engine.predict import fit, score
from service.errors import InvalidInput
from service.executors import in_process
from service.executors.local import pool
from service.files.forecast import backtest_file, predict_file, read_history
from tests.engine.predict.households import random_history

AS_OF = date(2026, 5, 1)


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "history.parquet"
    random_history().write_parquet(path)
    return path


def test_predict_writes_what_was_asked_in_the_ids_that_came(parquet: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    reported: list[tuple[str, int, int]] = []
    made = predict_file(
        parquet,
        as_of=AS_OF,
        horizon_days=14,
        out=out,
        progress=lambda stage, done, total: reported.append((stage, done, total)),
    )
    scores = pl.read_parquet(out)
    assert dict(scores.schema) == {
        "household_id": pl.Int64,
        "item_id": pl.Int64,
        "p_purchase": pl.Float64,
        "expected_on": pl.Date,
    }
    assert (made.pairs, made.households) == (scores.height, 60)
    assert made.rows_used < made.rows
    assert reported == [("read", 0, 3), ("fit", 1, 3), ("score", 2, 3), ("done", 3, 3)]


@pytest.mark.slow
def test_csv_in_csv_out_gives_the_same(parquet: Path, tmp_path: Path) -> None:
    csv = tmp_path / "history.csv"
    pl.read_parquet(parquet).write_csv(csv)
    predict_file(csv, as_of=AS_OF, horizon_days=14, out=tmp_path / "a.csv")
    predict_file(parquet, as_of=AS_OF, horizon_days=14, out=tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_part_at_a_time_gives_the_very_numbers_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Rows in no order, read in batches, kept in several files, scored in several blocks."""
    monkeypatch.setattr("service.files.forecast.BATCH_ROWS", 300)
    monkeypatch.setattr("service.files.spill.PART_ROWS", 400)
    monkeypatch.setattr("service.engine.predict.pairs.SHARD_ROWS", 350)
    rows = random_history().sample(fraction=1.0, shuffle=True, seed=3)
    path = tmp_path / f"history{suffix}"
    if suffix == ".csv":
        rows.write_csv(path)
    else:
        rows.write_parquet(path, row_group_size=250)
    made = predict_file(path, as_of=AS_OF, horizon_days=14, out=tmp_path / "out.parquet")
    known = rows_before(validate_history(rows), AS_OF)
    model = fit(known, as_of=AS_OF, horizon_days=14)
    assert made.model.to_json() == model.to_json()
    whole = score(model, known, as_of=AS_OF, horizon_days=14)
    scores = pl.read_parquet(made.out)
    assert scores.equals(whole.select(scores.columns))
    assert (made.rows_used, made.pairs) == (known.height, whole.height)
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name, "out.parquet"]


def test_returns_alone_are_no_forecast(tmp_path: Path) -> None:
    random_history().with_columns(-pl.col("quantity")).write_parquet(tmp_path / "back.parquet")
    made = predict_file(
        tmp_path / "back.parquet", as_of=AS_OF, horizon_days=14, out=tmp_path / "out.csv"
    )
    assert (made.pairs, made.households) == (0, 0)
    assert made.out.read_text() == "household_id,item_id,p_purchase,expected_on\n"


def test_leading_zeros_in_a_csv_stay(tmp_path: Path) -> None:
    csv = tmp_path / "history.csv"
    csv.write_text(
        "household_id,item_id,basket_id,purchased_at,quantity,amount_cents\n"
        "007,12,1,2026-04-01,1,100\n8,13,2,2026-04-02,1,100\n"
    )
    history = read_history(csv)
    assert history["household_id"].to_list() == ["007", "8"]
    assert history["item_id"].to_list() == [12, 13]


@pytest.mark.slow
def test_the_future_in_the_file_changes_no_byte(parquet: Path, tmp_path: Path) -> None:
    known = pl.read_parquet(parquet)
    later = known.with_columns(pl.col("purchased_at") + timedelta(days=130))
    pl.concat([known, later.filter(pl.col("purchased_at").dt.date() >= AS_OF)]).write_parquet(
        tmp_path / "poisoned.parquet"
    )
    for name in ("history", "poisoned"):
        predict_file(
            tmp_path / f"{name}.parquet",
            as_of=AS_OF,
            horizon_days=14,
            out=tmp_path / f"{name}.out.csv",
        )
    clean = (tmp_path / "history.out.csv").read_bytes()
    assert clean == (tmp_path / "poisoned.out.csv").read_bytes()


def test_baskets_a_day_apart_with_text_ids(tmp_path: Path) -> None:
    """Another grocer's file: time stamps are only an order, quantities all one, amounts all 0."""
    order = pl.col("purchased_at").rank("dense").over("household_id").cast(pl.Int32)
    random_history(households=40).with_columns(
        (pl.date(2024, 1, 1) + pl.duration(days=order)).alias("purchased_at"),
        pl.format("user-{}", "household_id").alias("household_id"),
        quantity=pl.lit(1),
        amount_cents=pl.lit(0),
    ).write_csv(tmp_path / "orders.csv")
    made = predict_file(
        tmp_path / "orders.csv", as_of=date(2024, 3, 1), horizon_days=1, out=tmp_path / "o.parquet"
    )
    scores = pl.read_parquet(made.out)
    assert scores["household_id"].dtype == pl.String
    assert scores["p_purchase"].is_between(0, 1).all()
    assert (scores["expected_on"] == date(2024, 3, 1)).all()


@pytest.mark.parametrize(
    ("name", "text", "detail"),
    [
        ("gone.csv", None, "gone.csv does not exist"),
        ("history.xlsx", "x", r"neither \.parquet nor \.csv"),
        ("broken.parquet", "not parquet", r"broken\.parquet cannot be read"),
        ("empty.csv", "", r"empty\.csv cannot be read"),
        ("short.csv", "household_id,item_id\n1,2\n", "lacks basket_id, purchased_at"),
    ],
)
def test_a_bad_file_is_refused_by_name(
    tmp_path: Path, name: str, text: str | None, detail: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInput, match=detail):
        predict_file(tmp_path / name, as_of=AS_OF, horizon_days=14, out=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_bad_row_of_a_csv_is_named_by_its_line(tmp_path: Path) -> None:
    csv = tmp_path / "history.csv"
    csv.write_text(
        "household_id,item_id,basket_id,purchased_at,quantity,amount_cents\n"
        "1,12,1,2026-04-01,1,100\n1,12,1,yesterday,1,100\n"
    )
    with pytest.raises(InvalidInput) as caught:
        read_history(csv)
    assert caught.value.problems[0].where == f"{csv}, row 3, column purchased_at"


def test_nothing_before_the_day_is_refused(parquet: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no purchase before 2020-01-01"):
        predict_file(parquet, as_of=date(2020, 1, 1), horizon_days=14, out=tmp_path / "out.csv")


def test_an_impossible_horizon_is_refused(parquet: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        predict_file(parquet, as_of=AS_OF, horizon_days=0, out=tmp_path / "out.txt")
    assert [problem.where for problem in caught.value.problems] == [
        "--horizon-days",
        str(tmp_path / "out.txt"),
    ]


@pytest.mark.slow
def test_backtest_reports_and_writes(parquet: Path, tmp_path: Path) -> None:
    apart, found = (
        backtest_file(
            parquet,
            start=date(2026, 4, 3),
            end=date(2026, 4, 17),
            every_days=14,
            out=tmp_path / "found",
            settings=BacktestSettings(weekly_spend_cents=100, baselines=baselines),
            opener=opener,
        )
        for baselines, opener in ((False, partial(pool, 2)), (True, in_process))
    )
    assert apart.reports["larder"] == found.reports["larder"]
    assert found.dates == (date(2026, 4, 3), date(2026, 4, 17))
    names = ["larder", "personal frequency", "decayed frequency", "gamma-Poisson", "TIFU-KNN"]
    assert list(found.reports)[:5] == names
    ours, frequency = found.reports["larder"], found.reports["personal frequency"]
    assert ours.candidates == frequency.candidates
    assert ours.household_dates == 120
    assert ours.log_loss < frequency.log_loss
    body = json.loads((tmp_path / "found" / "backtest.json").read_text())
    assert body["methods"]["larder"]["precision"] == pytest.approx(ours.precision, abs=1e-5)
    assert body["leads"]["personal frequency"]["log_loss"] == pytest.approx(
        frequency.log_loss - ours.log_loss, abs=2e-5
    )
    assert set(body["date"]) >= {"mean_absolute_error_days", "inside_50", "inside_80"}
    for name in ("reliability.svg", "precision.svg"):
        assert (tmp_path / "found" / name).read_text().startswith("<svg")


def test_backtest_without_anyone_eligible_is_refused(parquet: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No household is eligible"):
        backtest_file(
            parquet,
            start=date(2026, 4, 3),
            end=date(2026, 4, 3),
            every_days=14,
            out=tmp_path / "found",
            settings=BacktestSettings(weekly_spend_cents=10**9, baselines=False),
        )
