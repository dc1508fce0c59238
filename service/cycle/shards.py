"""Score households shard by shard, in one process or several; a killed run goes on.

Each shard leaves its result as files named by what went into it. A run that is started again with
the same inputs finds them and does not do the shard again.
"""

import hashlib
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from io import BytesIO
from pathlib import Path

import polars as pl

from service.cycle import stages
from service.cycle.basis import Basis
from service.engine.predict import Model
from service.settings import Settings

Progress = Callable[[str, int, int], None]


def score_shards(
    purchases: pl.DataFrame,
    *,
    model: Model,
    basis: Basis,
    settings: Settings,
    seed: int,
    progress: Progress,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The scores and the valued candidates of all households of `purchases`.

    The result does not depend on the number of shards or processes.
    """
    model_json = model.to_json()
    shared = _fingerprint(model_json, basis, settings, seed)
    folder = _folder(settings, basis, seed)
    folder.mkdir(parents=True, exist_ok=True)
    ids = purchases["household_id"].unique().sort()
    size = settings.shard_households
    results: list[Path] = []
    missing: list[tuple[pl.DataFrame, Path]] = []
    for start in range(0, len(ids), size):
        rows = purchases.filter(pl.col("household_id").is_in(ids[start : start + size].implode()))
        result = folder / hashlib.sha256(shared + _bytes(rows)).hexdigest()[:32]
        results.append(result)
        if not _scores(result).exists():
            missing.append((rows, result))
    done = len(results) - len(missing)
    progress("predict", done, len(results))
    for _ in _work(missing, model_json, basis, settings, seed):
        done += 1
        progress("predict", done, len(results))
    return (
        pl.concat([pl.read_parquet(_scores(result)) for result in results]),
        pl.concat([pl.read_parquet(_pairs(result)) for result in results]),
    )


def forget_shards(settings: Settings, basis: Basis, *, seed: int) -> None:
    """Remove the files of a run that is done with."""
    shutil.rmtree(_folder(settings, basis, seed), ignore_errors=True)


def _folder(settings: Settings, basis: Basis, seed: int) -> Path:
    return settings.runs_folder / f"{basis.as_of.isoformat()}-{seed}"


def _scores(result: Path) -> Path:
    return result.with_suffix(".scores.parquet")


def _pairs(result: Path) -> Path:
    return result.with_suffix(".pairs.parquet")


def _work(
    missing: list[tuple[pl.DataFrame, Path]],
    model_json: str,
    basis: Basis,
    settings: Settings,
    seed: int,
) -> Iterator[None]:
    if settings.processes == 1 or len(missing) < 2:
        for rows, result in missing:
            _shard(rows, result, model_json, basis, settings.horizon_days, seed)
            yield
        return
    # Forking a process in which polars has threads would hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(settings.processes, mp_context=context) as pool:
        waiting = [
            pool.submit(_shard, rows, result, model_json, basis, settings.horizon_days, seed)
            for rows, result in missing
        ]
        for finished in as_completed(waiting):
            finished.result()
            yield


def _shard(
    rows: pl.DataFrame, result: Path, model_json: str, basis: Basis, horizon_days: int, seed: int
) -> None:
    model = Model.from_json(model_json)
    scores = stages.score_households(rows, model, basis, horizon_days=horizon_days)
    pairs = stages.candidates(rows, scores, basis, seed=seed)
    # The scores come last: where they are, the pairs are.
    for frame, path in ((pairs, _pairs(result)), (scores, _scores(result))):
        unfinished = path.with_suffix(".part")
        frame.write_parquet(unfinished)
        unfinished.replace(path)


def _fingerprint(model_json: str, basis: Basis, settings: Settings, seed: int) -> bytes:
    digest = hashlib.sha256(f"{basis.as_of} {settings.horizon_days} {seed}".encode())
    digest.update(model_json.encode())
    for frame in (basis.catalogue, basis.offers, basis.offer_items, basis.members):
        digest.update(_bytes(frame))
    return digest.digest()


def _bytes(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()
