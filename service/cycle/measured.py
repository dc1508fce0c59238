"""What later reports compare: the copies that a rule picks of each shard, and what was paid before.

Every household chooses for itself, so that no shard asks for another; only the caps of amounts are
of all of them, and wait for the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl
from sqlmodel import Session

from service.cycle.bought_before import with_days
from service.cycle.plan import Plan
from service.engine.allocate import ShortfallPrices
from service.engine.allocate.value import depth_percent
from service.engine.lift.before import add_before
from service.engine.lift.goods import Goods
from service.engine.offers import Arm
from service.engine.offers.explore import Exploration
from service.engine.offers.picks import picks
from service.engine.offers.pins import Pins
from service.engine.records import DealKind
from service.settings import Settings
from service.store import outcomes


class Measured(NamedTuple):
    """Of a shard: `picks` and `chances` as `store.cycles` keeps them, and `arms` of its households.

    `amounts` as `lift.before.AddedBefore` has them.
    """

    picks: pl.DataFrame
    chances: pl.DataFrame
    arms: pl.DataFrame
    amounts: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Measure:
    """How a plan is measured, whatever shard and process.

    `offers` are those that may be issued (offer_id, price_cents), `prices` those of the allocation.
    `goods` are of all deals that may be picked, `day` is the first not counted: the date, or the
    day after the newest sale where lists are made ahead, because days of which nothing is known yet
    are no days on which nobody bought.
    """

    offers: pl.DataFrame
    prices: pl.DataFrame
    terms: ShortfallPrices
    pins: Pins
    explore: Exploration
    goods: Goods
    day: date
    holdout_percent: int

    def of(
        self, eligible: pl.DataFrame, pairs: pl.DataFrame, given: pl.DataFrame, lines: pl.DataFrame
    ) -> Measured:
        """What is kept of some households: their candidates, the copies printed, purchases."""
        picked = picks(
            # What a partner's slot does is not to be seen in purchases.
            pairs.filter(pl.col("kind") == DealKind.PRODUCT)
            .join(self.offers, on="offer_id", how="left", maintain_order="left")
            .with_columns(depth_percent().alias("depth_percent")),
            self.prices,
            # Whose list follows from no purchase is on no side of a comparison of purchases.
            eligible.filter(pl.col("arm") != Arm.GENERAL),
            given=given,
            terms=self.terms,
            holdout_percent=self.holdout_percent,
            pins=self.pins,
            explore=self.explore,
        )
        before = add_before(picked.picks, with_days(lines), self.goods, day=self.day)
        arms = eligible.select("household_id", "arm", "worth_decile", "tier")
        return Measured(
            picks=picked.picks.join(
                before.pairs, on=["household_id", "offer_id"], maintain_order="left"
            ),
            chances=picked.chances,
            arms=arms.join(before.households, on="household_id", how="left", maintain_order="left"),
            amounts=before.amounts,
        )

    def categories(self, picked: Sequence[int]) -> pl.DataFrame:
        """The deals that were picked, with their categories: offer_id, category_id."""
        return self.goods.offers.filter(pl.col("offer_id").is_in(picked))


def measure_of(session: Session, settings: Settings, plan: Plan) -> Measure:
    """How a plan is measured."""
    newest = plan.history.newest_day()
    as_of = plan.inputs.as_of
    running, prices = plan.inputs.running, plan.allocation.prices
    return Measure(
        offers=running.offers.select("offer_id", "price_cents"),
        prices=prices,
        terms=plan.terms,
        pins=Pins.of(running.overrides, plan.pinned),
        explore=plan.explore,
        goods=outcomes.goods(session, prices["offer_id"].sort().to_list()),
        day=as_of if newest is None else min(as_of, newest + timedelta(days=1)),
        holdout_percent=settings.holdout_percent,
    )
