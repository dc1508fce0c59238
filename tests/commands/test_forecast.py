"""predict and backtest from the command line."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.commands.conftest import Larder
from tests.engine.predict.households import random_history, with_new_items


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.parquet"
    random_history().write_parquet(path)
    return path


def test_predict_writes_a_file_and_says_what(larder: Larder, history: Path) -> None:
    ended = larder(
        *("predict", "--history", str(history), "--as-of", "2026-03-25", "--out", "scores.csv")
    )
    assert ended.code == 0, ended.err
    scores = pl.read_csv(history.parent / "scores.csv")
    assert scores.columns == ["household_id", "item_id", "p_purchase", "expected_on"]
    assert scores.height > 0
    assert ended.out.endswith("written to scores.csv\n")
    assert ended.out.count("\n") == 1


def test_new_items_are_written_beside_the_others(larder: Larder, history: Path) -> None:
    """They have no date; the others are as they are without."""
    with_new_items(random_history()).write_parquet(history)
    words = ("predict", "--history", str(history), "--as-of", "2026-03-25", "--out")
    assert larder(*words, "without.parquet").code == 0
    assert larder(*words, "with.parquet", "--new-items", "3", "--intervals").code == 0
    without = pl.read_parquet(history.parent / "without.parquet")
    scores = pl.read_parquet(history.parent / "with.parquet")
    new = scores.filter(pl.col("expected_on").is_null())
    known = scores.filter(pl.col("expected_on").is_not_null())
    assert known.select(without.columns).equals(without)
    inner = pl.col("early_50_on", "late_50_on").is_between("early_80_on", "late_80_on")
    assert known.select(inner).to_series().all()
    assert scores.equals(scores.sort("household_id", "item_id"))
    assert new.group_by("household_id").len()["len"].max() == 3
    assert new.join(without, on=["household_id", "item_id"], how="semi").is_empty()
    assert new["p_purchase"].is_between(0.0, 1.0, closed="none").all()


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (
            ["--history", "h.csv", "--as-of", "2026-01-01", "--out", "x.csv", "--new-items", "-1"],
            1,
            "larder: ",
        ),
        (["--as-of", "2026-01-01", "--out", "x.csv"], 2, "Missing option '--history'"),
        (["--history", "h.csv", "--out", "x.csv"], 2, "Missing option '--as-of'"),
        (["--history", "h.csv", "--as-of", "1/2/26", "--out", "x.csv"], 2, "does not match the"),
        (["--history", "no.csv", "--as-of", "2026-01-01", "--out", "x.csv"], 1, "larder: "),
        (["--history", "h.csv", "--as-of", "2026-01-01", "--out", "x.xlsx"], 1, "larder: "),
        (["--history", "h.csv", "--as-of", "2026-01-01", "--out", "no/x.csv"], 1, "larder: "),
    ],
)
def test_predict_refuses_in_clear_words(
    larder: Larder, tmp_path: Path, words: list[str], code: int, expected: str
) -> None:
    random_history().write_csv(tmp_path / "h.csv")
    ended = larder("predict", *words)
    assert ended.code == code
    assert expected in ended.err
    assert ended.out == ""
    assert not (tmp_path / "x.csv").exists()


def test_backtest_writes_its_findings_and_prints_them(larder: Larder, history: Path) -> None:
    ended = larder(
        *("backtest", "--history", str(history), "--from", "2026-03-25", "--to", "2026-03-25"),
        *("--weekly-spend", "0", "--no-baselines", "--out", "found"),
    )
    assert ended.code == 0, ended.err
    assert ended.out.startswith("1 dates from ")
    header = ended.out.splitlines()[1].split()
    assert header[:5] == ["method", "precision@12", "recall@12", "repeat", "recall"]
    found = json.loads((history.parent / "found" / "backtest.json").read_text())
    assert found["dates"] == ["2026-03-25"]


def test_backtest_without_a_date_is_one_clear_line(larder: Larder, history: Path) -> None:
    ended = larder(
        *("backtest", "--history", str(history), "--from", "2026-02-01", "--to", "2026-01-01"),
        *("--out", "found"),
    )
    assert ended.code == 1
    assert "larder: The backtest has no date." in ended.err
