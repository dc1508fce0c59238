"""The lists of a cycle as they will be stored: in files by shard, with what they add up to.

A list with its lines takes forty kilobytes of records; of a million only what is added up over all
of them stays in memory. What later reports compare lies beside them in the same files.
"""

import pickle
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from service.cycle.choose import among
from service.cycle.compose import Around
from service.cycle.fit_lists import checker_of
from service.cycle.measured import Measure
from service.cycle.plan import Plan
from service.cycle.shard_lists import Asked, Counts, Made, Part, Together, make_lists
from service.engine.compose import Recipient
from service.engine.lift.before import add_amounts, caps_of
from service.engine.render import Checker
from service.executors import each_done, open_local
from service.files.checked import read_checked, read_frames, write_checked
from service.files.report import Progress
from service.settings import Settings
from service.store.issued import BY_OFFER


@dataclass(frozen=True, slots=True)
class Written:
    """The files of the lists, in the order of their households.

    `printed` (household_id, offer_id) are the offers on them; `copies` what they carry of each
    offer, by offer: the columns of `store.issued.BY_OFFER`; `slots` what the copies of partners'
    slots cost, by offer: a copy is owed when it is printed. `caps` are as `store.cycles.add_caps`
    takes them; of so many `learnable` copies it is known how likely they were and were not.
    """

    files: tuple[Path, ...]
    printed: pl.DataFrame
    copies: pl.DataFrame
    slots: tuple[tuple[int, int], ...]
    counts: Counts
    caps: pl.DataFrame
    learnable: int

    def parts(self) -> Iterator[Part]:
        """What is stored of each shard, one after the other."""
        for file in self.files:
            yield Part(**read_frames(file))

    def reserved(self) -> pl.DataFrame:
        """What lists reserve: offer_id, cents, copies; by offer."""
        return self.copies.select("offer_id", pl.col("reserved_cents").alias("cents"), "copies")


def write_lists(
    plan: Plan,
    recipients: Sequence[Recipient],
    settings: Settings,
    *,
    folder: Path,
    goods: pl.DataFrame,
    around: Around,
    measure: Measure,
    languages: Mapping[int, str],
    progress: Progress,
) -> Written:
    """Compose the lists of a plan as they can be printed, and write them to files in a folder.

    `recipients` are in the order of households; `goods` and `around` as for `compose`; `languages`
    are those of the households. The lists depend neither on the size of shards nor on how many
    processes make them. Raises as `fit_lists` does.
    """
    asked = _asked(plan, recipients, languages, folder)
    together = Together(plan.inputs, plan.shards, goods, around, measure)
    found: dict[int, Made] = {}
    lists = 0
    act = _act(together, settings, folder)
    amounts: list[pl.DataFrame] = []
    for place, made in each_done(partial(open_local, settings), act, asked):
        # Added at once: of many households the same amounts come again and again.
        amounts = [add_amounts(made.amounts, *amounts)]
        found[place] = made._replace(amounts=made.amounts.clear())
        lists += made.counts.lists
        progress("compose", lists, len(recipients))
    shards = [found[place] for place in range(len(asked))]
    counts, picked = Counts(), set[int]()
    for each in shards:
        counts = counts.plus(each.counts)
        picked |= each.picked
    copied = pl.concat((each.copied for each in shards), rechunk=True)
    by_offer = copied.group_by("offer_id", maintain_order=True)
    partners = copied.filter("is_partner").group_by("offer_id").agg(pl.col("reserved_cents").sum())
    return Written(
        files=tuple(each.file for each in asked),
        printed=pl.concat(each.printed for each in shards),
        copies=by_offer.agg(pl.col(*BY_OFFER).exclude("offer_id").sum()).sort("offer_id"),
        slots=tuple(partners.sort("offer_id").iter_rows()),
        counts=counts,
        caps=caps_of(amounts[0], measure.categories(sorted(picked))),
        learnable=sum(each.learnable for each in shards),
    )


def _asked(
    plan: Plan, recipients: Sequence[Recipient], languages: Mapping[int, str], folder: Path
) -> list[Asked]:
    """What is asked of each shard."""
    asked = []
    for number, shard in enumerate(plan.shards.all):
        first, last = shard.bought.first, shard.bought.last
        some = recipients[_first(recipients, first) : _first(recipients, last + 1)]
        asked.append(
            Asked(
                shard=shard,
                recipients=some,
                languages={each.household_id: languages[each.household_id] for each in some},
                eligible=plan.eligible.filter(pl.col("household_id").is_between(first, last)),
                given=among(plan.allocation.pairs, first, last),
                file=folder / f"{number}.lists",
            )
        )
    return asked


def _act(together: Together, settings: Settings, folder: Path) -> Callable[[Asked], Made]:
    """What makes the lists of a shard: here, or in other processes by a file."""
    if settings.processes == 1:
        return partial(make_lists, together, checker_of(settings), settings)
    file = folder / "together"
    write_checked(file, pickle.dumps(together))
    return partial(_make_elsewhere, file, settings)


_ready: dict[Path, tuple[Together, Checker]] = {}
"""What a process makes the lists of one shard after the other of."""


def _make_elsewhere(file: Path, settings: Settings, asked: Asked) -> Made:
    if file not in _ready:
        _ready.clear()
        _ready[file] = pickle.loads(read_checked(file)), checker_of(settings)
    return make_lists(*_ready[file], settings, asked)


def _first(recipients: Sequence[Recipient], household_id: int) -> int:
    """The place of the first recipient that is not below a household's number."""
    return bisect_left(recipients, household_id, key=lambda each: each.household_id)
