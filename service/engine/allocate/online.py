"""Households against stored prices: the batch's household step, called for one or for each."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.arrange import arrange
from service.engine.allocate.instance import ShortfallPrices, build, codes
from service.engine.allocate.kernels.arguments import BEST, HELD, NEVER, Home, Prices, desk_for
from service.engine.allocate.kernels.choose import choose
from service.engine.allocate.market import Market, rules
from service.engine.allocate.validate import (
    CANDIDATE_COLUMNS,
    UNLIMITED,
    Ids,
    refuse,
    require_columns,
    values,
    whole,
)
from service.errors import Problem

NODES = 20_000


class PriceBook:
    """Prices per deal, indexed once for many reads; build it when a batch's prices are stored.

    `prices` has `offer_id, budget_price, circulation_price_cents` as an allocation writes them.
    """

    def __init__(self, prices: pl.DataFrame) -> None:
        require_columns(
            prices.schema, ("offer_id", "budget_price", "circulation_price_cents"), frame="prices"
        )
        self.ids = Ids(prices["offer_id"], frame="prices")
        self.spend = prices["budget_price"].cast(pl.Float64).to_numpy()
        self.copy = prices["circulation_price_cents"].cast(pl.Float64).to_numpy()


def allocate_household(
    candidates: pl.DataFrame,
    prices: PriceBook,
    household: Mapping[str, int | None],
    *,
    terms: ShortfallPrices,
    room: Mapping[int, tuple[int | None, int | None]] | None = None,
) -> pl.DataFrame:
    """The best deals of one household at stored prices, as rows of `candidates`.

    `candidates` are this household's, in the columns of an instance; `household` has the keys of
    the households frame (`slots, category_max, face_value_floor_cents,
    face_value_ceiling_cents`, None for no limit). `room` gives per deal the copies and the cents
    still free (None: no limit); a deal without enough room is not given, so the answer never
    exceeds a budget. Raises InvalidInput for a deal without prices.
    """
    require_columns(candidates.schema, CANDIDATE_COLUMNS, frame="candidates")
    n = len(candidates)
    if not n:
        return candidates
    offer = prices.ids.positions(candidates["offer_id"])
    cost = whole(candidates["cost_cents"], frame="candidates").to_numpy()
    face = whole(candidates["face_value_cents"], frame="candidates").to_numpy()
    score = values(candidates["value_cents"]) - prices.spend[offer] * cost - prices.copy[offer]
    slots, per_category, floor, ceiling = _limits(household)
    category = codes(candidates["category_id"], offer)
    conflict = codes(candidates["conflict_id"], offer)
    fits = (face <= ceiling) & (slots > 0) & ((per_category > 0) | (category < 0))
    if room is not None:
        fits &= _roomy(candidates["offer_id"].to_list(), cost, room)
    order, border, cross, twice, tangled = arrange(
        np.zeros(n, np.int32), 1, category, conflict, offer, fits, len(prices.ids)
    )
    if twice >= 0:
        raise refuse(
            "candidates: a deal occurs twice",
            [Problem(f"candidates row {twice + 1}, offer_id", "occurs twice", "keep one")],
        )
    left = len(order)
    home = Home(
        score=np.ascontiguousarray(score[order]),
        face=face[order].astype(np.float64),
        border=border,
        cross=cross if tangled else np.empty(0, np.int32),
        n=left,
        # In 32 bits, as a batch has them: other types would have every loop compiled again.
        slots=cast("int", np.int32(max(1, min(slots, left)))),
        per_category=cast("int", np.int32(max(1, min(per_category, left)))),
        floor=float(min(floor, ceiling)),
        ceiling=float(ceiling),
        price=float(terms.floor_shortfall_price),
    )
    desk = desk_for(left)
    best = desk.ints[BEST]
    _theta, _bound, count, _value, _nodes = choose(home, 0.0, NEVER, best, 0, NODES, desk)
    return candidates[np.sort(order[best[:count]])]


def allocate_each(
    candidates: pl.DataFrame, prices: PriceBook, households: pl.DataFrame, *, terms: ShortfallPrices
) -> pl.DataFrame:
    """The best deals of every household for itself at stored prices, as rows of `candidates`.

    What `allocate_household` gives for one after the other, in their order, but for many at once;
    `households` is the households frame of an instance. A deal that the prices do not know is
    refused.
    """
    if candidates.is_empty():
        return candidates
    endless = pl.lit(None, pl.Int64)
    offers = pl.DataFrame({"offer_id": prices.ids.series}).with_columns(
        endless.alias(name) for name in ("budget_cents", "circulation_max", "circulation_min")
    )
    instance = build(candidates, offers, households)
    market = Market(instance, rules(instance, terms), float(terms.floor_shortfall_price), 0)
    at = prices.ids.positions(instance.deals.ids.series)
    at_prices = Prices(prices.spend[at], prices.copy[at])
    market.demand(at_prices, exact=True, write=True, limit=NODES)
    chosen = np.flatnonzero(market.state & HELD)
    home = np.repeat(market.everyone, np.diff(instance.indptr))[chosen]
    pairs = pl.DataFrame(
        [
            instance.households.gather(pl.Series(home)).alias("household_id"),
            instance.deals.ids.series.gather(pl.Series(instance.offer[chosen])).alias("offer_id"),
        ]
    )
    keys = ["household_id", "offer_id"]
    return candidates.join(pairs, on=keys, how="semi", maintain_order="left")


def _limits(household: Mapping[str, int | None]) -> tuple[int, int, int, int]:
    """Slots, category limit, floor and ceiling as numbers; a faulty one is refused."""
    found: list[int] = []
    for key, none in (
        ("slots", UNLIMITED),
        ("category_max", UNLIMITED),
        ("face_value_floor_cents", 0),
        ("face_value_ceiling_cents", UNLIMITED),
    ):
        if key not in household:
            raise refuse("household: a limit is missing", [Problem(key, "missing", "add it")])
        given = household[key]
        if given is not None and given < 0:
            raise refuse("household: a limit is negative", [Problem(key, "negative", "0 or more")])
        found.append(none if given is None else min(int(given), UNLIMITED))
    return found[0], found[1], found[2], found[3]


def _roomy(
    offers: list[int],
    cost: NDArray[np.int64],
    room: Mapping[int, tuple[int | None, int | None]],
) -> NDArray[np.bool_]:
    """Which candidates' deals still have a copy and the money for it; no entry means no limit."""
    free = np.ones(len(offers), np.bool_)
    for i, offer in enumerate(offers):
        copies, cents = room.get(offer, (None, None))
        free[i] = (copies is None or copies >= 1) and (cents is None or cents >= cost[i])
    return free
