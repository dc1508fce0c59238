"""A cycle: every eligible household's list, made together and issued at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.basis import Basis
from service.cycle.ghosts import HOLDOUT, ghosts
from service.cycle.plan import EXPOSED, Plan, Progress, issue_salt, plan_cycle
from service.cycle.serials import draw_codes
from service.cycle.shards import forget_shards
from service.engine.compose import Recipient
from service.engine.ledger import EntryKind, charge_slots, reserve
from service.engine.lifecycle import ISSUABLE
from service.engine.records import DealKind
from service.errors import Conflict
from service.settings import Settings
from service.store import cycles, households, ledger, lists, offers, responses, states
from service.store.session import Database
from service.store.tables.cycle import Cycle

__all__ = ["EXPOSED", "HOLDOUT", "CycleReport", "run_cycle"]


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle came to. `gap` is how far the allocation may be from the best, as a share.

    `floor_shortfall_cents` is the face value that lists lack to their floors, `worth` the lists by
    worth of their households (see `by_worth`), `learned_cycles` how many taught the response.
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
    worth: tuple[dict[str, Any], ...]


def run_cycle(
    database: Database, settings: Settings, *, as_of: date, seed: int, progress: Progress
) -> CycleReport:
    """Make and issue the lists of a date: history, predict, segment, allocate, compose.

    Nothing is issued until everything is made; then all of it is one transaction, so a killed run
    leaves no half of a cycle, and running it again goes on from the shards that were finished.
    Same data, date and seed: the same lists. Raises Conflict when the date has its cycle, when
    nobody is eligible, or when a deal was stopped or its budget taken while the lists were made.
    """
    with database.read() as session:
        _free(session, as_of)
        languages = households.languages(session)
        refs = {key: ref for ref, key in households.ids_by_ref(session).items()}
    plan = plan_cycle(database, settings, as_of=as_of, seed=seed, progress=progress)
    chosen = plan.homes["household_id"]
    with database.read() as session:
        drawn = draw_codes(
            session,
            settings,
            issue=f"{as_of.isoformat()}:{seed}",
            households=[(household_id, refs[household_id]) for household_id in chosen],
        )
    recipients = [
        Recipient(household_id, languages[household_id], code)
        for household_id, code in zip(chosen, drawn, strict=True)
    ]
    drafted = stages.compose(
        recipients,
        settings=settings,
        basis=plan.basis,
        purchases=plan.purchases,
        scores=plan.scores,
        chosen=plan.chosen,
    )
    progress("compose", len(drafted), len(drafted))
    held = ghosts(
        # What a partner's slot does is not to be seen in purchases.
        plan.pairs.filter(pl.col("kind") == DealKind.PRODUCT),
        plan.allocation.prices,
        plan.homes,
        terms=plan.terms,
        holdout_percent=settings.holdout_percent,
        salt=issue_salt(as_of, seed),
    )
    report = _issue(database, _report(plan, drafted), plan, drafted, held)
    forget_shards(settings, plan.basis, seed=seed)
    return report


def _free(session: Session, as_of: date) -> None:
    if cycles.as_of(session, as_of) is not None:
        raise Conflict(f"There is a cycle as of {as_of} already.")


def _report(plan: Plan, drafted: Sequence[stages.Drafted]) -> CycleReport:
    certificate = plan.allocation.certificate
    worth = by_worth(plan.homes, plan.chosen)
    return CycleReport(
        cycle_id=0,
        as_of=plan.basis.as_of,
        valid_from=plan.basis.valid_from,
        valid_to=plan.basis.valid_to,
        households=plan.households,
        eligible=plan.homes.height,
        holdout=plan.homes.filter(pl.col("arm") == HOLDOUT).height,
        lists=len(drafted),
        offers_running=plan.basis.offers.height,
        candidates=stages.given(plan.pairs).height,
        offers_issued=sum(len(each.document.offers) for each in drafted),
        reminders_issued=sum(len(each.document.reminders) for each in drafted),
        face_value_cents=sum(each.document.worth_cents for each in drafted),
        reserved_cents=int(_reserved(drafted)["cents"].sum()),
        gap=round(certificate.gap, 6),
        violations=certificate.violations,
        floor_shortfall_cents=int(worth["shortfall_cents"].sum()),
        learned_cycles=plan.learned.evidence["cycle_id"].n_unique(),
        worth=tuple(worth.to_dicts()),
    )


def by_worth(homes: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """What lists come to by worth of their households, those held out aside; by decile.

    worth_decile, households, floor_cents, ceiling_cents, offers, face_value_cents (all lists),
    mean_face_value_cents (rounded down), below_floor (households), shortfall_cents.
    """
    lists_worth = chosen.group_by("household_id").agg(
        pl.len().cast(pl.Int64).alias("offers"), pl.col("face_value_cents").sum()
    )
    missing = (pl.col("face_value_floor_cents") - pl.col("face_value_cents")).clip(lower_bound=0)
    return (
        homes.filter(pl.col("arm") == EXPOSED)
        .join(lists_worth, on="household_id", how="left")
        .with_columns(pl.col("offers", "face_value_cents").fill_null(0))
        .group_by("worth_decile")
        .agg(
            pl.len().cast(pl.Int64).alias("households"),
            pl.col("face_value_floor_cents").first().alias("floor_cents"),
            pl.col("face_value_ceiling_cents").first().alias("ceiling_cents"),
            pl.col("offers").sum(),
            pl.col("face_value_cents").sum(),
            (pl.col("face_value_cents").sum() // pl.len()).alias("mean_face_value_cents"),
            (missing > 0).sum().cast(pl.Int64).alias("below_floor"),
            missing.sum().alias("shortfall_cents"),
        )
        .sort("worth_decile")
    )


def _reserved(drafted: Sequence[stages.Drafted]) -> pl.DataFrame:
    """What lists reserve: offer_id, cents, copies; by offer."""
    rows = [
        (line["offer_id"], line["reserved_cents"] * line["uses"])
        for each in drafted
        for line in each.lines
        if line["offer_id"] is not None
    ]
    frame = pl.DataFrame(rows, schema={"offer_id": pl.Int64, "cents": pl.Int64}, orient="row")
    return (
        frame.group_by("offer_id")
        .agg(pl.col("cents").sum(), pl.len().cast(pl.Int64).alias("copies"))
        .sort("offer_id")
    )


def _issue(
    database: Database,
    report: CycleReport,
    plan: Plan,
    drafted: Sequence[stages.Drafted],
    held: pl.DataFrame,
) -> CycleReport:
    now = datetime.now(UTC)

    def write(session: Session) -> CycleReport:
        reserved = _reserved(drafted)
        stand = states.hold(session, reserved["offer_id"].to_list())
        # Only now: a cycle of the same date may have been issued while this one waited.
        _free(session, report.as_of)
        _still_there(session, reserved, stand)
        cycle = Cycle(
            as_of=report.as_of,
            seed=plan.task.by.seed,
            valid_from=report.valid_from,
            valid_to=report.valid_to,
            issued_at=now,
            usage_bounds=plan.task.bounds.write_json(),
            summary="",
        )
        cycle_id = cycles.add(session, cycle)
        issued = CycleReport(**{**asdict(report), "cycle_id": cycle_id})
        cycle.summary = json.dumps(asdict(issued), default=str)
        lists.issue(session, *_frames(drafted, plan.basis, cycle_id=cycle_id, now=now))
        cycles.add_prices(
            session,
            cycle_id,
            plan.allocation.prices.select("offer_id", "budget_price", "circulation_price_cents"),
        )
        cycles.add_arms(session, cycle_id, _arms(plan.homes))
        responses.add_ghosts(session, cycle_id, held)
        responses.keep(session, plan.learned.artefact())
        held_cents = reserved.select("offer_id", "cents").iter_rows()
        ledger.post_by_offer(
            session, f"cycle-{cycle_id}", EntryKind.ISSUE, held_cents, reserve, at=now
        )
        slots = _printed_slots(drafted)
        ledger.post_by_offer(
            session, f"slots-{cycle_id}", EntryKind.ISSUE, slots, charge_slots, at=now
        )
        states.follow_facts(session, on=report.as_of, at=now)
        return issued

    return database.settle(write, busy="Other cycles are being issued; run the cycle again.")


def _arms(homes: pl.DataFrame) -> pl.DataFrame:
    return homes.select("household_id", "arm", "worth_decile", "tier")


def _printed_slots(drafted: Sequence[stages.Drafted]) -> list[tuple[int, int]]:
    """What the copies of partners' slots cost, by offer: a copy is owed when it is printed."""
    cents: dict[int, int] = {}
    for each in drafted:
        for line in each.lines:
            if line["kind"] == stages.PARTNER_LINE:
                offer_id = line["offer_id"]
                cents[offer_id] = cents.get(offer_id, 0) + line["reserved_cents"] * line["uses"]
    return sorted(cents.items())


def _still_there(session: Session, reserved: pl.DataFrame, stand: Mapping[int, str]) -> None:
    """See that each offer held may still be issued and has the room planned for.

    Whoever else issues copies or changes a budget waits; so no budget is promised twice.
    """
    gone = [key for key, state in stand.items() if state not in ISSUABLE]
    wanted = reserved.join(offers.committed(session), on="offer_id", how="left").join(
        offers.limits(session), on="offer_id", how="left"
    )
    over = wanted.filter(
        (pl.col("cents") + pl.col("spent_cents") > pl.col("budget_cents"))
        | (pl.col("copies") + pl.col("issued") > pl.col("circulation_max"))
    )
    changed = sorted({*gone, *over["offer_id"]})
    if changed:
        named = ", ".join(map(str, changed[:10]))
        raise Conflict(
            f"Deals were changed while the lists were made (offers {named}); nothing was issued. "
            "Run the cycle again."
        )


def _frames(
    drafted: Sequence[stages.Drafted], basis: Basis, *, cycle_id: int, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lists and their lines as the store takes them."""
    listed = pl.DataFrame(
        {
            "code": [each.document.list_code for each in drafted],
            "household_id": [each.household_id for each in drafted],
            "document": [each.document.to_json() for each in drafted],
        },
        {"code": pl.String, "household_id": pl.Int64, "document": pl.String},
    ).with_columns(
        pl.lit(cycle_id, pl.Int64).alias("cycle_id"),
        pl.lit(basis.valid_from).alias("valid_from"),
        pl.lit(basis.valid_to).alias("valid_to"),
        pl.lit(now).cast(pl.Datetime("us", "UTC")).alias("written_at"),
    )
    lines = pl.DataFrame(
        [{"code": each.document.list_code, **line} for each in drafted for line in each.lines],
        {
            "code": pl.String,
            "line": pl.Int64,
            "kind": pl.String,
            "item_id": pl.Int64,
            "offer_id": pl.Int64,
            "text": pl.String,
            "reason": pl.String,
            "face_value_cents": pl.Int64,
            "uses": pl.Int64,
            "reserved_cents": pl.Int64,
            "p_purchase": pl.Float64,
            "cell": pl.String,
            "expected_uses": pl.Float64,
            "expected_gain": pl.Float64,
            "terms": pl.String,
        },
    )
    return listed, lines
