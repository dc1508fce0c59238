"""Score households shard by shard, in one process or several; a killed run goes on.

Each shard leaves its result as files named by what went into it. A run that is started again with
the same inputs finds them and does not do the shard again.
"""

import hashlib
import logging
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.cycle import stages
from service.cycle.general import General
from service.cycle.inputs import Inputs
from service.cycle.redraft import PAIRS, Redraft
from service.engine.offers import Valuation, candidates
from service.engine.predict import Model
from service.settings import Settings

Progress = Callable[[str, int, int], None]


class Scored(NamedTuple):
    """What is known of households before any offer is given; `drafts` as `redraft.PAIRS`."""

    scores: pl.DataFrame
    pairs: pl.DataFrame
    drafts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Task:
    """What every shard is scored with, whatever process does it.

    `redraft` computes drafts again; there are none before the first cycle.
    """

    model_json: str
    inputs: Inputs
    bounds: pl.DataFrame
    horizon_days: int
    by: Valuation
    redraft: Redraft | None = None

    def of(self, purchases: pl.DataFrame) -> "Task":
        """The same for the households of some purchases only."""
        return replace(self, redraft=self.redraft and self.redraft.of(purchases))

    def fingerprint(self) -> bytes:
        """Equal for equal tasks only."""
        by = self.by
        numbers = (self.inputs.as_of, self.inputs.lead_days, self.horizon_days, by.seed)
        digest = hashlib.sha256(repr((*numbers, by.expected_safety, by.likely)).encode())
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
            running.overrides,
            *running.asked.frames(),
            *self.inputs.said.frames(),
            self.bounds,
        ):
            digest.update(_bytes(frame))
        if self.redraft is not None:
            for text in self.redraft.texts():
                digest.update(text.encode())
            for frame in self.redraft.frames():
                digest.update(_bytes(frame))
        return digest.digest()

    def score(self, purchases: pl.DataFrame) -> Scored:
        """The scores, the valued candidates and the drafts of the households of `purchases`."""
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
        no_drafts = pl.DataFrame(schema=PAIRS)
        return Scored(scores, pairs, self.redraft.draft(purchases) if self.redraft else no_drafts)

    def with_general(self, scored: Scored, general: General, purchases: pl.DataFrame) -> Scored:
        """What is known with that of households that agreed to no profile, scored as one shard.

        Of `purchases` only the columns count.
        """
        if not general.household_ids:
            return scored
        model = Model.from_json(self.model_json)
        scores = general.scores(model, self.inputs, horizon_days=self.horizon_days)
        pairs = general.candidates(
            scores, self.inputs, bounds=self.bounds, by=self.by, purchases=purchases
        )
        return Scored(
            pl.concat([scored.scores, scores], how="diagonal"),
            pl.concat([scored.pairs, pairs]).sort("household_id", "offer_id"),
            scored.drafts,
        )


def score_shards(
    purchases: pl.DataFrame, task: Task, *, settings: Settings, progress: Progress
) -> Scored:
    """The scores, the valued candidates and the drafts of all households of `purchases`.

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
        if not _is_whole(result):
            missing.append((rows, result))
    done = len(results) - len(missing)
    progress("predict", done, len(results))
    for _ in _work(missing, task, processes=settings.processes):
        done += 1
        progress("predict", done, len(results))
    return Scored(
        *(pl.concat([pl.read_parquet(file(result)) for result in results]) for file in _FILES)
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


def _drafts(result: Path) -> Path:
    return result.with_suffix(".drafts.parquet")


logger = logging.getLogger("larder.cycle")

_FILES = (_scores, _pairs, _drafts)
"""Where a shard leaves what `Scored` has, in its order."""


def _is_whole(result: Path) -> bool:
    """Whether a shard is there and can be read: a power cut may leave a file without its end."""
    if not _scores(result).exists():
        return False
    try:
        for file in _FILES:
            pl.read_parquet(file(result))
    except (pl.exceptions.PolarsError, OSError) as error:
        logger.warning("shard %s cannot be read and is scored again: %s", result.name, error)
        return False
    return True


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
        waiting = [pool.submit(_shard, rows, result, task.of(rows)) for rows, result in missing]
        try:
            for finished in as_completed(waiting):
                finished.result()
                yield
        finally:
            # Who is told to stop waits for those that were begun, not for all of them.
            pool.shutdown(cancel_futures=True)


def _shard(rows: pl.DataFrame, result: Path, task: Task) -> None:
    found = task.score(rows)
    # The scores come last: where they are, the others are.
    for frame, file in reversed([*zip(found, _FILES, strict=True)]):
        path = file(result)
        # Two runs of one cycle may be at the same shard.
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        frame.write_parquet(unfinished)
        unfinished.replace(path)


def _bytes(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()
