"""A cycle: every eligible household's list, made together and issued at once."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from sqlmodel import Session

from service.cycle.compose import read_around
from service.cycle.expiry import closing_day, expire_lists
from service.cycle.measured import measure_of
from service.cycle.plan import Plan, plan_cycle
from service.cycle.planned import require_same
from service.cycle.report import CycleReport, report_on
from service.cycle.serials import draw_recipients
from service.cycle.shards import forget_shards, run_folder
from service.cycle.written import Written, write_lists
from service.engine.ledger import EntryKind, charge_slots, reserve
from service.engine.lifecycle import ISSUABLE
from service.engine.offers.overrides import OverrideAct
from service.errors import Conflict
from service.files.report import Progress
from service.notice import Notice
from service.settings import Settings
from service.store import audit, cycles, general_items, households, issued, ledger, lists, overrides
from service.store.actor import Actor
from service.store.clearing import accounts, agreements
from service.store.offers import issuable, products, responses, states
from service.store.session import Database
from service.store.tables.cycle import Cycle

_BUSY = Notice("Other cycles are being issued; run the cycle again.")


def run_cycle(
    database: Database,
    settings: Settings,
    *,
    as_of: date,
    seed: int,
    progress: Progress,
    now: datetime | None = None,
    again: int | None = None,
    planned: Mapping[str, str] | None = None,
    by: Actor | None = None,
) -> CycleReport:
    """Make and issue the lists of a date: history, predict, segment, allocate, compose.

    Lists that ended are closed first, so that their money can be promised again; they stay closed
    if the cycle fails. Which ended depends on `now` (the clock's when left out) only for a cycle
    made ahead: see `expiry.closing_day`.

    Nothing is issued until everything is made; then all of it is one transaction, so a killed run
    leaves no half of a cycle, and running it again goes on from the shards that were finished.
    `again` is a withdrawn cycle of the date, of which this is the next revision. With the digests
    of a plan (`planned`) just that is issued, or nothing. `by` is who issues it at once, for the
    audit trail; who asked for a run of it stands there already.
    Same data, date and seed: the same lists. Raises Conflict when the date has its cycle, when
    nobody is eligible, when a deal was stopped or banned or its budget taken while the lists were
    made, or when the lists would not be those planned; InvalidInput when a list cannot be printed
    whatever is on it.
    """
    now = now or datetime.now(UTC)
    with database.read() as session:
        revision = _revision(session, as_of, again)
        closing = closing_day(session, settings, as_of=as_of, now=now)
    expire_lists(database, before=closing, progress=progress)
    with database.read() as session:
        languages = households.languages(session)
        refs = {key: ref for ref, key in households.ids_by_ref(session).items()}
        decided = overrides.named(session, is_open=True)
    with plan_cycle(database, settings, as_of=as_of, seed=seed, progress=progress, now=now) as plan:
        if planned is not None:
            require_same(planned, plan)
        progress("compose", 0, plan.eligible.height)
        with database.read() as session:
            recipients = draw_recipients(
                session,
                settings,
                issue=f"{as_of.isoformat()}:{seed}" + (f":{revision}" if revision > 1 else ""),
                household_ids=plan.eligible["household_id"].to_list(),
                languages=languages,
                refs=refs,
                general=plan.general.household_ids,
            )
            around = read_around(
                session,
                settings,
                plan.inputs,
                [each.household_id for each in recipients],
                general=plan.general.household_ids,
            )
            goods = products.goods_of(session, plan.chosen["offer_id"].unique().to_list())
            measure = measure_of(session, settings, plan)
        folder = run_folder(settings, as_of=as_of, seed=seed)
        # Another run of the date may be writing lists of its own.
        with TemporaryDirectory(prefix="lists-", dir=folder, ignore_cleanup_errors=True) as own:
            written = write_lists(
                plan,
                recipients,
                settings,
                folder=Path(own),
                goods=goods,
                around=around,
                measure=measure,
                languages=languages,
                progress=progress,
            )
            plan = replace(plan, chosen=_printed(plan.chosen, written.printed))
            made = replace(
                report_on(plan, written, decided),
                mail_holdout=settings.mail_holdout,
                holdout_percent=settings.holdout_percent,
            )
            progress("issue", 0, made.lists)
            report = _issue(database, made, plan, written, on=closing, again=again, by=by)
            progress("issue", made.lists, made.lists)
    forget_shards(settings, as_of=as_of, seed=seed)
    return report


def _printed(chosen: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """The chosen pairs that are on the lists."""
    return chosen.join(printed, on=["household_id", "offer_id"], how="semi", maintain_order="left")


def _revision(session: Session, as_of: date, again: int | None) -> int:
    """The revision that a cycle of this date will be. Raises Conflict when the date has one."""
    found = cycles.as_of(session, as_of) if again is None else cycles.get(session, again)
    if found is None:
        return 1
    if found.withdrawn_at is None:
        raise Conflict("There is a cycle as of %(as_of)s already.", as_of=as_of)
    if again is None:
        raise Conflict(
            "That cycle was withdrawn; run `larder cycle recompose %(cycle)s`.",
            cycle=found.id,
        )
    return found.revision + 1


def _issue(
    database: Database,
    report: CycleReport,
    plan: Plan,
    written: Written,
    *,
    on: date,
    again: int | None,
    by: Actor | None,
) -> CycleReport:
    now = datetime.now(UTC)
    # Made before the transaction: while it lasts, SQLite's tills wait.
    reserved = written.reserved()
    prices = _lasting(plan.allocation.prices).select(
        "offer_id", "budget_price", "circulation_price_cents"
    )

    def write(session: Session) -> CycleReport:
        stand = states.lock(session, reserved["offer_id"].to_list())
        # Only now: a cycle of the same date may have been issued while this one waited.
        earlier = None if again is None else cycles.lock(session, again)
        revision = _revision(session, report.as_of, again)
        _still_there(session, reserved, stand)
        _require_no_new_ban(session, plan)
        _within_credit(session, reserved, on=report.as_of)
        cycle = _cycle(report, plan, now=now)
        if earlier is not None:
            cycle = earlier.sqlmodel_update(
                {**cycle.model_dump(exclude={"id"}), "revision": revision, "withdrawn_at": None}
            )
        cycle_id = cycles.add(session, cycle)
        numbered = CycleReport(**{**asdict(report), "cycle_id": cycle_id})
        cycle.summary = asdict(numbered)
        of_cycle = (
            pl.lit(cycle_id, pl.Int64).alias("cycle_id"),
            pl.lit(now).cast(pl.Datetime("us", "UTC")).alias("written_at"),
        )
        for part in written.parts():
            lists.issue(session, part.lists.with_columns(of_cycle), part.lines)
            cycles.add_arms(session, cycle_id, part.arms)
            cycles.add_picks(session, cycle_id, part.picks)
            cycles.add_chances(session, cycle_id, part.chances)
        # Who is not on them gets no list: what its draft announced does not come.
        lists.remove_drafts(session, None, until=report.as_of)
        cycles.add_prices(session, cycle_id, prices)
        issued.add(session, cycle_id, written.copies)
        cycles.add_caps(session, cycle_id, written.caps)
        cycles.add_left_out(session, cycle_id, plan.left_out)
        general_items.add(session, cycle_id, plan.general.items)
        responses.save(session, plan.learned.artefact())
        of_copies, of_slots = cycles.postings(cycle)
        held_cents = reserved.select("offer_id", "cents").iter_rows()
        ledger.post_by_offer(session, of_copies, EntryKind.ISSUE, held_cents, reserve, at=now)
        ledger.post_by_offer(
            session, of_slots, EntryKind.ISSUE, written.slots, charge_slots, at=now
        )
        states.follow_facts(session, on=on, at=now)
        if by is not None:
            detail = {"as_of": report.as_of.isoformat(), "lists": report.lists}
            audit.add(session, by, "issue", "cycle", cycle_id, at=now, detail=detail)
        return numbered

    return database.settle(write, busy=_BUSY)


def _cycle(report: CycleReport, plan: Plan, *, now: datetime) -> Cycle:
    return Cycle(
        as_of=report.as_of,
        seed=plan.task.by.seed,
        valid_from=report.valid_from,
        valid_to=report.valid_to,
        issued_at=now,
        usage_bounds=plan.task.bounds.to_dicts(),
        summary={},
        mail_holdout=report.mail_holdout,
    )


def _lasting(prices: pl.DataFrame) -> pl.DataFrame:
    """The prices of what may be given again: a deal whose copies are out is in no draft."""
    copies_left = pl.col("circulation_max") - pl.col("circulation")
    used_up = (copies_left <= 0) | (pl.col("budget_cents") <= 0)
    return prices.filter(~used_up.fill_null(False))


def _require_no_new_ban(session: Session, plan: Plan) -> None:
    """See that nothing was banned since. The deals are locked, and whoever bans locks them too.

    Raises Conflict. What was pinned meanwhile holds from the next list on.
    """
    running = plan.inputs.running
    stand = overrides.of_offers(session, running.offers["offer_id"].to_list())
    bans = stand.filter(pl.col("act") == OverrideAct.BAN)
    if not bans.join(running.overrides, on="override_id", how="anti").is_empty():
        raise Conflict(
            "A deal was banned while the lists were made; nothing was issued. Run the cycle again."
        )


def _within_credit(session: Session, reserved: pl.DataFrame, *, on: date) -> None:
    """See that what the copies may cost is within the credit of those who pay for them."""
    accounts.lock_with_limits(session, reserved["offer_id"].to_list())
    payers = issuable.payers(session, reserved["offer_id"].to_list())
    wanted = (
        reserved.join(payers, on="offer_id")
        .join(agreements.credit(session, on=on), on="supplier_id")
        .group_by("account_id")
        .agg(pl.col("cents").sum(), pl.col("left_cents").first())
    )
    over = wanted.filter(pl.col("cents") > pl.col("left_cents"))["account_id"].sort().to_list()
    if over:
        named = ", ".join(accounts.numbers(session, over))
        raise Conflict(
            "The credit of suppliers was used while the lists were made (accounts %(named)s); "
            "nothing was issued. Run the cycle again.",
            named=named,
        )


def _still_there(session: Session, reserved: pl.DataFrame, stand: Mapping[int, str]) -> None:
    """See that each offer held may still be issued and has the room planned for.

    Whoever else issues copies or changes a budget waits; so no budget is promised twice.
    """
    gone = [key for key, state in stand.items() if state not in ISSUABLE]
    wanted = reserved.join(issuable.committed(session), on="offer_id", how="left").join(
        issuable.limits(session), on="offer_id", how="left"
    )
    over = wanted.filter(
        (pl.col("cents") + pl.col("spent_cents") > pl.col("budget_cents"))
        | (pl.col("copies") + pl.col("issued") > pl.col("circulation_max"))
    )
    changed = sorted({*gone, *over["offer_id"]})
    if changed:
        named = ", ".join(map(str, changed[:10]))
        raise Conflict(
            "Deals were changed while the lists were made (offers %(named)s); nothing "
            "was issued. Run the cycle again.",
            named=named,
        )
