"""What a cycle would come to, in seconds, with nothing written."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.cycle import stages
from service.cycle.issue import by_worth
from service.cycle.plan import EXPOSED, Plan, Progress, Sample, plan_cycle
from service.engine.lift import held_out
from service.engine.records import DealKind
from service.engine.reserve import OpenCopies, overspend_chance
from service.settings import Settings
from service.store import households
from service.store.offers import overview
from service.store.session import Database

REASONS = (
    "no_deal_in_their_categories",
    "few_deals_in_their_categories",
    "not_among_the_targets",
    "in_control_shares",
    "category_and_conflict_limits",
    "face_value_ceiling",
    "budgets_and_circulation",
    "not_worth_it",
)
"""Why a household has few offers; each counts for the first that holds."""

SAMPLE_HOUSEHOLDS = 5000


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a cycle would come to. Money is in cents; counts of a sample are scaled to all.

    `sampled_percent` is the share of households that were looked at. `deals` have offer_id,
    deal_id, supplier, title, copies, expected_redemptions, expected_cost_cents, reserved_cents,
    worst_cost_cents, face_value_cents, budget_left_cents, overspend_chance (a bound; of the
    copies it would issue), missing_copies (of its guarantee) and binds; `suppliers` the sums;
    `worth` as `issue.by_worth` gives it. `short` says how many households get fewer offers than
    asked for, and `short_because` why, by `REASONS`.
    """

    as_of: date
    households: int
    eligible: int
    holdout: int
    sampled_percent: int
    fewer_than: int
    offers_issued: int
    face_value_cents: int
    expected_redemptions: float
    expected_cost_cents: int
    gap: float
    deals: tuple[dict[str, Any], ...]
    suppliers: tuple[dict[str, Any], ...]
    worth: tuple[dict[str, Any], ...]
    short: int
    short_because: dict[str, int]


def what_if(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    seed: int,
    fewer_than: int,
    most_households: int = SAMPLE_HOUSEHOLDS,
    progress: Progress,
) -> WhatIf:
    """Plan the cycle of a date and tell what it would come to; nothing is written.

    Of more than `most_households` a sample is drawn by hash, in whole per cents, and every deal's
    limits are cut to its share. Raises Conflict when nobody is eligible.
    """
    with database.read() as session:
        ids = pl.Series("household_id", list(households.ids_by_ref(session).values()), pl.Int64)
        named = overview.deals(session).select("offer_id", "supplier", "deal_id")
    percent = min(100, max(1, -(-100 * most_households // max(1, len(ids)))))
    drawn = ids.filter(held_out(ids, percent, salt=f"what-if:{seed}")) if percent < 100 else ids
    plan = plan_cycle(
        database,
        settings,
        as_of=as_of,
        seed=seed,
        progress=progress,
        sample=Sample(drawn.sort().to_list(), percent / 100),
    )
    scale = 100 / percent
    deals = _deals(plan, named, scale)
    short = _short(plan, fewer_than)
    because = dict(short.group_by("because").len().iter_rows())
    worth = by_worth(plan.homes, plan.chosen).with_columns(
        (pl.col(name) * scale).round().cast(pl.Int64)
        for name in ("households", "offers", "face_value_cents", "below_floor", "shortfall_cents")
    )
    return WhatIf(
        as_of=as_of,
        households=round(plan.households * scale),
        eligible=round(plan.homes.height * scale),
        holdout=round(plan.homes.filter(pl.col("arm") != EXPOSED).height * scale),
        sampled_percent=percent,
        fewer_than=fewer_than,
        offers_issued=int(deals["copies"].sum()),
        face_value_cents=int(deals["face_value_cents"].sum()),
        expected_redemptions=round(float(deals["expected_redemptions"].sum()), 1),
        expected_cost_cents=int(deals["expected_cost_cents"].sum()),
        gap=round(plan.allocation.certificate.gap, 6),
        deals=tuple(deals.to_dicts()),
        suppliers=tuple(_suppliers(deals).to_dicts()),
        worth=tuple(worth.to_dicts()),
        short=round(short.height * scale),
        short_because={
            reason: round(because[reason] * scale) for reason in REASONS if reason in because
        },
    )


def _deals(plan: Plan, named: pl.DataFrame, scale: float) -> pl.DataFrame:
    """A row a deal that could be issued, those without a copy among them."""
    uses = pl.col("expected_redemptions")
    sums = plan.chosen.group_by("offer_id").agg(
        pl.len().cast(pl.Int64).alias("copies"),
        uses.sum(),
        _expected_cost().sum().alias("expected_cost_cents"),
        pl.col("cost_cents").sum().alias("reserved_cents"),
        (pl.col("use_cents") * pl.col("uses")).sum().alias("worst_cost_cents"),
        pl.col("face_value_cents").sum(),
    )
    binds = plan.allocation.prices.select("offer_id", "binds")
    counts = ("copies", "expected_cost_cents", "reserved_cents", "worst_cost_cents",
              "face_value_cents")  # fmt: skip
    chances = _chances(plan)
    return (
        plan.basis.offers.select("offer_id", "title")
        .join(named, on="offer_id", how="left")
        .join(sums, on="offer_id", how="left")
        .join(plan.room, on="offer_id", how="left")
        .join(binds, on="offer_id", how="left")
        .join(chances, on="offer_id", how="left")
        .with_columns(pl.col(*counts, "expected_redemptions").fill_null(0))
        .with_columns(
            (pl.col("circulation_min").fill_null(0) - pl.col("copies"))
            .clip(lower_bound=0)
            .alias("missing_copies")
        )
        .select(
            "offer_id",
            "deal_id",
            "supplier",
            "title",
            *((pl.col(name) * scale).round().cast(pl.Int64) for name in counts),
            (uses * scale).round(1),
            (pl.col("budget_cents") * scale).round().cast(pl.Int64).alias("budget_left_cents"),
            "overspend_chance",
            (pl.col("missing_copies") * scale).round().cast(pl.Int64),
            "binds",
        )
        .sort("offer_id")
    )


def _expected_cost() -> pl.Expr:
    """What a copy is expected to cost its payer; a partner pays for the print, whatever comes."""
    return (
        pl.when(pl.col("kind") == DealKind.PARTNER)
        .then(pl.col("cost_cents").cast(pl.Float64))
        .otherwise(pl.col("expected_redemptions") * pl.col("use_cents"))
    )


def _chances(plan: Plan) -> pl.DataFrame:
    """A bound on the chance that the copies of a deal cost more than its budget has left."""
    left = dict(plan.room.select("offer_id", "budget_cents").drop_nulls().iter_rows())
    groups: dict[int, list[OpenCopies]] = {}
    costs = plan.chosen.select(
        "offer_id", pl.col("uses") * pl.col("use_cents"), _expected_cost().alias("expected")
    )
    for offer_id, most, expected in costs.iter_rows():
        if offer_id in left:
            groups.setdefault(offer_id, []).append(OpenCopies(1, most, min(expected, most)))
    rows = [(key, overspend_chance(copies, free_cents=left[key])) for key, copies in groups.items()]
    schema = {"offer_id": pl.Int64, "overspend_chance": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _suppliers(deals: pl.DataFrame) -> pl.DataFrame:
    return (
        deals.group_by("supplier")
        .agg(
            pl.len().cast(pl.Int64).alias("deals"),
            pl.col("copies", "expected_redemptions", "expected_cost_cents", "reserved_cents").sum(),
            pl.col("worst_cost_cents", "face_value_cents", "missing_copies").sum(),
        )
        .with_columns(pl.col("expected_redemptions").round(1))
        .sort("supplier")
    )


def _short(plan: Plan, fewer_than: int) -> pl.DataFrame:
    """The exposed households with fewer offers than asked for: household_id, because."""
    homes = plan.homes.filter(pl.col("arm") == EXPOSED)
    has = plan.chosen.group_by("household_id").agg(
        pl.len().alias("offers"), pl.col("face_value_cents").sum().alias("face")
    )
    by_cause = plan.pairs.group_by("household_id").agg(
        pl.len().alias("pairs"),
        (pl.col("left_out").is_null() | (pl.col("left_out") == stages.CONTROL))
        .sum()
        .alias("aimed"),
        pl.col("left_out").is_null().sum().alias("given"),
    )
    given = stages.given(plan.pairs)
    # A household takes one deal of a conflict group, and so many of a category.
    fits = (
        given.group_by("household_id", "category_id")
        .agg(pl.col("conflict_id").n_unique().alias("groups"))
        .join(homes.select("household_id", "category_max"), on="household_id")
        .group_by("household_id")
        .agg(pl.min_horizontal("groups", "category_max").sum().alias("fits"))
    )
    taken = plan.chosen.select("household_id", "offer_id", pl.lit(True).alias("taken"))
    left = (
        given.join(taken, on=["household_id", "offer_id"], how="left")
        .filter(pl.col("taken").is_null())
        .join(_free(plan), on="offer_id", how="left")
        .group_by("household_id")
        .agg(
            pl.col("face_value_cents").min().alias("least_face"),
            ((pl.col("value_cents") > 0) & pl.col("is_full")).any().alias("wanted_but_full"),
        )
    )
    few = pl.col("offers") < fewer_than
    room = pl.col("face_value_ceiling_cents") - pl.col("face")
    because = (
        pl.when(pl.col("pairs") == 0).then(pl.lit(REASONS[0]))
        .when(pl.col("pairs") < fewer_than).then(pl.lit(REASONS[1]))
        .when(pl.col("aimed") < fewer_than).then(pl.lit(REASONS[2]))
        .when(pl.col("given") < fewer_than).then(pl.lit(REASONS[3]))
        .when(pl.col("fits") < fewer_than).then(pl.lit(REASONS[4]))
        .when(pl.col("least_face") > room).then(pl.lit(REASONS[5]))
        .when(pl.col("wanted_but_full").fill_null(False)).then(pl.lit(REASONS[6]))
        .otherwise(pl.lit(REASONS[7]))
    )  # fmt: skip
    joined = homes
    for frame in (has, by_cause, fits, left):
        joined = joined.join(frame, on="household_id", how="left")
    counts = pl.col("offers", "face", "pairs", "aimed", "given", "fits").fill_null(0)
    return joined.with_columns(counts).filter(few).select("household_id", because.alias("because"))


def _free(plan: Plan) -> pl.DataFrame:
    """Whether a deal has no room left for another of its dearest copies: offer_id, is_full."""
    used = plan.chosen.group_by("offer_id").agg(
        pl.col("cost_cents").sum().alias("used"), pl.len().alias("copies")
    )
    dearest = plan.pairs.group_by("offer_id").agg(pl.col("cost_cents").max().alias("copy"))
    room = plan.room.join(used, on="offer_id", how="left").join(dearest, on="offer_id", how="left")
    money = pl.col("budget_cents") - pl.col("used").fill_null(0) < pl.col("copy")
    copies = pl.col("circulation_max") - pl.col("copies").fill_null(0) < 1
    return room.select(
        "offer_id", (money.fill_null(False) | copies.fill_null(False)).alias("is_full")
    )
