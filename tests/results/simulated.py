"""Frozen reports of thousands of simulated households, for the deals of the market's cycle."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from service.engine.allocate.value import CELLS
from service.engine.lift import programme
from service.engine.lift.moments import moments
from service.engine.lift.outcomes import VARIABLES, WINDOWS
from service.results.compare import Drawn, judge
from service.results.count import group_sums
from service.results.freeze import figures_of, rows_of
from service.store import lift_reports
from service.store import outcomes as stored
from service.store import programme as programmes
from service.store.session import Database
from service.store.tables.outcome import OutcomeWindow
from service.store.tables.programme import ProgrammeWindow
from tests.market import AS_OF

REGIONS = ("North", "South", "West")
_EFFECT = {0: 0.35, 14: -0.05, 28: 0.02}
"""Of a household that is given a copy: so much more it buys, by the window's first day."""


def households(
    rng: np.random.Generator, offer_id: int, number: int, first_day: int, lift: float
) -> pl.DataFrame:
    """Picks of a deal with their outcomes: a tenth in the control share, a tenth in the holdout."""
    arm = rng.choice(["exposed", "control", "holdout"], number, p=[9 / 11, 1 / 11, 1 / 11])
    usual = rng.gamma(0.6, 3.0, number)
    more = 1 + (lift if first_day == 0 else _EFFECT[first_day]) * (arm == "exposed")
    buys = rng.random(number) < np.minimum(0.25 * more, 1.0)
    sales = np.where(buys, usual + 2, 0.0)
    category = sales + rng.gamma(1.5, 4.0, number) - 0.5 * sales * (arm == "exposed") * 0.3
    new = buys & (rng.random(number) < 0.3)
    redeemed = buys & (arm == "exposed") & (rng.random(number) < 0.4)
    values = dict.fromkeys(VARIABLES, np.zeros(number)) | {
        "bought": buys, "units": buys * 1.5, "sales": sales, "margin": sales * 0.3,
        "category_sales": category, "basket_sales": category * 6, "new_to_brand": new,
        "supplier_paid": redeemed * 1.1, "placebo_sales": rng.gamma(0.3, 3.0, number),
        "before_sales": usual * 10, "recent_sales": usual * 2, "before_bought": usual > 1,
        "before_category_sales": usual * 25, "before_basket_sales": usual * 90,
        "before_baskets": np.ceil(usual * 12),
    }  # fmt: skip
    return pl.DataFrame(
        {name: np.asarray(column, dtype=np.float64) for name, column in values.items()}
    ).with_columns(
        household_id=pl.int_range(1, number + 1, dtype=pl.Int64),
        offer_id=pl.lit(offer_id, pl.Int64),
        arm=pl.Series(arm),
        cell=pl.Series(rng.choice(CELLS, number)),
        region=pl.Series(rng.choice(REGIONS, number, p=[0.6, 0.38, 0.02])),
        is_given=pl.Series((arm == "exposed") & (rng.random(number) < 0.97)),
        redeemed=pl.Series(redeemed),
    )


def freeze(
    database: Database,
    sizes: dict[int, int],
    *,
    first: int = 0,
    windows: int = len(WINDOWS),
    cycle_id: int = 1,
    seed: int = 7,
    lift: float = 0.35,
) -> None:
    """Freeze reports of deals with so many picks each, of windows `first` to before `windows`."""
    rng = np.random.default_rng(seed)
    for begin, last in WINDOWS[first:windows]:
        found = pl.concat([households(rng, o, n, begin, lift) for o, n in sizes.items()])
        rows = group_sums(found).with_columns(pl.lit(begin, pl.Int64).alias("first_day"))
        sums = [stored.Sums(**row) for row in rows.iter_rows(named=True)]
        window = OutcomeWindow(
            cycle_id=cycle_id, first_day=begin, last_day=last, final=True,
            counted_at=datetime(2026, 6, 1, tzinfo=UTC),
            counted_until=AS_OF + timedelta(days=last),
        )  # fmt: skip
        used = found.filter(pl.col("redeemed")).select(
            "household_id", "offer_id", "region", pl.lit(1, pl.Int64).alias("uses")
        )
        with database.write() as session:
            deals = stored.deals(session, list(sizes))
            shares = {key: _with_control(deal) for key, deal in deals.items()}
            drawn = Drawn(AS_OF, 0, 10)
            judged = judge(sums, shares, {begin: window}, drawn)
            figures = figures_of(sums, judged, used, ())
            stored.replace(session, window, rows)
            lift_reports.add(session, window, figures, rows_of(found), is_addendum=False)


def count_programme(database: Database) -> None:
    """The programme of cycle 1, not final: 2,000 households with offers and 500 without."""
    rng = np.random.default_rng(3)
    sizes = {"exposed": 2_000, "holdout": 500}
    values = rng.gamma(2.0, 2.0, (sum(sizes.values()), len(programme.VARIABLES)))
    sums = moments(values, np.repeat([0, 1], list(sizes.values())), 2)
    rows = pl.DataFrame(
        {"arm": list(sizes), "part": "tier", "name": "", "households": list(sizes.values()),
         "copies": [9_000, 0], "sums": programme.packed(sums)},
    )  # fmt: skip
    window = ProgrammeWindow(cycle_id=1, counted_until=AS_OF, final=False)
    with database.write() as session:
        programmes.replace(session, window, rows)


def _with_control(deal: stored.Deal) -> stored.Deal:
    return stored.Deal(deal.offer_id, deal.deal_ref, deal.supplier, 10, deal.supplier_id,
                       deal.title)  # fmt: skip
