"""What a cycle would come to, in seconds, with nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from service.cycle.kept_plan import keep_plan
from service.cycle.pins_kept import PinKept, pins_kept
from service.cycle.plan import Plan, Sample, plan_cycle
from service.cycle.planned import digests_of
from service.cycle.supposed import AS_IT_IS, Supposed
from service.engine.lift import held_out
from service.engine.offers import Arm
from service.engine.offers.outlook import by_offer, by_supplier
from service.engine.offers.shortage import Shortage, shortages
from service.engine.offers.showable import showable
from service.engine.offers.worth import by_worth
from service.files.report import Progress
from service.settings import Settings
from service.store import households, overrides
from service.store.offers import overview
from service.store.overrides import NamedOverride
from service.store.session import Database

SAMPLE_HOUSEHOLDS = 5000
_ALL = 100


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a cycle would come to. Money is in cents; counts of a sample are scaled to all.

    `sampled_percent` is the share of households that were looked at. `deals` have offer_id,
    deal_id, supplier, title, copies, expected_redemptions, expected_cost_cents, reserved_cents,
    worst_cost_cents, face_value_cents, budget_left_cents, overspend_chance (a bound; of the
    copies it would issue), missing_copies (of its guarantee) and binds, and what its experiment
    will be able to show, as `offers.showable` gives it; `suppliers` the sums;
    `worth` as `offers.worth.by_worth` gives it. `short` says how many households get fewer offers
    than asked for, and `short_because` why, by `Shortage`. `left_out` would be eligible, but their
    letters cannot be printed: household_id (the retailer's number), reason, detail; of a sample,
    those in it. `digests` are those of `planned.digests_of`, for all households and the budgets
    there are only: with them just this is issued. `pins` say what became of each
    (`pins_kept.PinKept`), `banned` counts the copies that bans forbid; both in the sample only.
    `general` of the eligible agreed to no profile: their lists follow from nothing they bought.
    `floor_shortfall_price`, `holdout_percent` and `budget_percent` are what the plan was made with.
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
    left_out: tuple[dict[str, str], ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    pins: tuple[PinKept, ...] = ()
    banned: int = 0
    floor_shortfall_price: float = 0.0
    holdout_percent: int = 0
    budget_percent: int = 100
    general: int = 0


def what_if(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    seed: int,
    fewer_than: int,
    most_households: int = SAMPLE_HOUSEHOLDS,
    progress: Progress,
    now: datetime | None = None,
    supposed: Supposed = AS_IT_IS,
    kept_as: str = "",
) -> WhatIf:
    """Plan the cycle of a date and say what it would come to; nothing is written.

    With the name of a run (`kept_as`) what a plan of all households gives is kept for proofs (see
    `kept_plan`). Of more than `most_households` a sample is drawn by hash, in whole per cents, and
    every deal's limits are cut to its share. Raises Conflict when nobody is eligible.
    """
    with database.read() as session:
        ids = pl.Series("household_id", list(households.ids_by_ref(session).values()), pl.Int64)
        named = overview.deals(session).select("offer_id", "supplier", "deal_id")
        decided = overrides.named(session, is_open=True)
        languages = households.languages(session) if kept_as else {}
    percent = min(100, max(1, -(-100 * most_households // max(1, len(ids)))))
    drawn = ids.filter(held_out(ids, percent, salt=f"what-if:{seed}")) if percent < 100 else ids
    as_supposed = supposed.settings(settings)
    with plan_cycle(
        database,
        settings,
        as_of=as_of,
        seed=seed,
        progress=progress,
        sample=Sample(drawn.sort().to_list(), percent / 100),
        now=now,
        supposed=supposed,
    ) as plan:
        pairs = plan.shards.every_pair()
        if kept_as and percent == _ALL:
            copies = plan.given(pairs)
            keep_plan(settings, kept_as, plan, copies, languages, now=now or datetime.now(UTC))
        found = _what_if(
            plan,
            pairs,
            named,
            decided,
            percent=percent,
            fewer_than=fewer_than,
            holdout_percent=as_supposed.holdout_percent,
        )
    return replace(
        found,
        floor_shortfall_price=as_supposed.floor_shortfall_price,
        holdout_percent=as_supposed.holdout_percent,
        budget_percent=supposed.budget_percent,
        digests=digests_of(plan) if percent == _ALL and supposed.can_be_issued else {},
    )


def _what_if(
    plan: Plan,
    pairs: pl.DataFrame,
    named: pl.DataFrame,
    decided: Sequence[NamedOverride],
    *,
    percent: int,
    fewer_than: int,
    holdout_percent: int,
) -> WhatIf:
    """What a plan of so many per cent of the households, of these pairs, comes to for all."""
    scale, chosen = 100 / percent, plan.given(pairs)
    titled = plan.inputs.running.offers.select("offer_id", "title")
    deals = by_offer(
        titled.join(named, on="offer_id", how="left"),
        chosen,
        plan.room,
        plan.allocation.prices,
        scale=scale,
    )
    running = plan.inputs.running
    # What follows from no purchase is measured by nobody.
    general = pl.Series(plan.general.household_ids, dtype=pl.Int64)
    shows = showable(
        deals.join(running.offers.select("offer_id", "control_share"), on="offer_id"),
        chosen.filter(~pl.col("household_id").is_in(general.implode())),
        plan.shards.every_purchase(),
        running.products,
        holdout_percent=holdout_percent,
    )
    deals = deals.join(shows, on="offer_id", how="left", maintain_order="left")
    short = shortages(plan.eligible, pairs, chosen, plan.room, fewer_than=fewer_than)
    because = dict(short.group_by("because").len().iter_rows())
    worth = by_worth(plan.eligible, chosen).with_columns(
        (pl.col(name) * scale).round().cast(pl.Int64)
        for name in ("households", "offers", "face_value_cents", "below_floor", "shortfall_cents")
    )
    held = plan.eligible.filter(pl.col("arm") == Arm.HOLDOUT)
    return WhatIf(
        as_of=plan.inputs.as_of,
        households=round(plan.history.buyers * scale),
        eligible=round(plan.eligible.height * scale),
        holdout=round(held.height * scale),
        general=round(general.len() * scale),
        sampled_percent=percent,
        fewer_than=fewer_than,
        offers_issued=int(deals["copies"].sum()),
        face_value_cents=int(deals["face_value_cents"].sum()),
        expected_redemptions=round(float(deals["expected_redemptions"].sum()), 1),
        expected_cost_cents=int(deals["expected_cost_cents"].sum()),
        gap=round(plan.allocation.certificate.gap, 6),
        deals=tuple(deals.to_dicts()),
        suppliers=tuple(by_supplier(deals).to_dicts()),
        worth=tuple(worth.to_dicts()),
        short=round(short.height * scale),
        short_because={
            str(reason): round(because[reason] * scale) for reason in Shortage if reason in because
        },
        left_out=tuple(
            plan.left_out.select(pl.col("ref").alias("household_id"), "reason", "detail").to_dicts()
        ),
        pins=pins_kept(plan, decided, is_sample=percent < _ALL),
        banned=plan.banned,
    )
