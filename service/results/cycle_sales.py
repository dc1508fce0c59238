"""What households bought after a cycle, read once for all of its windows that are counted."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from service.currencies import minor_digits
from service.cycle.bought_before import before_validity, offers_of, with_days
from service.cycle.inputs import midnight, read_purchases
from service.engine.lift.before import BEFORE_DAYS, OF_HOUSEHOLD, OF_PAIR
from service.engine.lift.goods import Goods
from service.engine.lift.outcomes import outcomes
from service.settings import Settings
from service.store import baskets, catalogue, retention
from service.store import outcomes as stored
from service.store.tables.cycle import Cycle


@dataclass(frozen=True, slots=True)
class CycleSales:
    """The picks of a cycle, what was bought from its validity on, and uses of its copies.

    `picks` and `caps` say what was paid in the year before. `homes` has household_id and region,
    of the usual store; `regions` those of all stores.
    """

    cycle: Cycle
    picks: pl.DataFrame
    caps: pl.DataFrame
    lines: pl.DataFrame
    uses: pl.DataFrame
    goods: Goods
    homes: pl.DataFrame
    regions: dict[str, str]
    unit_cents: int

    def outcomes_in(self, window: tuple[int, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The outcomes of every pick in a window, and the uses of copies by region of the till."""
        first, end = (self.cycle.valid_from + timedelta(days=day) for day in window)
        found = outcomes(
            self.picks,
            self.lines,
            self.goods,
            self.caps,
            valid_from=self.cycle.valid_from,
            window=window,
            reimbursed=self.uses.select("household_id", "offer_id", "day", "cents"),
            unit_cents=self.unit_cents,
        )
        during = pl.col("day").is_between(first, end, closed="left")
        used = self.uses.filter(during, pl.col("uses") > 0)
        of_pick = ["household_id", "offer_id"]
        marks = used.select(*of_pick, pl.lit(True).alias("redeemed")).unique()
        found = (
            found.join(self.homes, on="household_id", how="left")
            .with_columns(pl.col("region").fill_null(""))
            .join(marks, on=of_pick, how="left")
        )
        return found, _in_regions(used, "store_id", self.regions)


def read_sales(
    session: Session, settings: Settings, cycle: Cycle, *, before: date
) -> CycleSales | None:
    """The sales of a cycle before a day.

    None where the cycle is older than the picks, or than the baskets that are kept.
    """
    start = cycle.valid_from - timedelta(days=BEFORE_DAYS)
    whole = retention.kept_from(session)
    if whole is not None and start < whole:
        return None
    picks, caps = picks_of(session, settings, cycle)
    if picks.is_empty():
        return None
    bought = read_purchases(session, settings, since=cycle.valid_from, before=before)
    regions = catalogue.store_regions(session)
    return CycleSales(
        cycle=cycle,
        picks=picks,
        caps=caps,
        lines=with_days(bought),
        uses=stored.uses(session, cycle.id),
        goods=stored.goods(session, offers_of(picks)),
        homes=homes_of(session, settings, cycle, regions),
        regions=regions,
        unit_cents=10 ** minor_digits(settings.currency),
    )


def picks_of(
    session: Session, settings: Settings, cycle: Cycle
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a cycle picked with what was paid before, and the caps of that.

    A cycle that did not keep it has it counted. Nothing for a cycle older than the picks.
    """
    picks, caps = stored.picks(session, cycle.id), stored.caps(session, cycle.id)
    if picks.is_empty() or not caps.is_empty():
        return picks, caps
    before = before_validity(session, settings, picks, valid_from=cycle.valid_from)
    return before.of(picks.drop(*OF_PAIR, *OF_HOUSEHOLD)), before.caps


def homes_of(
    session: Session, settings: Settings, cycle: Cycle, regions: dict[str, str]
) -> pl.DataFrame:
    """household_id and region of its usual store in the year before a cycle; `regions` of all.

    Who shopped nowhere then has no row, and nobody where no store has a region.
    """
    if not any(regions.values()):
        return pl.DataFrame(schema={"household_id": pl.Int64, "region": pl.String})
    start = cycle.valid_from - timedelta(days=BEFORE_DAYS)
    usual = baskets.usual_stores(
        session, since=midnight(start, settings), before=midnight(cycle.valid_from, settings)
    )
    return _in_regions(usual, "store", regions)


def _in_regions(frame: pl.DataFrame, store: str, regions: dict[str, str]) -> pl.DataFrame:
    """A frame with the region of a column of stores in place of it."""
    of = pl.col(store).replace_strict(regions, default="", return_dtype=pl.String)
    return frame.with_columns(of.alias("region")).drop(store)
