"""What households bought of a deal's goods in a window, and what they were like before it."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from service.engine.lift.before import CAPS, OF_HOUSEHOLD, OF_PAIR, SPANS
from service.engine.lift.goods import Goods
from service.engine.lift.moments import Moments, moments

OUTCOMES = (
    "bought",
    "units",
    "sales",
    "margin",
    "category_sales",
    "basket_sales",
    "new_to_brand",
    "supplier_paid",
    "placebo_sales",
)
"""Per household and copy: whether it bought any of the deal's products, how many, what it paid for
them, what they left over their cost with what the supplier pays; what it paid for their category
and for everything; whether it bought them and had not in the weeks before; what the supplier pays
for its uses; and what it paid for the products in as many days just before the lists were made,
which no copy can have changed."""
COVARIATES = (
    "before_sales",
    "recent_sales",
    "before_category_sales",
    "before_basket_sales",
    "before_baskets",
    "before_bought",
)
"""Of the 52 weeks before the lists were made: paid for the deal's products, the same of the last 8
weeks (without the placebo's days), for their category and everything; baskets; whether it bought
them."""
VARIABLES = (*OUTCOMES, *COVARIATES)
DERIVED = {"rival_sales": {"category_sales": 1.0, "sales": -1.0}}
"""Outcomes that are sums of others: what a household paid for the rest of the deal's category."""
WINDOWS = ((0, 14), (14, 28), (28, 56))
"""Days from validity, first day in and last day out; as long as `before.LENGTHS` has it."""
_MONEY = {
    "sales": "deal_cents",
    "margin": "deal_cents",
    "category_sales": "category_cents",
    "basket_sales": "all_cents",
    "placebo_sales": "deal_cents",
}

_AMOUNTS = [*_MONEY, "supplier_paid", *(name for name in COVARIATES if name.endswith("sales"))]
LINES = ("household_id", "day", "basket_id", "gtin", "category_id", "quantity", "amount_cents")


def outcomes(
    picks: pl.DataFrame,
    lines: pl.DataFrame,
    goods: Goods,
    caps: pl.DataFrame,
    *,
    valid_from: date,
    window: tuple[int, int],
    reimbursed: pl.DataFrame,
    unit_cents: int,
) -> pl.DataFrame:
    """One row a pick: its own columns and those of `VARIABLES`, all numbers.

    Money is in the currency's main unit, which has `unit_cents`.

    `picks` has household_id, offer_id and what was paid before (`OF_PAIR`, `OF_HOUSEHOLD`), which
    become covariates; `caps` is of the same count. `lines` has the columns of `LINES`, day in the
    retailer's time zone; others than the window's are left out here. `reimbursed`: household_id,
    offer_id, day, cents that suppliers pay of what came off.

    Money is cut at the caps: a party's purchase of one household else hides what hundreds do
    (winsorising; it is said on the report).
    """
    first, last = (valid_from + timedelta(days=days) for days in window)
    length = window[1] - window[0]
    inside = pl.col("day").is_between(first, last, closed="left")
    during = lines.filter(
        inside, pl.col("household_id").is_in(picks["household_id"].unique().implode())
    )
    deal, category, everything = ["household_id", "offer_id"], ["household_id", "category_id"], [
        "household_id"
    ]  # fmt: skip
    amount = pl.col("amount_cents").sum()
    of_deals = during.join(goods.products, on="gtin").join(goods.costs, on="gtin", how="left")
    margin = (pl.col("amount_cents") - pl.col("cost_cents") * pl.col("quantity")).sum()
    parts = [
        (deal, of_deals, [pl.col("quantity").sum().alias("units"), amount.alias("sales"),
                          margin.alias("margin")]),
        (deal, reimbursed.filter(inside), [pl.col("cents").sum().alias("supplier_paid")]),
        (category, during, [amount.alias("category_sales")]),
        (everything, during, [amount.alias("basket_sales")]),
    ]  # fmt: skip
    found = picks.join(goods.offers, on="offer_id")
    for keys, source, sums in parts:
        found = found.join(source.group_by(keys).agg(sums), on=keys, how="left")
    found = found.with_columns(
        (pl.col("units") > 0).fill_null(False).alias("bought"),
        pl.col("paid_year_cents").is_not_null().alias("before_bought"),
        pl.col("paid_year_cents").alias("before_sales"),
        pl.col(f"paid_{length}_cents").alias("placebo_sales"),
        (pl.col(f"paid_{SPANS[-1]}_cents") - pl.col(f"paid_{length}_cents")).alias("recent_sales"),
        pl.col("category_year_cents").alias("before_category_sales"),
        pl.col("basket_year_cents").alias("before_basket_sales"),
        pl.col("year_baskets").alias("before_baskets"),
    ).with_columns(
        (pl.col("bought") & ~pl.col("before_bought")).alias("new_to_brand"),
        pl.col("margin").fill_null(0) + pl.col("supplier_paid").fill_null(0),
    )
    found = found.with_columns(pl.col(VARIABLES).cast(pl.Float64).fill_null(0.0))
    of_length = caps.filter(pl.col("days") == length).select(pl.col(CAPS).exclude("days"))
    cut = _cut(found.join(of_length, on="offer_id", how="left"))
    own = [name for name in picks.columns if name not in {**OF_PAIR, **OF_HOUSEHOLD}]
    return cut.select(*own, *VARIABLES).with_columns(pl.col(_AMOUNTS) / unit_cents)


def _cut(found: pl.DataFrame) -> pl.DataFrame:
    """Money up to the caps on either side of zero; without one (nothing before) it stays."""
    return found.with_columns(
        pl.when(pl.col(cap).is_null())
        .then(pl.col(name))
        .otherwise(pl.col(name).clip(-pl.col(cap), pl.col(cap)))
        for name, cap in _MONEY.items()
    )


def sums_by(found: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, Moments]:
    """The sums of rows of `outcomes` by some of their columns: the groups in order, their sums."""
    groups = found.select(keys).unique().sort(keys)
    numbered = found.join(groups.with_row_index("group"), on=keys, nulls_equal=True)
    values = numbered.select(VARIABLES).to_numpy()
    return groups, moments(values, numbered["group"].to_numpy(), groups.height)


def packed(sums: Moments) -> list[bytes]:
    """Each group's sums: totals, then products on and below the diagonal by rows, as float64."""
    rows, columns = np.tril_indices(sums.total.shape[1])
    table = np.hstack([sums.total, sums.product[:, rows, columns]]).astype("<f8")
    return [row.tobytes() for row in table]


def unpacked(counts: Sequence[int], packs: Sequence[bytes]) -> Moments:
    """The sums that `packed` wrote. Raises ValueError for sums of another number of variables."""
    size = len(VARIABLES)
    rows, columns = np.tril_indices(size)
    width = size + len(rows)
    if any(len(each) != 8 * width for each in packs):
        raise ValueError("these are sums of other variables")
    table = np.frombuffer(b"".join(packs), dtype="<f8").reshape(len(counts), width)
    product = np.zeros((len(counts), size, size))
    product[:, rows, columns] = product[:, columns, rows] = table[:, size:]
    return Moments(np.array(counts, dtype=np.float64), table[:, :size], product)


def index_of(name: str) -> int:
    """The place of a variable in the sums."""
    return VARIABLES.index(name)


def analysed(sums: Moments, outcome: str) -> Moments:
    """The sums of an estimate: an outcome or one of `DERIVED`, then its covariates."""
    return _analysed(sums, [outcome], _covariates(outcome))


def alike() -> list[list[str]]:
    """All outcomes with those of `DERIVED`, in groups that have the same covariates."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in (*OUTCOMES, *DERIVED):
        groups.setdefault(tuple(_covariates(name)), []).append(name)
    return [*groups.values()]


def analysed_together(sums: Moments, outcomes: Sequence[str]) -> Moments:
    """The sums of the estimates of outcomes that are `alike`: these, then their covariates."""
    return _analysed(sums, outcomes, _covariates(outcomes[0]))


def _covariates(outcome: str) -> list[str]:
    """What an outcome is adjusted by.

    A placebo is not adjusted by the recent weeks alone: all covariates end before its days or
    contain them for the whole year, so `before_*` sums are left out for it.
    """
    return ["recent_sales"] if outcome == "placebo_sales" else list(COVARIATES)


def _analysed(sums: Moments, outcomes: Sequence[str], covariates: Sequence[str]) -> Moments:
    if not any(name in DERIVED for name in outcomes):
        return sums.of([index_of(name) for name in (*outcomes, *covariates)])
    mix = np.zeros((len(outcomes) + len(covariates), len(VARIABLES)))
    for row, name in enumerate((*outcomes, *covariates)):
        parts = DERIVED.get(name, {name: 1.0})
        mix[row, [index_of(part) for part in parts]] = list(parts.values())
    return sums.mixed(mix)
