"""A cycle planned: every eligible household's offers chosen together; nothing is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from service.cycle import stages
from service.cycle.aims import with_tiers
from service.cycle.basis import Basis, fit_and_keep, read_basis, read_purchases, stored_model
from service.cycle.ghosts import HOLDOUT
from service.cycle.learn import Learned, learned
from service.cycle.shards import Task, score_shards
from service.engine.allocate import Allocation, Terms, allocate
from service.engine.lift import held_out
from service.engine.predict import default_model
from service.engine.segment import eligible, usage_bounds, worth, worth_deciles
from service.errors import Conflict
from service.settings import Settings
from service.store import offers
from service.store.session import Database

Progress = Callable[[str, int, int], None]

EXPOSED = "exposed"


@dataclass(frozen=True, slots=True)
class Sample:
    """Some households in place of all: who, and the share of all that they are."""

    household_ids: Sequence[int]
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cycle would issue.

    `homes`: the eligible with worth_decile, tier, arm, and their limits in the allocator's columns.
    `pairs`: every candidate, as `stages.candidates` gives them; `chosen` those allocated. `room` is
    what each offer had left, `purchases` and `scores` are of the eligible only.
    """

    task: Task
    basis: Basis
    learned: Learned
    households: int
    homes: pl.DataFrame
    purchases: pl.DataFrame
    scores: pl.DataFrame
    pairs: pl.DataFrame
    room: pl.DataFrame
    allocation: Allocation
    chosen: pl.DataFrame
    terms: Terms


def plan_cycle(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    seed: int,
    progress: Progress,
    sample: Sample | None = None,
) -> Plan:
    """History, predict, segment, allocate: what a cycle of a date would give to whom.

    A model that has to be fitted is kept, and finished shards are, so that a killed run goes on
    where it stopped. With a `sample` nothing at all is written, the limits of offers are cut to its
    share, and no model is fitted: the newest stored one counts, however old, or else the shipped.
    Raises Conflict when nobody is eligible.
    """
    with database.read() as session:
        progress("history", 0, 1)
        ids = None if sample is None else list(sample.household_ids)
        purchases = read_purchases(session, settings, before=as_of, household_ids=ids)
        basis = read_basis(session, settings, as_of=as_of)
        committed = offers.committed(session)
        model = stored_model(session, as_of=as_of, any_age=sample is not None)
        lesson = learned(session, settings, as_of=as_of)
    progress("history", 1, 1)
    homes = _homes(purchases, settings, as_of=as_of, seed=seed)
    basis = replace(basis, homes=with_tiers(basis.homes, homes))
    if model is None and sample is not None:
        model = default_model(as_of=as_of, horizon_days=settings.horizon_days)
    if model is None:
        progress("forecast", 0, 1)
        model = fit_and_keep(database, settings, purchases, as_of=as_of)
        progress("forecast", 1, 1)
    mine = purchases.filter(pl.col("household_id").is_in(homes["household_id"].implode()))
    task = Task(
        model_json=model.to_json(),
        basis=basis,
        bounds=usage_bounds(purchases, as_of=as_of, weeks=stages.LOYALTY_WEEKS),
        horizon_days=settings.horizon_days,
        by=stages.valuation(settings, seed=seed, response=lesson.lesson.model),
    )
    if sample is None:
        scores, pairs = score_shards(mine, task, settings=settings, progress=progress)
    else:
        scores, pairs = task.score(mine)
    terms = Terms(floor_shortfall_price=settings.floor_shortfall_price)
    room = _room(basis, committed, share=1.0 if sample is None else sample.share)
    progress("allocate", 0, 1)
    exposed = homes.filter(pl.col("arm") == EXPOSED)["household_id"]
    given = stages.given(pairs)
    allocation = allocate(
        given.filter(pl.col("household_id").is_in(exposed.implode())),
        room,
        homes.select(
            "household_id",
            "slots",
            "category_max",
            "face_value_floor_cents",
            "face_value_ceiling_cents",
        ),
        terms=terms,
        seed=seed,
    )
    progress("allocate", 1, 1)
    keys = ["household_id", "offer_id"]
    return Plan(
        task=task,
        basis=basis,
        learned=lesson,
        households=purchases["household_id"].n_unique(),
        homes=homes,
        purchases=mine,
        scores=scores,
        pairs=pairs,
        room=room,
        allocation=allocation,
        chosen=given.join(allocation.pairs.select(keys), on=keys, maintain_order="left"),
        terms=terms,
    )


def _homes(purchases: pl.DataFrame, settings: Settings, *, as_of: date, seed: int) -> pl.DataFrame:
    """The eligible households with their worth, arm and limits, by household."""
    chosen = eligible(
        purchases,
        as_of=as_of,
        weeks=settings.weekly_spend_weeks,
        weekly_spend_cents=settings.weekly_spend_cents,
    )["household_id"]
    if chosen.is_empty():
        raise Conflict(f"No household is eligible as of {as_of}; no cycle was made.")
    mine = purchases.filter(pl.col("household_id").is_in(chosen.implode()))
    worths = worth(mine, as_of=as_of, weeks=stages.LOYALTY_WEEKS)
    deciles = worth_deciles(worths).join(
        worths.select("household_id", pl.col("worth").alias("tier")), on="household_id"
    )
    held = held_out(chosen, settings.holdout_percent, salt=issue_salt(as_of, seed))
    homes = pl.DataFrame({"household_id": chosen, "held": held})
    return (
        stages.face_value_band(settings)
        .add_limits(homes.join(deciles, on="household_id", how="left", maintain_order="left"))
        .with_columns(
            pl.when("held").then(pl.lit(HOLDOUT)).otherwise(pl.lit(EXPOSED)).alias("arm"),
            pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
            pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
        )
        .drop("held")
    )


def issue_salt(as_of: date, seed: int) -> str:
    """What the holdout of a cycle is drawn with."""
    return f"cycle:{as_of.isoformat()}:{seed}"


def _room(basis: Basis, committed: pl.DataFrame, *, share: float) -> pl.DataFrame:
    """What each offer still has: its budget less what is promised, its free copies.

    Of a sample's share only, rounded down.
    """
    return (
        basis.offers.join(committed, on="offer_id")
        .sort("offer_id")
        .select(
            "offer_id",
            *(
                ((pl.col(limit) - pl.col(used)).clip(lower_bound=0) * share)
                .floor()
                .cast(pl.Int64)
                .alias(limit)
                for limit, used in (
                    ("budget_cents", "spent_cents"),
                    ("circulation_max", "issued"),
                    ("circulation_min", "issued"),
                )
            ),
        )
    )
