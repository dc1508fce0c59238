"""A cycle planned: every eligible household's offers chosen together; nothing is written."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.expiry import closing_day
from service.cycle.forecast import fit_and_keep, stored_model
from service.cycle.general import General, items_of
from service.cycle.inputs import Inputs, midnight, read_inputs, read_purchases, read_unnamed_spend
from service.cycle.learn import Learned, learned
from service.cycle.redraft import read_redraft
from service.cycle.shards import Task, score_shards
from service.cycle.supposed import AS_IT_IS, Supposed
from service.cycle.unlisted import NO_PROFILE, Unlisted, read_unlisted
from service.engine import segment
from service.engine.allocate import Allocation, Keep, ShortfallPrices, allocate
from service.engine.lift import held_out
from service.engine.lift.draw import cycle_salt
from service.engine.offers import OFFERED, Arm, given
from service.engine.offers.beside_pins import (
    households_beside,
    pairs_beside,
    room_beside,
    with_pins,
)
from service.engine.offers.candidates import LOYALTY_WEEKS
from service.engine.offers.credit import within_credit
from service.engine.offers.explore import NO_EXPLORATION, Exploration
from service.engine.offers.likely import keep_promises
from service.engine.offers.pins import Pinned, place_pins
from service.engine.offers.room import room
from service.engine.predict import Model, default_model
from service.engine.segment import usage_bounds, worth, worth_deciles
from service.errors import Conflict
from service.files import layouts
from service.files.printed import unprintable_contacts
from service.settings import Settings
from service.store import baskets, cycles, households
from service.store.clearing import agreements
from service.store.offers import issuable
from service.store.session import Database

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """Some households in place of all: who, and the share of all that they are."""

    household_ids: Sequence[int]
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cycle would issue.

    `households` have bought something; the `eligible` of them come with worth_decile, tier, arm,
    and their limits in the allocator's columns. `pairs`: every candidate, as `offers.candidates`
    gives them, `explore` by how much its worth was shaken; `pinned` what became of pins; `chosen`
    those given, by a pin or allocated. `room` is what each offer had left, `purchases` and
    `scores` are of the eligible only. `left_out` would be eligible, but their letters cannot be
    printed, or they agreed to none: household_id, ref, reason, detail. `general` are those of the
    eligible whose lists follow from nothing that they bought.
    """

    task: Task
    inputs: Inputs
    learned: Learned
    households: int
    eligible: pl.DataFrame
    left_out: pl.DataFrame
    purchases: pl.DataFrame
    scores: pl.DataFrame
    pairs: pl.DataFrame
    room: pl.DataFrame
    pinned: Pinned
    allocation: Allocation
    chosen: pl.DataFrame
    terms: ShortfallPrices
    explore: Exploration
    general: General


def plan_cycle(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    seed: int,
    progress: Progress,
    sample: Sample | None = None,
    now: datetime | None = None,
    supposed: Supposed = AS_IT_IS,
) -> Plan:
    """History, predict, segment, allocate: what a cycle of a date would give to whom.

    A model that has to be fitted is kept, and finished shards are, so that a killed run goes on
    where it stopped. With a `sample` nothing at all is written, the limits of offers are cut to its
    share, and no model is fitted: the newest stored one counts, however old, or else the shipped.
    What lists reserve that ended by `now` (see `expiry.closing_day`) counts as given back; what is
    `supposed` counts in place of the settings and the budgets.
    Raises Conflict when nobody is eligible or none of those can be printed.
    """
    settings = supposed.settings(settings)
    progress("history", 0, 1)
    read = _read(database, settings, as_of=as_of, sample=sample, now=now)
    progress("history", 1, 1)
    eligible = _eligible(read, settings, as_of=as_of, seed=seed)
    general = _general(read, eligible, settings)
    # Where many buy nothing alike, a list that follows from that alone would be empty.
    unlisted = read.unlisted.without_general() if general.items.is_empty() else read.unlisted
    left_out = _left_out(database, settings, eligible, unlisted)
    eligible = eligible.join(left_out, on="household_id", how="anti", maintain_order="left")
    if eligible.is_empty():
        raise Conflict("No eligible household's letter can be printed; no cycle was made.")
    general = general.among(eligible["household_id"].to_list())
    model = _model(database, settings, read, sample, progress)
    task = _task(database, read, model, eligible, settings, seed=seed)
    profiled = eligible.filter(pl.col("arm") != Arm.GENERAL)["household_id"]
    mine = read.purchases.filter(pl.col("household_id").is_in(profiled.implode()))
    buyers = read.purchases["household_id"].n_unique()
    # Nothing more is asked of the others, and two copies would lie in memory to the end.
    read = replace(read, purchases=read.purchases.clear())
    if sample is None:
        scored = score_shards(mine, task, settings=settings, progress=progress)
    else:
        scored = task.score(mine)
    scored = task.with_general(scored, general, mine)
    terms = ShortfallPrices(floor_shortfall_price=settings.floor_shortfall_price)
    share = 1.0 if sample is None else sample.share
    offers = supposed.offers(task.inputs.running.offers)
    left = room(offers, read.committed, share=share)
    left = within_credit(left, offers, read.credit, share=share)
    progress("allocate", 0, 1)
    keep = Keep(scored.drafts, settings.draft_keep_percent / 100)
    pairs = keep_promises(scored.pairs, _offered(eligible), left)
    pinned = place_pins(pairs, eligible, left, task.inputs.running.overrides)
    explore = stages.exploration(settings, number=read.number, seed=seed)
    explore, allocation = _allocate(
        pairs, left, eligible, pinned, terms=terms, keep=keep, seed=seed, explore=explore
    )
    progress("allocate", 1, 1)
    return Plan(
        task=task,
        inputs=task.inputs,
        learned=read.learned,
        households=buyers,
        eligible=eligible,
        left_out=left_out,
        purchases=mine,
        scores=scored.scores,
        pairs=pairs,
        room=left,
        pinned=pinned,
        allocation=allocation,
        chosen=_chosen(pairs, allocation),
        terms=terms,
        explore=explore,
        general=general,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a plan begins with; `committed` as `store.offers.issuable.committed` gives it.

    `credit` is what suppliers' accounts may still come to owe, as `clearing.agreements.credit`.

    `unlisted` are those of whom no list may be made. `unnamed_spend` is what was paid for goods
    that no forecast can be made of, `number` how many cycles came before.
    """

    purchases: pl.DataFrame
    unnamed_spend: pl.DataFrame
    inputs: Inputs
    committed: pl.DataFrame
    credit: pl.DataFrame
    model: Model | None
    learned: Learned
    unlisted: Unlisted
    number: int
    sample: Sample | None

    @property
    def general_ids(self) -> Sequence[int]:
        """Whose lists follow from nothing that they bought: all of them, or of the sample."""
        ids = self.unlisted.general
        return sorted(ids if self.sample is None else ids & {*self.sample.household_ids})


def _general(read: _Read, eligible: pl.DataFrame, settings: Settings) -> General:
    """Who gets a list without a profile, and what it names: what those buy who agreed to one."""
    ids = eligible.filter(pl.col("arm") == Arm.GENERAL)["household_id"].to_list()
    if not ids:
        return General()
    others = read.unlisted.erased | read.unlisted.unprofiled
    counted = read.purchases.filter(~_among(read.purchases["household_id"], others))
    return General(ids, items_of(counted, read.inputs, horizon_days=settings.forecast_days))


def _read(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    sample: Sample | None,
    now: datetime | None,
) -> _Read:
    ids = None if sample is None else list(sample.household_ids)
    with database.read() as session:
        ended_before = closing_day(session, settings, as_of=as_of, now=now)
        unlisted = read_unlisted(session, settings)
        bought = _purchases(session, settings, as_of=as_of, household_ids=ids)
        return _Read(
            # What those bought who agreed to no profile decides nothing here.
            purchases=bought.filter(~_among(bought["household_id"], unlisted.general)),
            unnamed_spend=read_unnamed_spend(session, settings, as_of=as_of),
            inputs=read_inputs(session, settings, as_of=as_of),
            committed=issuable.committed(session, ended_before=ended_before),
            credit=agreements.credit(session, on=as_of),
            model=stored_model(session, as_of=as_of, any_age=sample is not None),
            learned=learned(session, settings, as_of=as_of),
            unlisted=unlisted,
            number=cycles.count_before(session, as_of),
            sample=sample,
        )


def _purchases(
    session: Session, settings: Settings, *, as_of: date, household_ids: list[int] | None
) -> pl.DataFrame:
    """What these households bought, or all of them: read by the shard, which takes less memory."""
    asked = household_ids
    if asked is None:
        asked = baskets.buyers(session, before=midnight(as_of, settings))
    ids = sorted(asked)
    size = settings.shard_households
    return pl.concat(
        read_purchases(session, settings, before=as_of, household_ids=ids[start : start + size])
        for start in range(0, max(len(ids), 1), size)
    )


def _task(
    database: Database,
    read: _Read,
    model: Model,
    eligible: pl.DataFrame,
    settings: Settings,
    *,
    seed: int,
) -> Task:
    # Those who are held out get no offers, whatever their drafts had; who agreed to no profile has
    # none that is computed from purchases.
    shown = eligible.filter(pl.col("arm") == Arm.EXPOSED)["household_id"].to_list()
    with database.read() as session:
        redraft = read_redraft(session, settings, read.purchases, shown, as_of=read.inputs.as_of)
    return Task(
        model_json=model.to_json(),
        inputs=read.inputs.with_tiers(eligible),
        bounds=usage_bounds(read.purchases, as_of=read.inputs.as_of, weeks=LOYALTY_WEEKS),
        horizon_days=settings.forecast_days,
        by=stages.valuation(settings, seed=seed, response=read.learned.lesson.model),
        redraft=redraft,
    )


def _model(
    database: Database,
    settings: Settings,
    read: _Read,
    sample: Sample | None,
    progress: Progress,
) -> Model:
    """The stored model; else the shipped one for a sample, or one that is fitted now and kept."""
    as_of = read.inputs.as_of
    if read.model is not None:
        return read.model
    if sample is not None:
        return default_model(as_of=as_of, horizon_days=settings.forecast_days)
    progress("forecast", 0, 1)
    model = fit_and_keep(database, settings, read.purchases, as_of=as_of)
    progress("forecast", 1, 1)
    return model


def _allocate(
    pairs: pl.DataFrame,
    left: pl.DataFrame,
    eligible: pl.DataFrame,
    pinned: Pinned,
    *,
    terms: ShortfallPrices,
    keep: Keep,
    seed: int,
    explore: Exploration,
) -> tuple[Exploration, Allocation]:
    """The offers of the households that get any, chosen together beside what is pinned.

    What is explored is cut down until it costs little.
    """
    offered = given(pairs).filter(pl.col("household_id").is_in(_offered(eligible).implode()))
    beside, rest = pairs_beside(offered, pinned, eligible), room_beside(left, pinned)
    homes = households_beside(eligible, pinned).select(
        "household_id",
        "slots",
        "category_max",
        "face_value_floor_cents",
        "face_value_ceiling_cents",
    )
    for last in (False, False, True):
        found = allocate(explore.shaken(beside), rest, homes, terms=terms, keep=keep, seed=seed)
        found = explore.certified(found, beside, rest, homes, terms=terms)
        gentler = explore.within(found)
        if gentler is None:
            break
        explore = NO_EXPLORATION if last else gentler
    else:
        found = allocate(beside, rest, homes, terms=terms, keep=keep, seed=seed)
    return explore, with_pins(found, pinned, keep.pairs)


def _offered(eligible: pl.DataFrame) -> pl.Series:
    return eligible.filter(pl.col("arm").is_in(OFFERED))["household_id"]


def _chosen(pairs: pl.DataFrame, allocation: Allocation) -> pl.DataFrame:
    keys = ["household_id", "offer_id"]
    return given(pairs).join(allocation.pairs.select(keys), on=keys, maintain_order="left")


def _eligible(read: _Read, settings: Settings, *, as_of: date, seed: int) -> pl.DataFrame:
    """The eligible households with their worth, arm and limits, by household.

    All they paid counts; who bought nothing that a list could name gets none. Of those who agreed
    to no profile it is not asked what they paid.
    """
    purchases = read.purchases
    spent = ("household_id", "purchased_at", "amount_cents")
    chosen = segment.eligible_households(
        pl.concat([purchases.select(spent), read.unnamed_spend.select(spent)]),
        as_of=as_of,
        weeks=settings.weekly_spend_weeks,
        weekly_spend_cents=settings.weekly_spend_cents,
    )["household_id"]
    bought = purchases["household_id"].unique()
    others = read.unlisted.erased | read.unlisted.general
    chosen = chosen.filter(chosen.is_in(bought.implode()) & ~_among(chosen, others))
    if chosen.is_empty():
        raise Conflict("No household is eligible as of %(as_of)s; no cycle was made.", as_of=as_of)
    mine = purchases.filter(pl.col("household_id").is_in(chosen.implode()))
    worths = worth(mine, as_of=as_of, weeks=LOYALTY_WEEKS)
    deciles = worth_deciles(worths).join(
        worths.select("household_id", pl.col("worth").alias("tier")), on="household_id"
    )
    held = held_out(chosen, settings.holdout_percent, salt=cycle_salt(as_of, seed))
    households = pl.DataFrame({"household_id": chosen, "held": held})
    known = (
        stages.face_value_band(settings)
        .add_limits(households.join(deciles, on="household_id", how="left", maintain_order="left"))
        .with_columns(
            pl.when("held").then(pl.lit(Arm.HOLDOUT)).otherwise(pl.lit(Arm.EXPOSED)).alias("arm"),
            pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
            pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
        )
        .drop("held")
    )
    general = General(read.general_ids).limits(settings)
    return pl.concat([known, general.select(known.columns)]).sort("household_id")


def _left_out(
    database: Database, settings: Settings, eligible: pl.DataFrame, unlisted: Unlisted
) -> pl.DataFrame:
    """Who gets no list, known before anything is allocated: see `Plan`.

    Their letters cannot be printed, or they agreed to none that follows from what they buy.
    """
    with database.read() as session:
        contacts = households.contacts(session, eligible["household_id"].to_list())
    own = _among(contacts["household_id"], unlisted.unprofiled)
    rows = [
        (household_id, ref, NO_PROFILE, "")
        for household_id, ref in contacts.filter(own).select("household_id", "ref").iter_rows()
    ]
    contacts = contacts.filter(~own)
    rows += [
        (
            contacts["household_id"][place],
            contacts["ref"][place],
            fault.reason.value,
            f"{fault.part} {fault.detail}; {fault.remedy}",
        )
        for place, fault in unprintable_contacts(
            contacts, settings.layout, layouts.sender_of(settings)
        )
    ]
    schema = {"household_id": pl.Int64, "ref": pl.String, "reason": pl.String, "detail": pl.String}
    return pl.DataFrame(rows, schema, orient="row")


def _among(household_ids: pl.Series, some: Collection[int]) -> pl.Series:
    return household_ids.is_in(pl.Series(sorted(some), dtype=pl.Int64).implode())
