"""Score households shard by shard, by any executor; a killed run goes on.

Each shard leaves its result as a file named by what went into it. A run that is started again with
the same inputs finds it and does not do the shard again; one that is not whole is as good as none.
"""

import hashlib
import logging
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
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
from service.errors import LarderError
from service.executors import each_done, open_executor
from service.executors.sources import sources_digest
from service.files.checked import (
    Damaged,
    pack,
    read_checked,
    read_frames,
    unpack,
    write_checked,
    write_frames,
)
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


class Shard(NamedTuple):
    """The files of a shard: what every shard is scored with, its purchases, its result."""

    task: Path
    bought: Path
    result: Path


def score_shards(
    purchases: pl.DataFrame, task: Task, *, settings: Settings, progress: Progress
) -> Scored:
    """The scores, the valued candidates and the drafts of all households of `purchases`.

    The result does not depend on the number of shards, nor on the executor and its workers.
    """
    folder = run_folder(settings, task.inputs, seed=task.by.seed).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shared, version = task.fingerprint(), sources_digest().encode()
    task_file = folder / f"{shared.hex()[:32]}.task"
    write_checked(task_file, pickle.dumps(task))
    ids = purchases["household_id"].unique().sort()
    size = settings.shard_households
    shards: list[Shard] = []
    # Without a household there is one shard with nothing in it, so that frames have their columns.
    for start in range(0, max(len(ids), 1), size):
        mine = ids[start : start + size]
        rows = pack(purchases.filter(pl.col("household_id").is_in(mine.implode())))
        name = hashlib.sha256(shared + version + rows).hexdigest()[:32]
        shard = Shard(task_file, folder / f"{name}.bought", folder / f"{name}.scored")
        shards.append(shard)
        if not _is_whole(shard.result):
            write_checked(shard.bought, rows)
    try:
        _score_missing(shards, settings=settings, progress=progress)
    finally:
        # What every shard is scored with is in memory once more, where this process scored.
        _task.cache_clear()
    found = [read_frames(shard.result) for shard in shards]
    return Scored(*(pl.concat([each[name] for each in found]) for name in Scored._fields))


def forget_shards(settings: Settings, inputs: Inputs, *, seed: int) -> None:
    """Remove the files of a run that is done with."""
    shutil.rmtree(run_folder(settings, inputs, seed=seed), ignore_errors=True)


def run_folder(settings: Settings, inputs: Inputs, *, seed: int) -> Path:
    """Where the runs of a cycle keep what they are at."""
    return settings.runs_folder / f"{inputs.as_of.isoformat()}-{seed}"


logger = logging.getLogger("larder.cycle")


def _is_whole(result: Path) -> bool:
    """Whether a shard is there as it was written."""
    try:
        read_checked(result)
    except FileNotFoundError:
        return False
    except (Damaged, OSError) as error:
        logger.warning("shard %s cannot be read and is scored again: %r", result.stem, error)
        return False
    return True


def _score_missing(shards: Sequence[Shard], *, settings: Settings, progress: Progress) -> None:
    missing = [shard for shard in shards if not _is_whole(shard.result)]
    done = len(shards) - len(missing)
    progress("predict", done, len(shards))
    for _ in each_done(partial(open_executor, settings), _score, missing):
        done += 1
        progress("predict", done, len(shards))


def _score(shard: Shard) -> None:
    """Score a shard from its files, in whatever process; safe to do twice."""
    try:
        task, rows = _task(shard.task), unpack(read_checked(shard.bought))
    except FileNotFoundError as error:
        raise LarderError(
            "A worker does not find %(path)s: the folder LARDER_RUNS_FOLDER has to be the same on "
            "all machines.",
            path=str(error.filename),
        ) from None
    except Damaged as error:
        raise LarderError(
            "The file %(name)s is not as it was written; run the cycle again.", name=str(error)
        ) from None
    found = task.score(rows)
    write_frames(shard.result, found._asdict())


@lru_cache(maxsize=1)
def _task(path: Path) -> Task:
    """What a process scores one shard after the other with."""
    task: Task = pickle.loads(read_checked(path))
    return task


def _bytes(frame: pl.DataFrame) -> bytes:
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()
