"""Score households shard by shard, by any executor; a killed run goes on.

What a shard bought waits in a file, and each leaves its result as a file named by what went into
it. A run that is started again with the same inputs finds it and does not do the shard again; one
that is not whole is as good as none. Whoever needs something of a shard reads it from there, so
that of no shard more is in memory than what is read.
"""

import hashlib
import logging
import pickle
import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.cycle.task import Task
from service.engine.offers.likely import PROMISED, keep_promises, promised_chances, promised_offers
from service.errors import Conflict, LarderError
from service.executors import Opener, each_done
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
from service.files.report import Progress
from service.settings import Settings

logger = logging.getLogger("larder.cycle")


class Bought(NamedTuple):
    """A shard before it is scored: the numbers of its households are from `first` to `last`.

    `general_ids` are those of them whose lists follow from nothing that they bought; the file has
    the purchases of the others that get a list, so many `lines`; `digest` is of what is in it.
    """

    first: int
    last: int
    path: Path
    digest: str
    lines: int
    general_ids: tuple[int, ...] = ()

    def with_general(self, household_ids: Sequence[int]) -> "Bought":
        """The same with those of some households that are in it; they are in ascending order."""
        start = bisect_left(household_ids, self.first)
        end = bisect_right(household_ids, self.last)
        return self._replace(general_ids=tuple(household_ids[start:end]))


def keep_bought(folder: Path, household_ids: Sequence[int], purchases: pl.DataFrame) -> Bought:
    """Keep what some households bought, who come one after the other, in a file of the folder."""
    packed = pack(purchases)
    digest = hashlib.sha256(packed).hexdigest()
    path = folder / f"{digest[:32]}.bought"
    write_checked(path, packed)
    first, last = (household_ids[0], household_ids[-1]) if household_ids else (0, 0)
    return Bought(first, last, path, digest, purchases.height)


class Shard(NamedTuple):
    """The files of a shard: what every shard is scored with, what it bought, its result."""

    task: Path
    bought: Bought
    result: Path


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of a plan, by household; `promised` as `likely.promised_chances` gives it."""

    all: tuple[Shard, ...]
    promised: pl.DataFrame = field(default_factory=pl.DataFrame)

    def promised_to(self, exposed: pl.Series, room: pl.DataFrame) -> "Shards":
        """The same with what offers were promised; as for `likely.promised_chances`."""
        offers = promised_offers(room)
        if offers.is_empty():
            return self
        theirs = pl.concat(
            self.pairs(each, PROMISED).join(offers, on="offer_id", how="semi") for each in self.all
        )
        return replace(self, promised=promised_chances(theirs, exposed, room))

    def purchases(self, shard: Shard) -> pl.DataFrame:
        """What the households of a shard bought."""
        try:
            return unpack(read_checked(shard.bought.path))
        except FileNotFoundError:
            raise _gone() from None
        except Damaged as error:
            raise _not_as_written(error) from None

    def scores(self, shard: Shard) -> pl.DataFrame:
        """The scores of a shard, as `Scored` has them."""
        return _frame(shard, "scores")

    def pairs(self, shard: Shard, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The candidates of a shard, with what was promised kept; all columns or some of them."""
        if columns is None:
            return keep_promises(_frame(shard, "pairs"), self.promised)
        read = [*{*columns, *_KEPT}] if not self.promised.is_empty() else columns
        return keep_promises(_frame(shard, "pairs", read), self.promised).select(columns)

    def drafts(self) -> pl.DataFrame:
        """The drafts of all households, as `Scored` has them."""
        return pl.concat(_frame(each, "drafts") for each in self.all)

    def every_pair(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The candidates of all households in memory together."""
        return pl.concat(self.pairs(each, columns) for each in self.all)

    def every_purchase(self) -> pl.DataFrame:
        """What all of them bought, in memory together."""
        return pl.concat(self.purchases(each) for each in self.all)


_KEPT = ("offer_id", "left_out", "p_purchase")


def _frame(shard: Shard, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    try:
        return read_frames(shard.result, {name: columns})[name]
    except FileNotFoundError:
        raise _gone() from None
    except Damaged as error:
        raise _not_as_written(error) from None


def _gone() -> Conflict:
    return Conflict(
        "The files of this run are gone: another run of the date ended meanwhile. Run the cycle "
        "again."
    )


def _not_as_written(error: Damaged) -> LarderError:
    return LarderError(
        "The file %(name)s is not as it was written; run the cycle again.", name=str(error)
    )


def score_shards(
    bought: Sequence[Bought], task: Task, *, folder: Path, opener: Opener, progress: Progress
) -> Shards:
    """Score the households of every shard; the results are files in the folder.

    They do not depend on the number of shards, nor on the executor and its workers.
    """
    shared, version = task.fingerprint(), sources_digest().encode()
    task_file = folder / f"{shared.hex()[:32]}.task"
    write_checked(task_file, pickle.dumps(task))
    shards = []
    for each in bought:
        inputs = shared + version + f"{each.digest}{each.general_ids}".encode()
        name = hashlib.sha256(inputs).hexdigest()[:32]
        shards.append(Shard(task_file, each, folder / f"{name}.scored"))
    try:
        _score_missing(shards, opener=opener, progress=progress)
    finally:
        # What every shard is scored with is in memory once more, where this process scored.
        _task.cache_clear()
    return Shards(tuple(shards))


def forget_shards(settings: Settings, *, as_of: date, seed: int) -> None:
    """Remove the files of a run that is done with."""
    shutil.rmtree(run_folder(settings, as_of=as_of, seed=seed), ignore_errors=True)


def run_folder(settings: Settings, *, as_of: date, seed: int) -> Path:
    """Where the runs of a cycle keep what they are at."""
    return settings.runs_folder.absolute() / f"{as_of.isoformat()}-{seed}"


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


def _score_missing(shards: Sequence[Shard], *, opener: Opener, progress: Progress) -> None:
    missing = [shard for shard in shards if not _is_whole(shard.result)]
    done = len(shards) - len(missing)
    progress("predict", done, len(shards))
    for _ in each_done(opener, _score, missing):
        done += 1
        progress("predict", done, len(shards))


def _score(shard: Shard) -> None:
    """Score a shard from its files, in whatever process; safe to do twice."""
    try:
        task, rows = _task(shard.task), unpack(read_checked(shard.bought.path))
    except FileNotFoundError as error:
        raise LarderError(
            "A worker does not find %(path)s: the folder LARDER_RUNS_FOLDER has to be the same on "
            "all machines.",
            path=str(error.filename),
        ) from None
    except Damaged as error:
        raise _not_as_written(error) from None
    write_frames(shard.result, task.score(rows, shard.bought.general_ids)._asdict())


@lru_cache(maxsize=1)
def _task(path: Path) -> Task:
    """What a process scores one shard after the other with."""
    task: Task = pickle.loads(read_checked(path))
    return task
