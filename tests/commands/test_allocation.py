"""allocate: wiring of the files and the figures."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.commands.conftest import Larder


def instance(folder: Path, *, offers: list[int]) -> Path:
    """Two households and one offer with a budget for one copy."""
    folder.mkdir()
    pl.DataFrame(
        {
            "household_id": [1, 2],
            "offer_id": [7, 7],
            "value_cents": [40, 90],
            "cost_cents": [100, 100],
            "face_value_cents": [100, 100],
            "category_id": [1, 1],
            "conflict_id": [1, 1],
        }
    ).write_parquet(folder / "candidates.parquet")
    pl.DataFrame(
        {
            "offer_id": offers,
            "budget_cents": [150] * len(offers),
            "circulation_max": [None] * len(offers),
            "circulation_min": [0] * len(offers),
        },
        {
            "offer_id": pl.Int64,
            "budget_cents": pl.Int64,
            "circulation_max": pl.Int64,
            "circulation_min": pl.Int64,
        },
    ).write_parquet(folder / "offers.parquet")
    pl.DataFrame(
        {
            "household_id": [1, 2],
            "slots": [12, 12],
            "category_max": [2, 2],
            "face_value_floor_cents": [0, 0],
            "face_value_ceiling_cents": [4000, 4000],
        }
    ).write_parquet(folder / "households.parquet")
    return folder


@pytest.mark.slow
def test_the_best_copy_is_chosen_and_certified(larder: Larder, tmp_path: Path) -> None:
    folder = instance(tmp_path / "instance", offers=[7])
    ended = larder("allocate", "--instance", str(folder), "--out", str(tmp_path / "out"))
    assert ended.code == 0
    assert "1 pairs" in ended.out
    chosen = pl.read_parquet(tmp_path / "out" / "allocation.parquet")
    assert chosen.select("household_id", "offer_id").rows() == [(2, 7)]
    certificate = json.loads((tmp_path / "out" / "certificate.json").read_text())
    assert certificate["primal_cents"] == 90
    assert certificate["violations"] == 0
    assert certificate["dual_bound_cents"] >= 90
    assert pl.read_parquet(tmp_path / "out" / "prices.parquet").height == 1


def test_an_unknown_offer_is_named_and_nothing_is_written(larder: Larder, tmp_path: Path) -> None:
    folder = instance(tmp_path / "instance", offers=[8])
    ended = larder("allocate", "--instance", str(folder), "--out", str(tmp_path / "out"))
    assert ended.code == 1
    assert "offer_id" in ended.err
    assert not (tmp_path / "out").exists()
