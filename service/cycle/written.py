"""The lists of a cycle as they will be stored: in files by shard, with what they add up to.

A list with its lines takes forty kilobytes of records; of a million only what is added up over all
of them stays in memory. What later reports compare lies beside them in the same files.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.cycle.compose import Around, compose
from service.cycle.drafted import PARTNER_LINE, Drafted, list_frames
from service.cycle.fit_lists import checker_of, fit_lists
from service.cycle.measured import Measure, Measured
from service.cycle.plan import Plan
from service.cycle.serials import page_digest_of
from service.cycle.shards import Shard
from service.engine.compose import Recipient
from service.engine.lift.before import add_amounts, caps_of
from service.engine.offers.picks import is_learnable
from service.files.checked import read_frames, write_frames
from service.files.report import Progress
from service.settings import Settings
from service.store.issued import BY_OFFER


class Counts(NamedTuple):
    """What lists add up to; those `planned` are before what has no room was left out."""

    lists: int = 0
    offers: int = 0
    reminders: int = 0
    planned_offers: int = 0
    planned_reminders: int = 0
    face_value_cents: int = 0
    other_language: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """The sums of both."""
        return Counts(*(one + two for one, two in zip(self, other, strict=True)))


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

    def parts(self) -> Iterator["Part"]:
        """What is stored of each shard, one after the other."""
        for file in self.files:
            yield Part(**read_frames(file))

    def reserved(self) -> pl.DataFrame:
        """What lists reserve: offer_id, cents, copies; by offer."""
        return self.copies.select("offer_id", pl.col("reserved_cents").alias("cents"), "copies")


class Part(NamedTuple):
    """The lists of a shard and their lines as `list_frames` gives them; the rest as `Measured`."""

    lists: pl.DataFrame
    lines: pl.DataFrame
    picks: pl.DataFrame
    chances: pl.DataFrame
    arms: pl.DataFrame


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
    are those of the households. The lists do not depend on the size of shards. Raises as
    `fit_lists` does.
    """
    files: list[Path] = []
    made: list[_Made] = []
    amounts: pl.DataFrame | None = None
    counts, checker = Counts(), checker_of(settings)
    for number, shard in enumerate(plan.shards.all):
        pairs, purchases = plan.shards.pairs(shard), plan.shards.purchases(shard)
        chosen = plan.given(pairs)
        composed = compose(
            _of_shard(recipients, shard),
            settings=settings,
            inputs=plan.inputs,
            purchases=purchases,
            scores=plan.shards.scores(shard),
            chosen=chosen,
            goods=goods,
            around=around,
        )
        drafted = fit_lists(composed, checker)
        digests = [page_digest_of(settings, each.document) for each in drafted]
        listed, lines = list_frames(drafted, plan.inputs, page_digests=digests)
        offers = lines.filter(pl.col("offer_id").is_not_null())
        printed = offers.join(
            listed.select("code", "household_id"), on="code", maintain_order="left"
        ).select("household_id", "offer_id")
        measured = measure.of(
            plan.eligible.filter(
                pl.col("household_id").is_between(shard.bought.first, shard.bought.last)
            ),
            pairs,
            chosen.join(printed, on=printed.columns, how="semi"),
            purchases,
        )
        files.append(folder / f"{number}.lists")
        part = Part(listed, lines, measured.picks, measured.chances, measured.arms)
        write_frames(files[-1], part._asdict())
        made.append(_Made.of(printed, offers, measured))
        # Added at once: of many households the same amounts come again and again.
        amounts = add_amounts(measured.amounts, *([] if amounts is None else [amounts]))
        counts = counts.plus(_counted(composed, drafted, languages))
        progress("compose", counts.lists, len(recipients))
    assert amounts is not None
    return _summed(files, made, counts, caps_of(amounts, measure.offers(_picked(made))))


class _Made(NamedTuple):
    """What stays in memory of a shard whose file is written; `copied` as `_copied` gives it."""

    printed: pl.DataFrame
    copied: pl.DataFrame
    picked: pl.Series
    learnable: int

    @staticmethod
    def of(printed: pl.DataFrame, offers: pl.DataFrame, measured: Measured) -> "_Made":
        """That of the offers on its lists, and of what is measured."""
        return _Made(
            printed,
            _copied(offers),
            measured.picks["offer_id"].unique(),
            measured.picks.filter(is_learnable()).height,
        )


def _summed(
    files: Sequence[Path], made: Sequence[_Made], counts: Counts, caps: pl.DataFrame
) -> Written:
    """What all shards add up to."""
    copied = pl.concat((each.copied for each in made), rechunk=True)
    by_offer = copied.group_by("offer_id", maintain_order=True)
    partners = copied.filter("is_partner").group_by("offer_id").agg(pl.col("reserved_cents").sum())
    return Written(
        tuple(files),
        pl.concat(each.printed for each in made),
        by_offer.agg(pl.col(*BY_OFFER).exclude("offer_id").sum()).sort("offer_id"),
        tuple(partners.sort("offer_id").iter_rows()),
        counts,
        caps,
        sum(each.learnable for each in made),
    )


def _picked(made: Sequence[_Made]) -> pl.Series:
    """The deals that were picked for anybody."""
    return pl.concat(each.picked for each in made).unique()


def _of_shard(recipients: Sequence[Recipient], shard: Shard) -> Sequence[Recipient]:
    """Those of a shard, of recipients in the order of households."""

    def household_id(each: Recipient) -> int:
        return each.household_id

    first = bisect_left(recipients, shard.bought.first, key=household_id)
    return recipients[first : bisect_right(recipients, shard.bought.last, key=household_id)]


def _copied(offers: pl.DataFrame) -> pl.DataFrame:
    """A row a copy: the columns of `BY_OFFER`, and whether it is of a partner's slot."""
    return offers.select(
        "offer_id",
        pl.lit(1, pl.Int64).alias("copies"),
        "face_value_cents",
        (pl.col("reserved_cents") * pl.col("uses")).alias("reserved_cents"),
        pl.col("expected_uses").fill_null(0.0),
        (pl.col("kind") == PARTNER_LINE).alias("is_partner"),
    )


def _counted(
    composed: Sequence[Drafted], drafted: Sequence[Drafted], languages: Mapping[int, str]
) -> Counts:
    return Counts(
        len(drafted),
        sum(len(each.document.offers) for each in drafted),
        sum(len(each.document.reminders) for each in drafted),
        sum(len(each.document.offers) for each in composed),
        sum(len(each.document.reminders) for each in composed),
        sum(each.document.worth_cents for each in drafted),
        sum(each.document.language != languages[each.household_id] for each in drafted),
    )
