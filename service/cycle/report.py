"""What a cycle came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from service.cycle.pins_kept import PinKept, pins_kept
from service.cycle.plan import Plan
from service.cycle.written import Written
from service.engine.offers import Arm
from service.engine.offers.worth import by_worth
from service.store.overrides import NamedOverride


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle came to. `gap` is how far the allocation may be from the best, as a share.

    `floor_shortfall_cents` is the face value that lists lack to their floors, `worth` the lists by
    worth of their households (see `offers.worth.by_worth`), `learned_cycles` how many taught the
    response. `drafts` were computed again, with `draft_offers` in all: of those so many were
    `possible` still, and `kept`; for that the lists are worth `draft_cost_cents` less, in per cent
    of their worth `draft_cost_percent`. `other_language` lists are in another language than their
    household's; what lists had no room to print is counted as `offers_without_room`, which reserve
    nothing, and `reminders_without_room`. `left_out` counts the eligible households whose letters
    cannot be printed, `mail_holdout` says whether those held out are mailed their lists, and
    `holdout_percent` how many of a hundred were to be held out. `pins` say what became of each,
    `banned` counts the copies that bans forbade. The worth of pairs was shaken by
    `explore_percent`; the gap is wider for that by `explore_cost_percent` of the worth of the
    copies, and of so many `learnable` ones it is known how likely they were and were not. `general`
    of the eligible agreed to no profile: their lists follow from nothing that they bought.
    """

    cycle_id: int
    as_of: date
    valid_from: date
    valid_to: date
    households: int
    eligible: int
    holdout: int
    lists: int
    offers_running: int
    candidates: int
    offers_issued: int
    reminders_issued: int
    face_value_cents: int
    reserved_cents: int
    gap: float
    violations: int
    floor_shortfall_cents: int
    learned_cycles: int
    drafts: int
    draft_offers: int
    draft_offers_possible: int
    draft_offers_kept: int
    draft_cost_cents: float
    draft_cost_percent: float
    worth: tuple[dict[str, Any], ...]
    other_language: int = 0
    left_out: int = 0
    mail_holdout: bool = True
    holdout_percent: int = 0
    offers_without_room: int = 0
    reminders_without_room: int = 0
    pins: tuple[PinKept, ...] = ()
    banned: int = 0
    explore_percent: float = 0.0
    explore_cost_percent: float = 0.0
    learnable: int = 0
    general: int = 0


def report_on(plan: Plan, written: Written, decided: Sequence[NamedOverride]) -> CycleReport:
    """What the plan came to, before it has a number; `decided` are the overrides."""
    counts = written.counts
    certificate, kept = plan.allocation.certificate, plan.allocation.kept
    unkept = abs(certificate.primal_cents + kept.cost_cents)
    worth = by_worth(plan.eligible, plan.chosen)
    return CycleReport(
        cycle_id=0,
        as_of=plan.inputs.as_of,
        valid_from=plan.inputs.valid_from,
        valid_to=plan.inputs.valid_to,
        households=plan.history.buyers,
        eligible=plan.eligible.height,
        holdout=plan.eligible.filter(pl.col("arm") == Arm.HOLDOUT).height,
        lists=counts.lists,
        offers_running=plan.inputs.running.offers.height,
        candidates=plan.candidates,
        offers_issued=counts.offers,
        reminders_issued=counts.reminders,
        face_value_cents=counts.face_value_cents,
        reserved_cents=int(written.copies["reserved_cents"].sum()),
        gap=round(certificate.gap, 6),
        violations=certificate.violations,
        floor_shortfall_cents=int(worth["shortfall_cents"].sum()),
        learned_cycles=plan.learned.evidence["cycle_id"].n_unique(),
        drafts=kept.households,
        draft_offers=kept.offers,
        draft_offers_possible=kept.possible,
        draft_offers_kept=kept.kept,
        draft_cost_cents=round(kept.cost_cents, 2),
        draft_cost_percent=round(100 * kept.cost_cents / unkept, 4) if unkept else 0.0,
        worth=tuple(worth.to_dicts()),
        other_language=counts.other_language,
        left_out=plan.left_out.height,
        offers_without_room=counts.planned_offers - counts.offers,
        reminders_without_room=counts.planned_reminders - counts.reminders,
        pins=pins_kept(plan, decided, printed=plan.chosen),
        explore_percent=100 * plan.explore.share,
        explore_cost_percent=(
            round(100 * certificate.explore_cost_cents / certificate.value_cents, 4)
            if certificate.value_cents > 0
            else 0.0
        ),
        general=len(plan.general.household_ids),
        learnable=written.learnable,
        banned=plan.banned,
    )
