"""What later reports compare: the copies that a rule picks of each shard, and what was paid before.

Every household chooses for itself, so that no shard asks for another; only the caps of amounts are
of all of them, and wait for the last.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl
from sqlmodel import Session

from service.cycle.bought_before import with_days
from service.cycle.plan import Plan
from service.engine.allocate.value import depth_percent
from service.engine.lift.before import add_before
from service.engine.lift.goods import Goods
from service.engine.offers import Arm
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
    """How a plan is measured.

    `goods` are of all deals that may be picked, `day` is the first that is not counted: the date,
    or the day after the newest sale where lists are made ahead, because days of which nothing is
    known yet are no days on which nobody bought.
    """

    plan: Plan
    goods: Goods
    day: date
    holdout_percent: int

    def of(
        self, eligible: pl.DataFrame, pairs: pl.DataFrame, given: pl.DataFrame, lines: pl.DataFrame
    ) -> Measured:
        """What is kept of some households: their candidates, the copies printed, purchases."""
        plan = self.plan
        prices = plan.inputs.running.offers.select("offer_id", "price_cents")
        picked = picks(
            # What a partner's slot does is not to be seen in purchases.
            pairs.filter(pl.col("kind") == DealKind.PRODUCT)
            .join(prices, on="offer_id", how="left", maintain_order="left")
            .with_columns(depth_percent().alias("depth_percent")),
            plan.allocation.prices,
            # Whose list follows from no purchase is on no side of a comparison of purchases.
            eligible.filter(pl.col("arm") != Arm.GENERAL),
            given=given,
            terms=plan.terms,
            holdout_percent=self.holdout_percent,
            pins=Pins.of(plan.inputs.running.overrides, plan.pinned),
            explore=plan.explore,
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

    def offers(self, picked: pl.Series) -> pl.DataFrame:
        """The deals that were picked, with their categories: offer_id, category_id."""
        return self.goods.offers.filter(pl.col("offer_id").is_in(picked.implode()))


def measure_of(session: Session, settings: Settings, plan: Plan) -> Measure:
    """How a plan is measured."""
    newest = plan.history.newest_day()
    as_of = plan.inputs.as_of
    return Measure(
        plan,
        outcomes.goods(session, plan.allocation.prices["offer_id"].sort().to_list()),
        as_of if newest is None else min(as_of, newest + timedelta(days=1)),
        settings.holdout_percent,
    )
