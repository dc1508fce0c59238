"""A cycle planned: every eligible household's offers chosen together; nothing is written."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from service.cycle import stages
from service.cycle.choose import choose, collect, given_of, offered_of
from service.cycle.expiry import closing_day
from service.cycle.forecast import fit_and_keep, stored_model
from service.cycle.general import General
from service.cycle.history import History, HistoryReader
from service.cycle.inputs import Inputs, midnight, read_inputs
from service.cycle.learn import Learned, learned
from service.cycle.left_out import in_order, left_out
from service.cycle.redraft import read_redraft
from service.cycle.shards import Shards, run_folder, score_shards
from service.cycle.supposed import AS_IT_IS, Supposed
from service.cycle.task import Task
from service.cycle.unlisted import Unlisted, read_unlisted
from service.engine import segment
from service.engine.allocate import Allocation, Keep, ShortfallPrices
from service.engine.general import general_items, no_general_items
from service.engine.lift import held_out
from service.engine.lift.draw import cycle_salt
from service.engine.offers import Arm
from service.engine.offers.credit import within_credit
from service.engine.offers.explore import Exploration
from service.engine.offers.pins import Pinned, place_pins
from service.engine.offers.room import room
from service.engine.predict import Model, default_model
from service.errors import Conflict
from service.executors import in_process, open_executor
from service.files.report import Progress
from service.files.spill import Spiller
from service.settings import Settings
from service.store import baskets, cycles
from service.store.clearing import agreements
from service.store.offers import issuable
from service.store.session import Database

CHOSEN = ("household_id", "offer_id", "face_value_cents", "cost_cents", "reserved_cents", "uses")
"""The columns of a plan's chosen pairs; the others are read again by who asks for them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some households in place of all: who, and the share of all that they are."""

    household_ids: Sequence[int]
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cycle would issue.

    Of those of `history` the `eligible` come with worth_decile, tier, arm, and their limits in the
    allocator's columns. `shards` have what they bought, their scores, and every candidate as
    `offers.candidates` gives it, as long as the plan is open; `candidates` of those are not left
    out, `banned` are banned. `explore` says by how much their worth was shaken;
    `pinned` what became of pins; `chosen` (`CHOSEN`) are those given, by a pin or allocated. `room`
    is what each offer had left. `left_out` would be eligible, but their letters cannot be printed,
    or they agreed to none: household_id, ref, reason, detail. `general` are those of the eligible
    whose lists follow from nothing that they bought.
    """

    task: Task
    inputs: Inputs
    learned: Learned
    history: History
    eligible: pl.DataFrame
    left_out: pl.DataFrame
    shards: Shards
    candidates: int
    banned: int
    room: pl.DataFrame
    pinned: Pinned
    allocation: Allocation
    chosen: pl.DataFrame
    terms: ShortfallPrices
    explore: Exploration
    general: General

    def given(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Those of some candidates, by household, that are given."""
        return given_of(pairs, self.allocation.pairs)


@contextmanager
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
) -> Iterator[Plan]:
    """History, predict, segment, allocate: what a cycle of a date would give to whom.

    A model that has to be fitted is kept, and finished shards are, so that a killed run goes on
    where it stopped. With a `sample` nothing at all is written that stays, the limits of offers are
    cut to its share, and no model is fitted: the newest stored one counts, however old, or else the
    shipped. What lists reserve that ended by `now` (see `expiry.closing_day`) counts as given back;
    what is `supposed` counts in place of the settings and the budgets.
    Raises Conflict when nobody is eligible or none of those can be printed.
    """
    settings = supposed.settings(settings)
    with ExitStack() as opened:
        if sample is None:
            # Whether it can be used is said before all is read, not after.
            with open_executor(settings):
                folder = run_folder(settings, as_of=as_of, seed=seed)
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(opened.enter_context(TemporaryDirectory(prefix="larder-plan-")))
        events = Path(opened.enter_context(TemporaryDirectory(prefix="events-", dir=folder)))
        yield _plan(
            database,
            settings,
            _read(
                database, settings, as_of=as_of, sample=sample, now=now, folder=folder,
                events=events, progress=progress,
            ),
            seed=seed,
            supposed=supposed,
            progress=progress,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What a plan begins with; `committed` as `store.offers.issuable.committed` gives it.

    `credit` is what suppliers' accounts may still come to owe, as `clearing.agreements.credit`.
    `unlisted` are those of whom no list may be made, `general_ids` whose lists follow from nothing
    that they bought: all of them, or of the sample. Where no `model` is stored, `events` are what
    one is fitted on. `number` is how many cycles came before.
    """

    folder: Path
    history: History
    inputs: Inputs
    committed: pl.DataFrame
    credit: pl.DataFrame
    model: Model | None
    events: Spiller
    learned: Learned
    unlisted: Unlisted
    general_ids: Sequence[int]
    number: int
    sample: Sample | None


def _read(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    sample: Sample | None,
    now: datetime | None,
    folder: Path,
    events: Path,
    progress: Progress,
) -> _Read:
    with database.read() as session:
        unlisted = read_unlisted(session, settings)
        if sample is None:
            ids = baskets.buyers(session, before=midnight(as_of, settings))
            general_ids = sorted(unlisted.general)
        else:
            ids = sorted(sample.household_ids)
            general_ids = sorted(unlisted.general.intersection(ids))
        model = stored_model(session, as_of=as_of, any_age=sample is not None)
    spiller = Spiller(events, as_of)
    fits = model is None and sample is None
    reader = HistoryReader(
        database, settings, as_of, unlisted, folder,
        spiller=spiller if fits else None, here=sample is not None,
    )  # fmt: skip
    history = reader.read(ids, general_ids, progress)
    with database.read() as session:
        return _Read(
            folder=folder,
            history=history,
            inputs=read_inputs(session, settings, as_of=as_of),
            committed=issuable.committed(
                session, ended_before=closing_day(session, settings, as_of=as_of, now=now)
            ),
            credit=agreements.credit(session, on=as_of),
            model=model,
            events=spiller,
            learned=learned(session, settings, as_of=as_of),
            unlisted=unlisted,
            general_ids=general_ids,
            number=cycles.count_before(session, as_of),
            sample=sample,
        )


def _plan(
    database: Database,
    settings: Settings,
    read: _Read,
    *,
    seed: int,
    supposed: Supposed,
    progress: Progress,
) -> Plan:
    eligible = _eligible(read, settings, seed=seed)
    general = General(read.general_ids, _general_items(read, settings))
    unreached = _left_out(database, settings, read, general)
    eligible = eligible.join(unreached, on="household_id", how="anti", maintain_order="left")
    if eligible.is_empty():
        raise Conflict("No eligible household's letter can be printed; no cycle was made.")
    general = general.among(eligible["household_id"].to_list())
    model = _model(database, settings, read, progress)
    task = _task(database, read, model, general, eligible, settings, seed=seed)
    # Nothing more is asked of them, and they would lie in memory to the end.
    read = replace(read, history=read.history.without_sums())
    share = 1.0 if read.sample is None else read.sample.share
    shards = score_shards(
        read.history.listed(general.household_ids),
        task,
        folder=read.folder,
        opener=partial(open_executor, settings) if read.sample is None else in_process,
        progress=progress,
    )
    progress("allocate", 0, 1)
    offers = supposed.offers(task.inputs.running.offers)
    left = room(offers, read.committed, share=share)
    left = within_credit(left, offers, read.credit, share=share)
    terms = ShortfallPrices(floor_shortfall_price=settings.floor_shortfall_price)
    shards = shards.promised_to(offered_of(eligible), left)
    found = collect(shards, offered_of(eligible))
    pinned = place_pins(found.pinned, eligible, left, task.inputs.running.overrides)
    explore, allocation = choose(
        found.offered,
        left,
        eligible,
        pinned,
        terms=terms,
        keep=Keep(shards.drafts(), settings.draft_keep_percent / 100),
        seed=seed,
        explore=stages.exploration(settings, number=read.number, seed=seed),
    )
    chosen = pl.concat(
        given_of(shards.pairs(each, [*CHOSEN, "left_out"]), allocation.pairs) for each in shards.all
    )
    progress("allocate", 1, 1)
    return Plan(
        task=task,
        inputs=task.inputs,
        learned=read.learned,
        history=read.history,
        eligible=eligible,
        left_out=unreached,
        shards=shards,
        candidates=found.candidates,
        banned=found.banned,
        room=left,
        pinned=pinned,
        allocation=allocation,
        chosen=chosen.select(CHOSEN),
        terms=terms,
        explore=explore,
        general=general,
    )


def _general_items(read: _Read, settings: Settings) -> pl.DataFrame:
    """What a list without a profile names: what those buy who agreed to one."""
    if not read.general_ids:
        return no_general_items()
    return general_items(
        read.history.general_days(),
        read.inputs.items,
        newest=read.history.newest,
        horizon_days=settings.forecast_days,
    )


def _left_out(
    database: Database, settings: Settings, read: _Read, general: General
) -> pl.DataFrame:
    """Who gets no list, known before anything is allocated: see `Plan`."""
    found = read.history.left_out
    if general.items.is_empty() and general.household_ids:
        # Where many buy nothing alike, a list that follows from that alone would be empty.
        ids = pl.Series(general.household_ids, dtype=pl.Int64)
        with database.read() as session:
            others = left_out(session, settings, ids.to_list(), read.unlisted.without_general())
        found = pl.concat([found.filter(~pl.col("household_id").is_in(ids.implode())), others])
    return in_order(found)


def _task(
    database: Database,
    read: _Read,
    model: Model,
    general: General,
    eligible: pl.DataFrame,
    settings: Settings,
    *,
    seed: int,
) -> Task:
    # Those who are held out get no offers, whatever their drafts had; who agreed to no profile has
    # none that is computed from purchases.
    shown = eligible.filter(pl.col("arm") == Arm.EXPOSED)["household_id"]
    days = read.history.draft_days
    days = days.filter(pl.col("household_id").is_in(shown.implode()))
    with database.read() as session:
        redraft = read_redraft(
            session, settings, days["draft_day"], shown.to_list(), as_of=read.inputs.as_of
        )
    return Task(
        model_json=model.to_json(),
        inputs=read.inputs.with_tiers(eligible),
        bounds=segment.usage_bounds(read.history.units),
        horizon_days=settings.forecast_days,
        by=stages.valuation(settings, seed=seed, response=read.learned.lesson.model),
        redraft=redraft,
        general_items=general.items,
    )


def _model(database: Database, settings: Settings, read: _Read, progress: Progress) -> Model:
    """The stored model; else the shipped one for a sample, or one that is fitted now and kept."""
    as_of = read.inputs.as_of
    if read.model is not None:
        return read.model
    if read.sample is not None:
        return default_model(as_of=as_of, horizon_days=settings.forecast_days)
    progress("forecast", 0, 1)
    model = fit_and_keep(database, settings, read.events.base(), as_of=as_of)
    progress("forecast", 1, 1)
    return model


def _eligible(read: _Read, settings: Settings, *, seed: int) -> pl.DataFrame:
    """The eligible households with their worth, arm and limits, by household."""
    chosen, as_of = read.history.chosen, read.inputs.as_of
    if chosen.is_empty():
        raise Conflict("No household is eligible as of %(as_of)s; no cycle was made.", as_of=as_of)
    ranks = segment.ranks_by_spend(read.history.spend)
    held = held_out(chosen, settings.holdout_percent, salt=cycle_salt(as_of, seed))
    households = pl.DataFrame({"household_id": chosen, "held": held})
    known = (
        stages.face_value_band(settings)
        .add_limits(households.join(ranks, on="household_id", how="left", maintain_order="left"))
        .with_columns(
            pl.when("held").then(pl.lit(Arm.HOLDOUT)).otherwise(pl.lit(Arm.EXPOSED)).alias("arm"),
            pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
            pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
        )
        .drop("held")
    )
    general = General(read.general_ids).limits(settings)
    return pl.concat([known, general.select(known.columns)]).sort("household_id")
