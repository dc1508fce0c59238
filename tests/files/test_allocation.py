"""`larder allocate`: a folder in, a folder out."""

import json
from pathlib import Path

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices
from service.errors import InvalidInput, NotFound
from service.files.allocation import allocate_folder, read_terms
from tests.engine.allocate.instances import frames
from tests.engine.allocate.reference import broken, worth
from tests.engine.allocate.test_allocate import TERMS, market

FIELDS = {
    "primal_cents",
    "dual_bound_cents",
    "gap",
    "floor_shortfall_cents",
    "violations",
    "cpu_seconds",
    "iterations",
}


def write(folder: Path, built: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]) -> None:
    """Write the three frames of an instance."""
    for name, frame in zip(("candidates", "offers", "households"), built, strict=True):
        frame.write_parquet(folder / f"{name}.parquet")


@pytest.mark.slow
def test_an_instance_becomes_an_allocation_with_prices_and_a_certificate(tmp_path: Path) -> None:
    built = market(150, 25, 1)
    write(tmp_path, built)
    (tmp_path / "instance.json").write_text(
        '{"floor_shortfall_price": 0.5, "minimum_shortfall_price_cents": 1000, "name": "x"}'
    )
    stages: list[str] = []
    answer = allocate_folder(tmp_path, tmp_path / "out", seed=2, progress=stages.append)
    pairs = pl.read_parquet(tmp_path / "out" / "allocation.parquet")
    proof = json.loads((tmp_path / "out" / "certificate.json").read_text())
    assert set(proof) >= FIELDS
    assert (
        proof["primal_cents"] == answer.primal_cents == pytest.approx(worth(pairs, *built, TERMS))
    )
    assert proof["violations"] == 0
    assert broken(pairs, *built) == []
    assert proof["cpu_seconds"] > 0
    assert len(pl.read_parquet(tmp_path / "out" / "prices.parquet")) == 25
    assert stages == ["reading", "pricing", "assigning", "proving"]
    assert not list((tmp_path / "out").glob("*.part"))


def test_the_same_folder_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, market(10, 25, 1))
    for run in ("a", "b"):
        allocate_folder(tmp_path, tmp_path / run, seed=4)
    for name in ("allocation.parquet", "prices.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_instance_json_the_documented_terms_apply(tmp_path: Path) -> None:
    assert read_terms(tmp_path / "instance.json") == ShortfallPrices(0.1, 500.0)
    (tmp_path / "instance.json").write_text('{"floor_shortfall_price": 0.3}')
    assert read_terms(tmp_path / "instance.json") == ShortfallPrices(0.3, 500.0)


def test_faulty_terms_and_files_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"candidates\.parquet does not exist"):
        allocate_folder(tmp_path, tmp_path / "out")
    write(tmp_path, frames([(1, 2, 5.0, 1, 1, 1, 1)], [(1, 1, 1, 1)], [(1, 1, 1, 1, 1)]))
    with pytest.raises(InvalidInput, match="candidates row 1, offer_id: unknown in offers"):
        allocate_folder(tmp_path, tmp_path / "out")
    (tmp_path / "instance.json").write_text("[1]")
    with pytest.raises(InvalidInput, match="must hold one object"):
        allocate_folder(tmp_path, tmp_path / "out")
    (tmp_path / "offers.parquet").write_text("no parquet")
    with pytest.raises(InvalidInput, match=r"offers\.parquet cannot be read"):
        allocate_folder(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
