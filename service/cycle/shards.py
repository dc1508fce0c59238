"""Score households shard by shard, in one process or several; a killed run goes on.

Each shard leaves its result as files named by what went into it. A run that is started again with
the same inputs finds them and does not do the shard again.
"""

import hashlib
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from service.cycle import stages
from service.cycle.inputs import Inputs
from service.engine.offers import Valuation, candidates
from service.engine.predict import Model
from service.settings import Settings

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What every shard is scored with, whatever process does it."""

    model_json: str
    inputs: Inputs
    bounds: pl.DataFrame
    horizon_days: int
    by: Valuation

    def fingerprint(self) -> bytes:
        """Equal for equal tasks only."""
        by = self.by
        numbers = (self.inputs.as_of, self.horizon_days, by.seed)
        digest = hashlib.sha256(repr((*numbers, by.expected_safety)).encode())
        digest.update(by.response.to_json().encode())
        digest.update(self.model_json.encode())
        running = self.inputs.running
        for frame in (
            self.inputs.catalogue,
            running.offers,
            running.items,
            running.products,
            self.inputs.items,
            running.households,
            running.used,
            self.bounds,
        ):
            digest.update(_bytes(frame))
        return digest.digest()

    def score(self, purchases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The scores and the valued candidates of the households of `purchases`."""
        model = Model.from_json(self.model_json)
        scores = stages.score_households(
            purchases, model, self.inputs, horizon_days=self.horizon_days
        )
        pairs = candidates(
            purchases,
            scores,
            self.inputs.running,
            as_of=self.inputs.as_of,
            bounds=self.bounds,
            by=self.by,
        )
        return scores, pairs


def score_shards(
    purchases: pl.DataFrame, task: Task, *, settings: Settings, progress: Progress
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The scores and the valued candidates of all households of `purchases`.

    The result does not depend on the number of shards or processes.
    """
    shared = task.fingerprint()
    folder = _folder(settings, task.inputs, task.by.seed)
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
    for _ in _work(missing, task, processes=settings.processes):
        done += 1
        progress("predict", done, len(results))
    return (
        pl.concat([pl.read_parquet(_scores(result)) for result in results]),
        pl.concat([pl.read_parquet(_pairs(result)) for result in results]),
    )


def forget_shards(settings: Settings, inputs: Inputs, *, seed: int) -> None:
    """Remove the files of a run that is done with."""
    shutil.rmtree(_folder(settings, inputs, seed), ignore_errors=True)


def _folder(settings: Settings, inputs: Inputs, seed: int) -> Path:
    return settings.runs_folder / f"{inputs.as_of.isoformat()}-{seed}"


def _scores(result: Path) -> Path:
    return result.with_suffix(".scores.parquet")


def _pairs(result: Path) -> Path:
    return result.with_suffix(".pairs.parquet")


def _work(
    missing: list[tuple[pl.DataFrame, Path]], task: Task, *, processes: int
) -> Iterator[None]:
    if processes == 1 or len(missing) < 2:
        for rows, result in missing:
            _shard(rows, result, task)
            yield
        return
    # Forking a process in which polars has threads would hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting = [pool.submit(_shard, rows, result, task) for rows, result in missing]
        for finished in as_completed(waiting):
            finished.result()
            yield


def _shard(rows: pl.DataFrame, result: Path, task: Task) -> None:
    scores, pairs = task.score(rows)
    # The scores come last: where they are, the pairs are.
    for frame, path in ((pairs, _pairs(result)), (scores, _scores(result))):
        # Two runs of one cycle may be at the same shard.
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        frame.write_parquet(unfinished)
        unfinished.replace(path)


def _bytes(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()
