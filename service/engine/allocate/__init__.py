"""Allocation: which household gets which deals, within every limit, with a proof of its worth.

`allocate` decides for all households at once; `allocate_household` decides for one at the prices
a batch left behind, `allocate_each` so for many. The mathematics is in docs/allocation.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.canonical import MOST_PAIRS, twin_of
from service.engine.allocate.certificate import (
    Certificate,
    Shortfall,
    Tally,
    certify,
    objective,
    price_frame,
    tally,
)
from service.engine.allocate.instance import Instance, ShortfallPrices, build
from service.engine.allocate.keep import Keep, Kept, keep_drafts
from service.engine.allocate.kernels.arguments import Ledger
from service.engine.allocate.market import Market, rules
from service.engine.allocate.online import PriceBook, allocate_each, allocate_household
from service.engine.allocate.prices import Effort, Search, search_prices
from service.engine.allocate.repair import repair
from service.engine.allocate.trade import trade

__all__ = [
    "Allocation",
    "Certificate",
    "Effort",
    "Keep",
    "Kept",
    "PriceBook",
    "Shortfall",
    "ShortfallPrices",
    "allocate",
    "allocate_each",
    "allocate_household",
]

TIE_NOISE = 0.002
HOUSEHOLDS_AT_ONCE = 1 << 16
"""Households whose pairs are sorted at a time."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The chosen pairs, the shadow price per deal, and the proof.

    `pairs`: `household_id, offer_id, value_cents, cost_cents, face_value_cents`, by household and
    offer. `prices`: see `certificate.price_frame`. `kept` says what became of drafts.
    """

    pairs: pl.DataFrame
    prices: pl.DataFrame
    certificate: Certificate
    kept: Kept = field(default_factory=Kept)


def allocate(
    candidates: pl.DataFrame | pl.LazyFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    *,
    terms: ShortfallPrices,
    seed: int = 0,
    effort: Effort | None = None,
    keep: Keep | None = None,
    shards: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Allocation:
    """Choose deals for every household: maximal value less both penalties, within every limit.

    Frames as in docs/allocation.md; ids may be integers or text; null in a limit means no limit
    (no guarantee for `circulation_min`, no floor for `face_value_floor_cents`). A lazy
    `candidates` is read in parts, so it may be larger than memory allows at once. Of the drafts in
    `keep` as much stays as its share of the objective pays for, which the gap includes. The same
    input and seed give the same answer for any order of rows and any number of `shards` (threads
    over households). Raises InvalidInput naming rows and columns.
    """
    tell = progress or _silent
    tell("reading")
    instance = build(candidates, offers, households)
    market = Market(
        instance, rules(instance, terms), float(terms.floor_shortfall_price), seed, shards
    )
    work = effort or Effort.fitting(instance.size)
    found = _search(market, work, tell)
    counted, kept = tally(instance, market.state), Kept()
    if keep is not None and not keep.pairs.is_empty():
        tell("keeping drafts")
        counted, kept = _keep(market, counted, keep, nodes=found.nodes)
    tell("proving")
    certificate = certify(market, counted, found.bound)
    prices = price_frame(market, found.prices, counted)
    chosen = _Chosen(instance, counted)
    del instance, market, counted
    return Allocation(chosen.frame(), prices, certificate, kept)


def _search(market: Market, work: Effort, tell: Callable[[str], None]) -> Search:
    """Leave an allocation in the market's `state`; its prices and bound."""
    twin = twin_of(market) if market.instance.size <= MOST_PAIRS else None
    searched = twin.market if twin else market
    tell("pricing")
    found = search_prices(searched, effort=work, jitter=TIE_NOISE)
    tell("assigning")
    ledger = repair(searched, found, work=work)
    trade(searched, found.prices, ledger, bound=found.bound, nodes=found.nodes)
    return twin.bring_back(market, found) if twin else found


def _keep(market: Market, counted: Tally, keep: Keep, *, nodes: int) -> tuple[Tally, Kept]:
    """Go back towards the drafts; the pairs counted again, and what it came to."""
    worth, limits = objective(market, counted), market.limits
    ledger = Ledger(
        counted.copies.copy(), limits.minimum, limits.cap - counted.copies,
        limits.budget - counted.spend,
    )  # fmt: skip
    possible, free, held = keep_drafts(market, ledger, keep, objective=worth, nodes=nodes)
    counted = tally(market.instance, market.state)
    kept = Kept(
        households=keep.pairs["household_id"].n_unique(),
        offers=keep.pairs.height,
        possible=possible,
        free=free,
        kept=held,
        cost_cents=worth - objective(market, counted),
    )
    return counted, kept


class _Chosen:
    """The chosen pairs, by household and offer, from the columns of all.

    Each column is forgotten once its chosen pairs are gathered, so the chosen pairs of a large
    instance and its candidates need not be in memory together; nobody else may hold them by then.
    """

    def __init__(self, instance: Instance, counted: Tally) -> None:
        self.households, self.offers = instance.households, instance.deals.ids.series
        self.lines, self._rows = counted.lines, counted.rows
        self._columns: dict[str, NDArray[Any]] = {
            name: getattr(instance, name) for name in ("offer", "value", "cost", "face")
        }
        self.whole_values = instance.whole_values

    def _gather(self) -> None:
        """Keep the chosen pairs alone, those of each household by offer."""
        for name in self._columns:
            self._columns[name] = self._columns[name][self._rows]
        offer = self._columns["offer"]
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.lines)])
        for first in range(0, len(self.lines), HOUSEHOLDS_AT_ONCE):
            lines = self.lines[first : first + HOUSEHOLDS_AT_ONCE]
            block = slice(ends[first], ends[first + len(lines)])
            home = np.repeat(np.arange(len(lines)), lines)
            order = np.lexsort((offer[block], home))
            for column in self._columns.values():
                column[block] = column[block][order]

    def frame(self) -> pl.DataFrame:
        """As a frame with the ids; once, because it forgets all other pairs."""
        self._gather()
        columns = self._columns
        value = pl.Series("value_cents", columns["value"])
        home = np.repeat(np.arange(len(self.lines), dtype=np.int32), self.lines)
        return pl.DataFrame(
            [
                self.households.gather(pl.Series(home)).alias("household_id"),
                self.offers.gather(pl.Series(columns["offer"])).alias("offer_id"),
                value.cast(pl.Int64) if self.whole_values else value,
                pl.Series("cost_cents", columns["cost"]).cast(pl.Int64),
                pl.Series("face_value_cents", columns["face"]).cast(pl.Int64),
            ]
        )


def _silent(_stage: str) -> None:
    """Ignore progress."""
