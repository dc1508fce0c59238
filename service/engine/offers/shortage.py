"""Why households get few offers."""

from enum import StrEnum

import polars as pl

from service.engine.offers.arms import Arm
from service.engine.offers.left_out import LeftOut, given


class Shortage(StrEnum):
    """Why a household has few offers; each counts for the first that holds."""

    NO_DEAL = "no_deal_in_their_categories"
    FEW_DEALS = "few_deals_in_their_categories"
    NOT_TARGETED = "not_among_the_targets"
    BANNED = "banned"
    UNLIKELY = "unlikely_to_be_used"
    CONTROL = "in_control_shares"
    CONFLICTS = "category_and_conflict_limits"
    CEILING = "face_value_ceiling"
    FULL = "budgets_and_circulation"
    NOT_WORTH_IT = "not_worth_it"


def shortages(
    households: pl.DataFrame,
    pairs: pl.DataFrame,
    chosen: pl.DataFrame,
    room: pl.DataFrame,
    *,
    fewer_than: int,
) -> pl.DataFrame:
    """The exposed households with fewer offers than that: household_id, because (`Shortage`).

    `households` with arm and limits, `pairs` as `candidates` gives them, `chosen` those allocated,
    `room` what each offer had.
    """
    exposed = households.filter(pl.col("arm") == Arm.EXPOSED)
    got = chosen.group_by("household_id").agg(
        pl.len().alias("offers"), pl.col("face_value_cents").sum().alias("face")
    )
    joined = exposed
    for frame in (got, _counted(pairs), _fitting(pairs, exposed), _left(pairs, chosen, room)):
        joined = joined.join(frame, on="household_id", how="left")
    counts = pl.col(
        "offers", "face", "pairs", "targeted", "allowed", "likely", "given", "fits"
    ).fill_null(0)
    return (
        joined.with_columns(counts)
        .filter(pl.col("offers") < fewer_than)
        .select("household_id", _first_that_holds(fewer_than).alias("because"))
    )


def _first_that_holds(fewer_than: int) -> pl.Expr:
    allowed = pl.col("face_value_ceiling_cents") - pl.col("face")
    return (
        pl.when(pl.col("pairs") == 0).then(pl.lit(Shortage.NO_DEAL))
        .when(pl.col("pairs") < fewer_than).then(pl.lit(Shortage.FEW_DEALS))
        .when(pl.col("targeted") < fewer_than).then(pl.lit(Shortage.NOT_TARGETED))
        .when(pl.col("allowed") < fewer_than).then(pl.lit(Shortage.BANNED))
        .when(pl.col("likely") < fewer_than).then(pl.lit(Shortage.UNLIKELY))
        .when(pl.col("given") < fewer_than).then(pl.lit(Shortage.CONTROL))
        .when(pl.col("fits") < fewer_than).then(pl.lit(Shortage.CONFLICTS))
        .when(pl.col("least_face") > allowed).then(pl.lit(Shortage.CEILING))
        .when(pl.col("wanted_but_full").fill_null(False)).then(pl.lit(Shortage.FULL))
        .otherwise(pl.lit(Shortage.NOT_WORTH_IT))
    )  # fmt: skip


def _counted(pairs: pl.DataFrame) -> pl.DataFrame:
    """How many candidates households have, are targeted by, not banned, likely, and given."""
    reason = pl.col("left_out")
    barred = [LeftOut.TARGET, LeftOut.BANNED, LeftOut.USED_UP]
    return pairs.group_by("household_id").agg(
        pl.len().alias("pairs"),
        (reason.is_null() | (reason != LeftOut.TARGET)).sum().alias("targeted"),
        (~reason.is_in(barred).fill_null(False)).sum().alias("allowed"),
        (reason.is_null() | (reason == LeftOut.CONTROL)).sum().alias("likely"),
        reason.is_null().sum().alias("given"),
    )


def _fitting(pairs: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """How many offers fit on a list: one of a conflict group, and so many of a category."""
    return (
        given(pairs)
        .group_by("household_id", "category_id")
        .agg(pl.col("conflict_id").n_unique().alias("groups"))
        .join(households.select("household_id", "category_max"), on="household_id")
        .group_by("household_id")
        .agg(pl.min_horizontal("groups", "category_max").sum().alias("fits"))
    )


def _left(pairs: pl.DataFrame, chosen: pl.DataFrame, room: pl.DataFrame) -> pl.DataFrame:
    """Of what households were not given: the least face value, whether a full offer is wanted."""
    taken = chosen.select("household_id", "offer_id", pl.lit(True).alias("taken"))
    return (
        given(pairs)
        .join(taken, on=["household_id", "offer_id"], how="left")
        .filter(pl.col("taken").is_null())
        .join(_full(pairs, chosen, room), on="offer_id", how="left")
        .group_by("household_id")
        .agg(
            pl.col("face_value_cents").min().alias("least_face"),
            ((pl.col("value_cents") > 0) & pl.col("is_full")).any().alias("wanted_but_full"),
        )
    )


def _full(pairs: pl.DataFrame, chosen: pl.DataFrame, room: pl.DataFrame) -> pl.DataFrame:
    """Whether an offer has no room left for another of its dearest copies: offer_id, is_full."""
    used = chosen.group_by("offer_id").agg(
        pl.col("cost_cents").sum().alias("used"), pl.len().alias("copies")
    )
    dearest = pairs.group_by("offer_id").agg(pl.col("cost_cents").max().alias("copy"))
    of_offer = room.join(used, on="offer_id", how="left").join(dearest, on="offer_id", how="left")
    money = pl.col("budget_cents") - pl.col("used").fill_null(0) < pl.col("copy")
    copies = pl.col("circulation_max") - pl.col("copies").fill_null(0) < 1
    return of_offer.select(
        "offer_id", (money.fill_null(False) | copies.fill_null(False)).alias("is_full")
    )
