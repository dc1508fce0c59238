"""Do intervals of lift hold the truth? Draws on 84.51°'s public Complete Journey 2017 data.

A deal on each of several manufacturers' goods in a category is given to the category's buyers as
of 1 September: eight months show what they were like before, the next 14 days what they bought.
Arms are drawn again and again; nothing was really given, so the truth is no effect, or a lift that
is planted: an exposed household buys what another one bought besides, with that chance. Prints how
often intervals of the difference and of the ratio hold the truth, how often a difference is found
and how often the plan had said it would be, the worst of all, and the same sums by tea-tasting.

    uv run --all-groups python -m bench.lift [--draws 2000]

With `--report` it prints what reports cost instead, see `bench.lift_report`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import tea_tasting as tt
from numpy.typing import NDArray

from bench import lift_report
from bench.allocate_instance import DATA
from service.engine.lift.before import paid_before
from service.engine.lift.effect import Effect, effect
from service.engine.lift.goods import Goods
from service.engine.lift.moments import moments
from service.engine.lift.outcomes import COVARIATES, WINDOWS, outcomes
from service.engine.lift.power import Baseline, detectable

FROM = date(2017, 9, 1)
RANKS = (0, 3, 10, 30, 80, 200)
"""Deals by how many households buy the goods: from milk to what one in forty buys."""
PLANS = ((200, 0.5), (2_000, 0.1), (2_000, 0.05), (20_000, 0.05))
"""Copies together with controls, and the share of controls."""
PLANTED = 0.2
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Deal:
    """Households of one deal: outcome and covariates, and the cell of each."""

    name: str
    values: Floats
    cell: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """What a household pays on average."""
        return float(self.values[:, 0].mean())

    @property
    def buyers(self) -> float:
        """The share of households that buy."""
        return float((self.values[:, 0] > 0).mean())


def deals() -> Iterator[Deal]:
    """The deals, the most bought first."""
    products = pl.read_parquet(DATA / "products.parquet").select(
        pl.col("product_id").cast(pl.Int64).alias("gtin"), "manufacturer_id", "product_category"
    )
    lines = pl.read_parquet(DATA / "transactions.parquet").select(
        pl.col("household_id").cast(pl.Int64),
        pl.col("transaction_timestamp").dt.date().alias("day"),
        pl.col("basket_id").cast(pl.Int64),
        pl.col("product_id").cast(pl.Int64).alias("gtin"),
        pl.col("quantity").cast(pl.Float64),
        (pl.col("sales_value") * 100).round().cast(pl.Int64).alias("amount_cents"),
    )
    lines = lines.join(products, on="gtin").with_columns(
        pl.col("product_category").rank("dense").cast(pl.Int64).alias("category_id")
    )
    keys = ["manufacturer_id", "product_category", "category_id"]
    sets = lines.group_by(keys).agg(pl.col("household_id").n_unique().alias("households"))
    sets = sets.sort("households", *keys, descending=[True, False, False, False])
    nothing = pl.DataFrame(schema={"household_id": pl.Int64, "offer_id": pl.Int64, "day": pl.Date,
                                   "cents": pl.Int64})  # fmt: skip
    for rank in RANKS:
        maker, category, number = sets.row(rank)[:3]
        of = products.filter(
            pl.col("manufacturer_id") == maker, pl.col("product_category") == category
        )
        goods = Goods(
            products=of.select(pl.lit(1, pl.Int64).alias("offer_id"), "gtin"),
            offers=pl.DataFrame({"offer_id": [1], "category_id": [number]}),
            costs=pl.DataFrame(schema={"gtin": pl.Int64, "cost_cents": pl.Int64}),
        )
        buyers = lines.filter(pl.col("category_id") == number, pl.col("day") < FROM)
        picks = buyers.select(pl.col("household_id").unique().sort()).with_columns(
            pl.lit(1, pl.Int64).alias("offer_id")
        )
        before = paid_before(picks, lines, goods, day=FROM)
        found = outcomes(before.of(picks), lines, goods, before.caps, valid_from=FROM,
                         window=WINDOWS[0], reimbursed=nothing, unit_cents=100)  # fmt: skip
        brand = (found["before_sales"] == 0).cast(pl.Int64) * 2 + (
            found["before_sales"] * 2 > found["before_category_sales"]
        ).cast(pl.Int64)
        thirds = found["before_category_sales"].rank("ordinal") * 3 // (found.height + 1)
        yield Deal(
            category.lower(),
            found.select("sales", *COVARIATES).to_numpy(),
            (brand * 3 + thirds).to_numpy().astype(np.int64),
        )


def drawn(
    deal: Deal, rng: np.random.Generator, size: int, share: float, planted: float
) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Households (with repetition beyond those there are), their cells, and who is control."""
    every = len(deal.values)
    whose = rng.permutation(every)[:size] if size <= every else rng.integers(0, every, size)
    control = rng.random(len(whose)) < share
    values = deal.values[whose].copy()
    more = (rng.random(len(whose)) < planted) & ~control
    values[more, 0] += deal.values[rng.integers(0, every, int(more.sum())), 0]
    return values, deal.cell[whose], control


def estimated(values: Floats, cell: NDArray[np.int64], control: NDArray[np.bool_]) -> Effect:
    """The effect in one draw."""
    strata = int(cell.max()) + 1
    found = effect(
        moments(values[~control], cell[~control], strata),
        moments(values[control], cell[control], strata),
    )
    assert found is not None
    return found


def covered(
    deal: Deal, size: int, share: float, planted: float, draws: int
) -> tuple[float, float, float, float]:
    """Shares of draws that hold the difference and the ratio and find it, and the interval."""
    rng = np.random.default_rng([size, int(share * 100), int(planted * 100)])
    held = ratio = found = 0
    width = 0.0
    for _ in range(draws):
        one = estimated(*drawn(deal, rng, size, share, planted))
        interval, relative = one.interval(), one.relative_interval()
        held += interval.low <= planted * deal.mean <= interval.high
        ratio += relative.low <= planted <= relative.high
        found += one.p_value() < 0.05
        width += (interval.high - interval.low) / draws
    return held / draws, ratio / draws, found / draws, width / 2 / deal.mean


def promised(deal: Deal, size: int, share: float) -> float:
    """The chance that the plan promises of finding the planted lift, from the weeks before."""
    values = deal.values
    slopes = np.linalg.lstsq(values[:, 1:] - values[:, 1:].mean(axis=0),
                             values[:, 0] - deal.mean, rcond=None)[0]  # fmt: skip
    left = values[:, 0] - values[:, 1:] @ slopes
    baseline = Baseline(deal.mean, float(left.std()))
    chances = np.arange(0.01, 1, 0.01)
    lifts = [
        detectable(size * (1 - share), size * share, baseline=baseline, power=float(power))
        for power in chances
    ]
    # No test finds anything less often than it raises a false alarm.
    return max(float(np.interp(PLANTED, lifts, chances, left=0.0)), 0.05)


def by_tea_tasting(values: Floats, control: NDArray[np.bool_]) -> tuple[float, float]:
    """The difference and its error by an independent package: one covariate (CUPED), no strata."""
    data = pl.DataFrame({"variant": (~control).astype(int), "sales": values[:, 0],
                         "before": values[:, 1]})  # fmt: skip
    experiment = tt.Experiment(sales=tt.Mean("sales", "before"))
    result = experiment.analyze(data)["sales"]
    reach = (result.effect_size_ci_upper - result.effect_size_ci_lower) / 2 / 1.959964
    return float(result.effect_size), float(reach)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--report", action="store_true", help="what reports cost instead")
    asked = parser.parse_args()
    if asked.report:
        lift_report.main()
        return
    draws = asked.draws
    made = list(deals())
    print(f"{draws} draws; nominal 95 %, false alarms 5 %, planted lift {PLANTED:.0%}")
    print(f"{'goods':24} {'buy':>5} {'size':>6} {'control':>7} | {'held':>6} {'ratio':>6} "
          f"{'alarm':>6} {'+-':>6} | {'held':>6} {'ratio':>6} {'found':>6} "
          f"{'said':>6}")  # fmt: skip
    least, most = 1.0, 0.0
    for deal in made:
        for size, share in PLANS:
            none = covered(deal, size, share, 0.0, draws)
            lift = covered(deal, size, share, PLANTED, draws)
            least, most = min(least, none[0]), max(most, none[0])
            print(f"{deal.name[:24]:24} {deal.buyers:5.1%} {size:6,} {share:7.0%} | "
                  f"{none[0]:6.1%} {none[1]:6.1%} {none[2]:6.1%} {none[3]:6.0%} | "
                  f"{lift[0]:6.1%} {lift[1]:6.1%} {lift[2]:6.1%} "
                  f"{promised(deal, size, share):6.1%}", flush=True)  # fmt: skip
    print(f"intervals of the difference without effect hold it in {least:.1%} to {most:.1%}")
    deal = made[0]
    values, _, control = drawn(deal, np.random.default_rng(0), 20_000, 0.3, PLANTED)
    ours = estimated(values[:, :2], np.zeros(len(values), dtype=np.int64), control)
    theirs = by_tea_tasting(values, control)
    print(f"one covariate, one stratum: {ours.difference:.4f} +- {ours.error:.4f}; "
          f"tea-tasting {theirs[0]:.4f} +- {theirs[1]:.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
