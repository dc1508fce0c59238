"""Lists for households that did not agree to a profile: who gets one, and what it is made of.

The stages are those of everybody; what differs is what they are given: in place of the household's
own purchases, what many households buy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.inputs import Inputs
from service.cycle.last_prices import LastPrices, choose_among
from service.cycle.unlisted import read_unlisted
from service.engine.general import no_general_items
from service.engine.offers import Arm, Valuation, candidates
from service.engine.offers.general import general_candidates
from service.engine.predict import Model
from service.errors import Conflict
from service.settings import Settings
from service.store import cycles, general_items

_WORTH_DECILE = 1
"""Nobody asks what such a household is worth: its list has the limits of the least tenth."""


@dataclass(frozen=True, slots=True)
class General:
    """The households that get a list without a profile, by number, and what it may name.

    `items` are `general.ITEMS`.
    """

    household_ids: Sequence[int] = ()
    items: pl.DataFrame = field(default_factory=no_general_items)

    def among(self, household_ids: Sequence[int]) -> "General":
        """The same for some households."""
        some = set(household_ids)
        return General([each for each in self.household_ids if each in some], self.items)

    def selection(self) -> pl.DataFrame:
        """Which household and item are to be read of, as purchases say it: without a product."""
        everybody = pl.DataFrame({"household_id": self.household_ids}, {"household_id": pl.Int64})
        no_product = pl.lit(None, pl.Int64).alias("gtin")
        return everybody.join(self.items.select("item_id"), how="cross").with_columns(no_product)

    def scores(self, model: Model, inputs: Inputs, *, horizon_days: int) -> pl.DataFrame:
        """Their chances of each item, as `stages.score_households` gives those of others."""
        return inputs.said.general(
            model,
            self.items,
            self.household_ids,
            as_of=inputs.as_of,
            horizon_days=horizon_days,
            lead_days=inputs.lead_days,
        )

    def candidates(
        self,
        scores: pl.DataFrame,
        inputs: Inputs,
        *,
        bounds: pl.DataFrame,
        by: Valuation,
        purchases: pl.DataFrame,
    ) -> pl.DataFrame:
        """Their candidates; of `purchases` only the columns count."""
        return general_candidates(
            scores, inputs.running, as_of=inputs.as_of, bounds=bounds, by=by, purchases=purchases
        )

    def limits(self, settings: Settings) -> pl.DataFrame:
        """Their rows among the eligible: arm and limits, neither worth nor tier."""
        everybody = pl.DataFrame({"household_id": self.household_ids}, {"household_id": pl.Int64})
        return (
            stages.face_value_band(settings)
            .add_limits(
                everybody.with_columns(pl.lit(_WORTH_DECILE, pl.Int64).alias("worth_decile"))
            )
            .with_columns(
                pl.lit(None, pl.Int64).alias("worth_decile"),
                pl.lit(None, pl.String).alias("tier"),
                pl.lit(Arm.GENERAL.value).alias("arm"),
                pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
                pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
            )
        )


def general_of(
    session: Session, settings: Settings, household_id: int, ref: str, *, as_of: date
) -> General | None:
    """A household's general list as of a day; None for one that agreed to a profile.

    Raises Conflict for one that did not, and gets no list.
    """
    unlisted = read_unlisted(session, settings, [household_id])
    if household_id in unlisted.unprofiled:
        raise Conflict(
            "Household %(ref)s agreed to no list that follows from what it buys, and gets none.",
            ref=ref,
        )
    if household_id not in unlisted.general:
        return None
    cycle = cycles.newest(session, until=as_of)
    return General([household_id], general_items.of_cycle(session, cycle.id if cycle else None))


def score_lists(
    purchases: pl.DataFrame, general: General, model: Model, inputs: Inputs, *, horizon_days: int
) -> pl.DataFrame:
    """The scores of those who bought what is in `purchases`, and of `general` households."""
    scores = stages.score_households(purchases, model, inputs, horizon_days=horizon_days)
    if not general.household_ids:
        return scores
    others = general.scores(model, inputs, horizon_days=horizon_days)
    return pl.concat([scores, others], how="diagonal")


def choose_lists(
    last: LastPrices,
    purchases: pl.DataFrame,
    general: General,
    scores: pl.DataFrame,
    inputs: Inputs,
) -> pl.DataFrame:
    """The offers of both at the newest cycle's prices, as `choose_at` gives those of the first."""
    is_general = pl.col("household_id").is_in(
        pl.Series(general.household_ids, dtype=pl.Int64).implode()
    )
    considered = candidates(
        purchases,
        scores.filter(~is_general),
        inputs.running,
        as_of=inputs.as_of,
        bounds=last.bounds,
        by=last.by,
    )
    if general.household_ids:
        others = general.candidates(
            scores.filter(is_general),
            inputs,
            bounds=last.bounds,
            by=last.by,
            purchases=purchases,
        )
        considered = pl.concat([considered, others]).sort("household_id", "offer_id")
    return choose_among(last, considered, inputs.running)
