"""What households bought, read once by the shard: into files, and added up over all of them.

Of a shard only sums stay in memory: what tells who gets a list, what households are worth beside
each other, and what many of them buy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
from sqlmodel import Session

from service.cycle.inputs import read_purchases, read_unnamed_spend
from service.cycle.left_out import left_out
from service.cycle.redraft import with_draft_day
from service.cycle.shards import Bought, keep_bought
from service.cycle.unlisted import Unlisted
from service.engine import segment
from service.engine.general import general_days
from service.engine.offers.candidates import LOYALTY_WEEKS
from service.files.checked import read_frames, write_frames
from service.files.report import Progress
from service.files.spill import Spiller
from service.settings import Settings
from service.store.parts import each_part
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class History:
    """What households bought before a date.

    `shards` have the purchases of who gets a list for them. `buyers` counts who bought anything
    that a list could name, `chosen` are those of them who spend enough, by number, and `left_out`
    those of the chosen, and of who gets a general list, whom no letter reaches (see `left_out`).
    Of the chosen is `spend` (`segment.category_spend`), of all buyers `units`
    (`segment.unit_counts`); of who gets a list `draft_days` (`redraft.with_draft_day`) and `lines`.
    `general_files` have the `general_days` of who agreed to be counted, `newest` is their last day.
    """

    shards: tuple[Bought, ...]
    buyers: int
    chosen: pl.Series
    left_out: pl.DataFrame
    spend: pl.DataFrame
    units: pl.DataFrame
    draft_days: pl.DataFrame
    lines: pl.DataFrame
    general_files: tuple[Path, ...]
    newest: date | None

    def listed(self, general_ids: Sequence[int]) -> list[Bought]:
        """The shards in which anybody gets a list; `general_ids` are in ascending order."""
        shards = [each.with_general(general_ids) for each in self.shards]
        return [each for each in shards if each.lines or each.general_ids]

    def without_sums(self) -> "History":
        """The same without what is added up by household, once it was compared."""
        return replace(
            self,
            chosen=self.chosen.clear(),
            spend=self.spend.clear(),
            units=self.units.clear(),
            draft_days=self.draft_days.clear(),
        )

    def general_days(self) -> Iterator[pl.DataFrame]:
        """What may be counted of general lists, a shard after the other."""
        return (read_frames(file)["days"] for file in self.general_files)

    def newest_day(self) -> date | None:
        """The last day on which anybody bought something who gets a list."""
        last: date | None = self.lines["last_at"].dt.date().max()  # type: ignore[assignment]
        return last


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads the purchases of some households after others, and adds them up.

    What is bought of the households of `general_ids` decides nothing. All that is read goes to the
    `spiller` too, where there is one: for who fits a forecast. Then, and with `here`, this process
    reads all of it. Each shard is of one moment, not all of them together.
    """

    database: Database
    settings: Settings
    as_of: date
    unlisted: Unlisted
    folder: Path
    spiller: Spiller | None = None
    here: bool = False

    def read(
        self, household_ids: Sequence[int], general_ids: Sequence[int], progress: Progress
    ) -> History:
        """What these households bought; both are in ascending order."""
        ids = sorted({*household_ids, *general_ids})
        size = self.settings.shard_households
        # Without a household there is one shard with nothing in it, so that frames have columns.
        some = [ids[start : start + size] for start in range(0, max(len(ids), 1), size)]
        tasks = [
            _Reading(
                number,
                mine,
                self.unlisted.among(mine),
                self.as_of,
                self.folder,
                {*general_ids}.intersection(mine) if general_ids else None,
                self.spiller,
            )
            for number, mine in enumerate(some)
        ]
        found: dict[int, _Part] = {}
        progress("history", 0, len(tasks))
        here = self.here or self.spiller is not None
        for place, part in each_part(self.database, self.settings, tasks, here=here):
            found[place] = part
            progress("history", len(found), len(tasks))
        parts = [found[place] for place in range(len(tasks))]
        counted = [each.newest for each in parts if each.newest is not None]
        return History(
            shards=tuple(each.bought for each in parts),
            buyers=sum(each.buyers for each in parts),
            chosen=pl.concat(each.chosen for each in parts),
            left_out=pl.concat(each.left_out for each in parts),
            spend=pl.concat(each.spend for each in parts),
            units=pl.concat(each.units for each in parts),
            draft_days=pl.concat(each.draft_days for each in parts),
            lines=pl.concat(each.lines for each in parts),
            general_files=tuple(each.general for each in parts if each.general is not None),
            newest=max(counted, default=None),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads what some households bought. `general_ids` are those of them who get a general list;
    None where nobody does."""

    number: int
    household_ids: list[int]
    unlisted: Unlisted
    as_of: date
    folder: Path
    general_ids: set[int] | None
    spiller: Spiller | None

    def __call__(self, database: Database, settings: Settings) -> "_Part":
        """Do it."""
        with database.read() as session:
            return self._read(session, settings)

    def _read(self, session: Session, settings: Settings) -> "_Part":
        some = self.household_ids
        general = sorted(self.general_ids or ())
        purchases = read_purchases(session, settings, before=self.as_of, household_ids=some)
        if general:
            purchases = purchases.filter(~pl.col("household_id").is_in(general))
        if self.spiller is not None:
            self.spiller.add(purchases)
        chosen = self._chosen(session, settings, purchases, general)
        spent = purchases.filter(pl.col("household_id").is_in(chosen.implode()))
        unreached = left_out(session, settings, sorted([*chosen, *general]), self.unlisted)
        listed = spent.join(unreached, on="household_id", how="anti", maintain_order="left")
        days, newest = None, None
        if self.general_ids is not None:
            days, newest = self._general_days(settings, purchases)
        return _Part(
            bought=keep_bought(self.folder, some, listed),
            buyers=purchases["household_id"].n_unique(),
            chosen=chosen,
            left_out=unreached,
            spend=segment.category_spend(spent, as_of=self.as_of, weeks=LOYALTY_WEEKS),
            units=segment.unit_counts(purchases, as_of=self.as_of, weeks=LOYALTY_WEEKS),
            draft_days=with_draft_day(listed),
            lines=listed.select(
                pl.len().cast(pl.Int64).alias("lines"),
                pl.col("amount_cents").sum(),
                pl.col("purchased_at").max().alias("last_at"),
            ),
            general=days,
            newest=newest,
        )

    def _chosen(
        self, session: Session, settings: Settings, purchases: pl.DataFrame, general: list[int]
    ) -> pl.Series:
        """Who spends enough and bought something that a list could name, by number.

        All they paid counts. Of those who agreed to no profile it is not asked what they paid.
        """
        unnamed = read_unnamed_spend(
            session, settings, as_of=self.as_of, household_ids=self.household_ids
        )
        spent = ("household_id", "purchased_at", "amount_cents")
        found = segment.eligible_households(
            pl.concat([purchases.select(spent), unnamed.select(spent)]),
            as_of=self.as_of,
            weeks=settings.weekly_spend_weeks,
            weekly_spend_cents=settings.weekly_spend_cents,
        )["household_id"]
        bought = purchases["household_id"].unique()
        others = sorted({*self.unlisted.erased, *general})
        return found.filter(
            found.is_in(bought.implode())
            & ~found.is_in(pl.Series(others, dtype=pl.Int64).implode())
        )

    def _general_days(
        self, settings: Settings, purchases: pl.DataFrame
    ) -> tuple[Path, date | None]:
        """What may be counted of these purchases for general lists, in a file; their last day."""
        uncounted = sorted(self.unlisted.erased | self.unlisted.unprofiled)
        counted = purchases.filter(~pl.col("household_id").is_in(uncounted))
        path = self.folder / f"{self.number}.general"
        days = general_days(counted, horizon_days=settings.forecast_days)
        write_frames(path, {"days": days})
        newest: date | None = counted["purchased_at"].dt.date().max()  # type: ignore[assignment]
        return path, newest


class _Part(NamedTuple):
    """What is kept of a shard; see `History`."""

    bought: Bought
    buyers: int
    chosen: pl.Series
    left_out: pl.DataFrame
    spend: pl.DataFrame
    units: pl.DataFrame
    draft_days: pl.DataFrame
    lines: pl.DataFrame
    general: Path | None
    newest: date | None
