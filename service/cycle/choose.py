"""Choose the offers of all households together: of their candidates, by a few columns alone."""

from typing import NamedTuple

import polars as pl

from service.cycle.shards import Shards
from service.engine.allocate import Allocation, Keep, ShortfallPrices, allocate
from service.engine.offers import OFFERED, LeftOut, given
from service.engine.offers.beside_pins import (
    households_beside,
    pairs_beside,
    room_beside,
    with_pins,
)
from service.engine.offers.explore import NO_EXPLORATION, Exploration
from service.engine.offers.pins import Pinned

_ALLOCATED = (
    "household_id", "offer_id", "value_cents", "cost_cents", "face_value_cents", "category_id",
    "conflict_id",
)  # fmt: skip


class Collected(NamedTuple):
    """Of all candidates: those that may be given, in the few columns that choosing asks for.

    `pinned` are those that are pinned, in all columns; the rest is counted.
    """

    offered: pl.DataFrame
    pinned: pl.DataFrame
    candidates: int
    banned: int


def collect(shards: Shards, offered: pl.Series) -> Collected:
    """Read the candidates shard by shard; `offered` are the households that get offers."""
    parts: list[pl.DataFrame] = []
    pins: list[pl.DataFrame] = []
    open_pairs, banned = 0, 0
    for shard in shards.all:
        pairs = shards.pairs(shard, [*_ALLOCATED, "left_out", "pin"])
        mine = given(pairs)
        open_pairs += mine.height
        banned += pairs.filter(pl.col("left_out") == LeftOut.BANNED).height
        some = offered.filter(offered.is_between(shard.bought.first, shard.bought.last))
        parts.append(
            mine.filter(pl.col("household_id").is_in(some.implode())).select(
                pl.col(_ALLOCATED).exclude(_NARROW), pl.col(_NARROW).cast(pl.Int32)
            )
        )
        if pairs["pin"].null_count() < pairs.height or not pins:
            pins.append(shards.pairs(shard).filter(pl.col("pin").is_not_null()))
    return Collected(pl.concat(parts), pl.concat(pins), open_pairs, banned)


_NARROW = ("cost_cents", "face_value_cents", "category_id")
"""What half the bytes are enough for: the allocator asks that of amounts, too."""


def choose(
    offered: pl.DataFrame,
    left: pl.DataFrame,
    eligible: pl.DataFrame,
    pinned: Pinned,
    *,
    terms: ShortfallPrices,
    keep: Keep,
    seed: int,
    explore: Exploration,
) -> tuple[Exploration, Allocation]:
    """The offers of the households that get any, chosen together beside what is pinned.

    What is explored is cut down until it costs little.
    """
    beside, rest = pairs_beside(offered, pinned, eligible), room_beside(left, pinned)
    homes = households_beside(eligible, pinned).select(
        "household_id",
        "slots",
        "category_max",
        "face_value_floor_cents",
        "face_value_ceiling_cents",
    )
    for last in (False, False, True):
        found = allocate(explore.shaken(beside), rest, homes, terms=terms, keep=keep, seed=seed)
        found = explore.certified(found, beside, rest, homes, terms=terms)
        gentler = explore.within(found)
        if gentler is None:
            break
        explore = NO_EXPLORATION if last else gentler
    else:
        found = allocate(beside, rest, homes, terms=terms, keep=keep, seed=seed)
    return explore, with_pins(found, pinned, keep.pairs)


def offered_of(eligible: pl.DataFrame) -> pl.Series:
    """The eligible households that get offers, by number."""
    return eligible.filter(pl.col("arm").is_in(OFFERED))["household_id"]


def given_of(pairs: pl.DataFrame, allocated: pl.DataFrame) -> pl.DataFrame:
    """Those of some candidates, by household, that an allocation's `pairs` give."""
    if pairs.is_empty():
        return pairs
    mine = among(allocated, pairs["household_id"][0], pairs["household_id"][-1])
    return given(pairs).join(mine, on=mine.columns, maintain_order="left")


def among(allocated: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """What households of these numbers are given: household_id, offer_id."""
    homes = allocated["household_id"]
    start, end = homes.search_sorted(first, "left"), homes.search_sorted(last, "right")
    return allocated[start:end].select("household_id", "offer_id")
