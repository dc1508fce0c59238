"""Allocation: which household gets which deals, within every limit, with a proof of its worth.

`allocate` decides for all households at once; `allocate_household` decides for one at the prices
a batch left behind. The mathematics is in docs/allocation.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from service.engine.allocate.certificate import (
    Certificate,
    Shortfall,
    Tally,
    certify,
    price_frame,
    tally,
)
from service.engine.allocate.online import PriceBook, allocate_household
from service.engine.allocate.prices import Effort, Market, rules, search_prices
from service.engine.allocate.problem import Problem, Terms, build
from service.engine.allocate.repair import repair

__all__ = [
    "Allocation",
    "Certificate",
    "Effort",
    "PriceBook",
    "Shortfall",
    "Terms",
    "allocate",
    "allocate_household",
]

TIE_NOISE = 0.002


@dataclass(frozen=True, slots=True)
class Allocation:
    """The chosen pairs, the shadow price per deal, and the proof.

    `pairs`: `household_id, offer_id, value_cents, cost_cents, face_value_cents`, by household and
    offer. `prices`: see `certificate.price_frame`.
    """

    pairs: pl.DataFrame
    prices: pl.DataFrame
    certificate: Certificate


def allocate(
    candidates: pl.DataFrame | pl.LazyFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    *,
    terms: Terms,
    seed: int = 0,
    effort: Effort | None = None,
    shards: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Allocation:
    """Choose deals for every household: maximal value less both penalties, within every limit.

    Frames as in docs/allocation.md; ids may be integers or text; null in a limit means no limit
    (no guarantee for `circulation_min`, no floor for `face_value_floor_cents`). A lazy
    `candidates` is read in parts, so it may be larger than memory allows at once. The same input
    and seed give the same answer, whatever the order of rows and the number of `shards` (threads
    over households). Raises InvalidInput naming rows and columns.
    """
    tell = progress or _silent
    work = effort or Effort()
    tell("reading")
    problem = build(candidates, offers, households)
    market = Market(
        problem, rules(problem, terms), float(terms.floor_shortfall_price), seed, shards
    )
    tell("pricing")
    quote, bound = search_prices(market, effort=work, jitter=TIE_NOISE)
    tell("assigning")
    repair(market, quote, nodes=work.nodes)
    counted = tally(problem)
    tell("proving")
    return Allocation(
        _pairs(problem, counted), price_frame(market, quote, counted),
        certify(market, counted, bound),
    )  # fmt: skip


def _pairs(problem: Problem, counted: Tally) -> pl.DataFrame:
    rows = counted.rows
    value = pl.Series("value_cents", problem.value[rows])
    frame = pl.DataFrame(
        {
            "household_id": problem.households.gather(counted.home),
            "offer_id": problem.deals.ids.series.gather(problem.offer[rows]),
            "value_cents": value.cast(pl.Int64) if problem.whole_values else value,
            "cost_cents": pl.Series(problem.cost[rows]).cast(pl.Int64),
            "face_value_cents": pl.Series(problem.face[rows]).cast(pl.Int64),
        }
    )
    return frame.sort("household_id", "offer_id")


def _silent(_stage: str) -> None:
    """Progress that nobody asked for."""
