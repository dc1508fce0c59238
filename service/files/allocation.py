"""Allocation from a folder to a folder, for `larder allocate`: an allocation with its proof."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl

from service.engine.allocate import Certificate, ShortfallPrices, allocate
from service.errors import InvalidInput, NotFound, Problem

FRAMES = ("candidates", "offers", "households")
TERMS = ("floor_shortfall_price", "minimum_shortfall_price_cents")


def allocate_folder(
    instance: Path,
    out: Path,
    *,
    seed: int = 0,
    shards: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Certificate:
    """Allocate the instance in folder `instance`; write the result to folder `out`.

    Reads `candidates.parquet`, `offers.parquet`, `households.parquet` and, where it exists,
    `instance.json`; writes `allocation.parquet`, `prices.parquet` and `certificate.json`, each
    whole or not at all. `cpu_seconds` is the CPU of this process from the first read to the last
    frame written. Raises NotFound for a missing file, InvalidInput for what it holds.
    """
    began = time.process_time()
    for name in FRAMES:
        if not (instance / f"{name}.parquet").is_file():
            raise NotFound(f"{instance / name}.parquet does not exist")
    answer = allocate(
        _open(instance / "candidates.parquet"),
        _open(instance / "offers.parquet").collect(),
        _open(instance / "households.parquet").collect(),
        terms=read_terms(instance / "instance.json"),
        seed=seed,
        shards=shards,
        progress=progress,
    )
    out.mkdir(parents=True, exist_ok=True)
    _write(answer.pairs, out / "allocation.parquet")
    _write(answer.prices, out / "prices.parquet")
    spent = time.process_time() - began
    certificate = replace(answer.certificate, cpu_seconds=round(spent, 3))
    part = out / "certificate.json.part"
    part.write_text(json.dumps(asdict(certificate), indent=2) + "\n", encoding="utf-8")
    part.replace(out / "certificate.json")
    return certificate


def read_terms(path: Path) -> ShortfallPrices:
    """The soft terms of an instance; a missing file or key means the documented default."""
    if not path.is_file():
        return ShortfallPrices()
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as fault:
        raise InvalidInput(f"{path.name} is not JSON: {fault}") from fault
    if not isinstance(given, dict):
        raise InvalidInput(
            f"{path.name} must hold one object",
            [Problem(path.name, f"holds a {type(given).__name__}", "write {...}")],
        )
    return ShortfallPrices(**{name: given[name] for name in TERMS if given.get(name) is not None})


def _open(path: Path) -> pl.LazyFrame:
    """A Parquet file to read lazily. Raises InvalidInput when it is not one."""
    lazy = pl.scan_parquet(path, glob=False)
    try:
        lazy.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise InvalidInput(f"{path.name} cannot be read as parquet: {fault}") from fault
    return lazy


def _write(frame: pl.DataFrame, path: Path) -> None:
    part = path.with_suffix(".part")
    frame.write_parquet(part)
    part.replace(path)
