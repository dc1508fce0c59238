"""The offers worth considering for each household, valued."""

from datetime import date, timedelta

import polars as pl

from service.engine.allocate.value import reasons, value
from service.engine.offers.face_values import face_values, supplier_share
from service.engine.offers.left_out import left_out
from service.engine.offers.likely import without_unlikely
from service.engine.offers.overrides import OverrideAct, matching, pinned_to
from service.engine.offers.reservations import reserved_cents, use_cents
from service.engine.offers.running import RunningOffers
from service.engine.offers.slots import slots
from service.engine.offers.targeting import buyer_kinds
from service.engine.offers.valuation import Valuation
from service.engine.records import DealKind
from service.engine.segment import LIGHT, SWITCHER, cells
from service.engine.wishes import is_asked_for

# Purchases this far back say which brands a household takes of an item.
LOYALTY_WEEKS = 26
_CATEGORIES = 1 << 24


def candidates(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    running: RunningOffers,
    *,
    as_of: date,
    bounds: pl.DataFrame,
    by: Valuation,
) -> pl.DataFrame:
    """The offers worth considering for each household, in the allocator's columns.

    An offer is considered for a household that has bought one of its items, of whatever brand, or
    says that it needs such goods or wants the offer (`running.asked`), that it suits, and that has
    uses of the deal left: a copy carries what is left of `limit_per_household`. A list has one
    offer of a supplier in a category. `bounds` are the usage bounds of all households.
    Beside the columns of `value`: `cell`, `why` (a line on each pair), `use_cents` (the most one
    use may cost), `reserved_cents` (what it reserves), `uses`, `control_share`, `kind`, and
    `p_purchase` (the chance that the household buys its goods, of whatever brand), `left_out`: why
    the household does not get it all the same (`LeftOut`), or null, and `pin`: the override that
    pins it (`running.overrides`), or null. See `given`. A pinned offer is considered whatever the
    household buys, and however often it used the deal. Partners' slots are among them, with
    neither cell nor chance.
    """
    least = 0.0 if by.likely is None else by.likely.least_chance
    pairs = _pairs(purchases, scores, running, as_of=as_of, bounds=bounds, least=least)
    buyers = buyer_kinds(purchases, running.products, as_of=as_of)
    valued = value(pairs, model=by.response).with_columns(
        pairs["cell"],
        pairs["p_purchase"],
        _reasons(pairs),
        pairs["control_share"],
        pairs["limit_per_household"].alias("uses"),
        pairs.select(use_cents().alias("use_cents")).to_series(),
        left_out(
            pairs, running.offers, running.households, buyers, running.overrides, seed=by.seed
        ),
        pairs["kind"],
        pairs["pin"],
    )
    # What a copy costs a budget is what issuing it reserves, to the cent.
    costed = valued.with_columns(
        reserved_cents(by.expected_safety).alias("reserved_cents")
    ).with_columns((pl.col("reserved_cents") * pl.col("uses")).alias("cost_cents"))
    partners = slots(scores["household_id"], running, seed=by.seed)
    considered = pl.concat([costed, partners.with_columns(_conflict()).select(costed.columns)])
    likely = considered if by.likely is None else without_unlikely(considered, by.likely)
    return likely.sort("household_id", "offer_id")


def bought(scores: pl.DataFrame) -> pl.DataFrame:
    """The scores of items that the household has bought before, discoveries left aside."""
    return scores.filter(pl.col("last_bought_on").is_not_null())


def _pairs(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    running: RunningOffers,
    *,
    as_of: date,
    bounds: pl.DataFrame,
    least: float,
) -> pl.DataFrame:
    """Household and offer with what `value` asks for, by household and offer."""
    of_cell = running.asked.in_cells(
        cells(purchases, as_of=as_of, weeks=LOYALTY_WEEKS, bounds=bounds).select(
            "household_id", "category_id", "cell"
        )
    )
    own_shares = _own_shares(purchases, running, as_of=as_of)
    likely = (
        scores.filter(is_asked_for(scores))
        .join(running.items, on="item_id")
        .group_by("household_id", "offer_id")
        .agg((1 - (1 - pl.col("p_purchase")).product()).clip(0, 1).round(9).alias("p_purchase"))
    )
    homes = scores["household_id"].unique()
    likely = running.asked.in_likely(likely, homes, running.overrides, least=least)
    return (
        running.asked.suited(_with_pinned(likely, scores["household_id"], of_cell, running))
        .join(own_shares, on=["household_id", "offer_id"], how="left")
        .join(running.offers, on="offer_id")
        .join(running.used, on=["household_id", "offer_id"], how="left")
        .with_columns(
            (pl.col("limit_per_household") - pl.col("used").fill_null(0)).clip(lower_bound=0)
        )
        .join(of_cell, on=["household_id", "category_id"], how="left")
        .with_columns(pl.col("cell").fill_null(f"{SWITCHER}_{LIGHT}"))
        .pipe(_with_pins, running.overrides)
        .filter((pl.col("limit_per_household") > 0) | pl.col("pin").is_not_null())
        .join(face_values(running.offers), on=["offer_id", "cell"], how="left")
        .with_columns(
            pl.coalesce("cell_face_cents", "face_value_cents").alias("face_value_cents"),
            _conflict(),
        )
        .with_columns(supplier_share().alias("supplier_share"))
        .sort("household_id", "offer_id")
    )


def _with_pinned(
    likely: pl.DataFrame, household_ids: pl.Series, of_cell: pl.DataFrame, running: RunningOffers
) -> pl.DataFrame:
    """The pairs and their chances, with those that are pinned to who never bought the goods."""
    products = running.offers.filter(pl.col("kind") != DealKind.PARTNER)
    keys = ["household_id", "offer_id"]
    more = pinned_to(household_ids, of_cell, running.overrides, products)
    more = more.join(likely, on=keys, how="anti").with_columns(pl.lit(0.0).alias("p_purchase"))
    return pl.concat([likely, more])


def _with_pins(pairs: pl.DataFrame, overrides: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(matching(pairs, overrides, OverrideAct.PIN).alias("pin"))


def _reasons(pairs: pl.DataFrame) -> pl.Series:
    """Why each pair is on the list, in a line; that it is pinned comes first."""
    how = reasons(pairs)
    pinned = pairs["pin"].is_not_null()
    return pl.select(
        pl.when(pinned).then(pl.format("pinned; {}", how)).otherwise(how).alias("why")
    ).to_series()


def _own_shares(purchases: pl.DataFrame, running: RunningOffers, *, as_of: date) -> pl.DataFrame:
    """Per household and offer: the share of its products among what was bought of its items."""
    day = pl.col("purchased_at").cast(pl.Date)
    recent = purchases.filter(
        (day >= as_of - timedelta(weeks=LOYALTY_WEEKS)) & (pl.col("quantity") > 0)
    ).select("household_id", "item_id", "gtin")
    own = running.products.with_columns(pl.lit(True).alias("own"))
    return (
        recent.join(running.items, on="item_id")
        .join(own, on=["offer_id", "gtin"], how="left")
        .group_by("household_id", "offer_id")
        .agg(pl.col("own").fill_null(False).mean().alias("own_share"))
    )


def _conflict() -> pl.Expr:
    """One group for the offers of a supplier in a category."""
    return (pl.col("supplier_id") * _CATEGORIES + pl.col("category_id")).alias("conflict_id")
