"""The lists of one shard: composed, fitted to their layout, measured, and written to a file.

Any process of this machine does it, with the same bytes. A cluster does not: it would be sent the
key that codes of pages are stored under.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from service.cycle.choose import given_of
from service.cycle.compose import Around, compose
from service.cycle.drafted import PARTNER_LINE, Drafted, list_frames
from service.cycle.fit_lists import fit_lists
from service.cycle.inputs import Inputs
from service.cycle.measured import Measure
from service.cycle.serials import page_digest_of
from service.cycle.shards import Shard, Shards
from service.engine.compose import Recipient
from service.engine.offers.picks import is_learnable
from service.engine.render import Checker
from service.files.checked import write_frames
from service.settings import Settings


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


class Part(NamedTuple):
    """The lists of a shard and their lines as `list_frames` gives them; the rest as `Measured`."""

    lists: pl.DataFrame
    lines: pl.DataFrame
    picks: pl.DataFrame
    chances: pl.DataFrame
    arms: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Together:
    """What the lists of every shard are made of; `goods` and `around` as for `compose`."""

    inputs: Inputs
    shards: Shards
    goods: pl.DataFrame
    around: Around
    measure: Measure


class Asked(NamedTuple):
    """A shard whose lists are wanted in a file.

    `recipients` are its households, `languages` theirs, `eligible` what a plan says of them, and
    `given` what they are given (household_id, offer_id).
    """

    shard: Shard
    recipients: Sequence[Recipient]
    languages: Mapping[int, str]
    eligible: pl.DataFrame
    given: pl.DataFrame
    file: Path


class Made(NamedTuple):
    """What the lists of a shard add up to.

    `printed` (household_id, offer_id) are the offers on them, `copied` a row a copy (`_copied`),
    `amounts` as `Measured` has them, `picked` the deals that were picked.
    """

    counts: Counts
    printed: pl.DataFrame
    copied: pl.DataFrame
    amounts: pl.DataFrame
    picked: frozenset[int]
    learnable: int


def make_lists(together: Together, checker: Checker, settings: Settings, asked: Asked) -> Made:
    """Make the lists of a shard and write them to its file. Raises as `fit_lists` does.

    The checker keeps what it has set for the next shard.
    """
    shards, shard = together.shards, asked.shard
    pairs, purchases = shards.pairs(shard), shards.purchases(shard)
    chosen = given_of(pairs, asked.given)
    composed = compose(
        asked.recipients,
        settings=settings,
        inputs=together.inputs,
        purchases=purchases,
        scores=shards.scores(shard),
        chosen=chosen,
        goods=together.goods,
        around=together.around,
    )
    drafted = fit_lists(composed, checker)
    digests = [page_digest_of(settings, each.document) for each in drafted]
    listed, lines = list_frames(drafted, together.inputs, page_digests=digests)
    owners = listed.select("code", "household_id")
    offers = lines.filter(pl.col("offer_id").is_not_null())
    on_lists = offers.join(owners, on="code", maintain_order="left").select(
        "household_id", "offer_id"
    )
    printed = chosen.join(on_lists, on=on_lists.columns, how="semi")
    measured = together.measure.of(asked.eligible, pairs, printed, purchases)
    part = Part(listed, lines, measured.picks, measured.chances, measured.arms)
    write_frames(asked.file, part._asdict())
    return Made(
        counts=_counted(composed, drafted, asked.languages),
        printed=on_lists,
        copied=_copied(offers),
        amounts=measured.amounts,
        picked=frozenset(measured.picks["offer_id"].unique()),
        learnable=measured.picks.filter(is_learnable()).height,
    )


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
