"""The frozen reports of a supplier, those of a subject, and what claims told of them."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from service.engine.lift.attacker import Known
from service.engine.lift.cube import Run, told_by_claims
from service.engine.lift.outcomes import WINDOWS
from service.engine.lift.subject import Subject
from service.errors import Conflict, NotFound
from service.store import lift_reports
from service.store.lift_reports import OfDeal
from service.store.tables.catalogue import Supplier


@dataclass(frozen=True, slots=True)
class Frozen:
    """All frozen reports of a supplier, as runs by key, and those of the subject (`wanted`)."""

    supplier: Supplier
    found: list[OfDeal]
    wanted: list[OfDeal]
    runs: dict[str, Run]


def read_frozen(session: Session, name: str, subject: Subject, *, today: date) -> Frozen:
    """The reports of a supplier, which is held until the transaction ends.

    Raises NotFound for a supplier or a subject without any, Conflict for a period that is not over
    or not final.
    """
    supplier = lift_reports.hold_supplier(session, name)
    if supplier is None:
        raise NotFound("There is no supplier %(name)s.", name=name)
    found = lift_reports.of_supplier(session, supplier.id)
    if subject.first_day is not None and subject.last_day is not None:
        first, last = subject.first_day, subject.last_day
        _require_final(session, supplier, first, last, today=today)
        wanted = [each for each in found if first <= each.cycle.valid_from <= last]
    else:
        wanted = [each for each in found if each.offer.deal_ref == subject.deal_ref]
    wanted = [each for each in wanted if each.cycle.withdrawn_at is None]
    if not wanted:
        raise NotFound("No report of that is frozen; `larder lift reports` lists them by cycle.")
    return Frozen(supplier, found, wanted, {run.key: run for run in _runs(found)})


def told_of(session: Session, read: Frozen) -> list[Known]:
    """What issued claims told of windows: one that a claim reaches into counts as told."""
    until = lift_reports.claimed_until(session, read.supplier.id)
    if until is None:
        return []
    starts = {
        (each.report.cycle_id, each.report.offer_id, each.report.first_day): each.cycle.valid_from
        for each in read.found
    }
    return [
        known
        for run in read.runs.values()
        for day in run.windows
        if starts[run.cycle_id, run.offer_id, day] + timedelta(days=day) <= until
        for known in told_by_claims(run, day)
    ]


def _require_final(
    session: Session, supplier: Supplier, first: date, last: date, *, today: date
) -> None:
    if today <= last:
        raise Conflict("That period is not over before %(day)s.", day=last + timedelta(days=1))
    waiting = lift_reports.unfinished(
        session, supplier.id, first=first, last=last, windows=len(WINDOWS)
    )
    if waiting:
        raise Conflict(
            "Not every window of cycle %(cycle)s is final; see `larder lift count`.",
            cycle=waiting[0],
        )


def _runs(found: list[OfDeal]) -> list[Run]:
    """Deals in cycles with their windows; an addendum has no counts, which would tell of few."""
    windows: dict[tuple[int, int], dict[int, OfDeal]] = {}
    for each in found:
        if not each.report.is_addendum:
            key = (each.report.cycle_id, each.report.offer_id)
            windows.setdefault(key, {})[each.report.first_day] = each
    return [
        Run(
            cycle_id,
            offer_id,
            {day: each.report.figures for day, each in sorted(by_day.items())},
            frozen_first=min(by_day, key=lambda day: by_day[day].report.id),
        )
        for (cycle_id, offer_id), by_day in windows.items()
    ]
