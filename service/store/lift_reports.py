"""Queries on frozen reports of lift, their rows, and what suppliers were shown of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text, update
from sqlmodel import Session, col, func, select

from service.engine.lift.figures import Figures
from service.store.tables.catalogue import Supplier
from service.store.tables.claim import Claim
from service.store.tables.cycle import Cycle
from service.store.tables.lift_report import LiftRelease, LiftReport, LiftRows, LiftShowing
from service.store.tables.offer import Offer
from service.store.tables.outcome import OutcomeWindow


class Listed(NamedTuple):
    """A report in a list of reports."""

    id: int
    cycle_id: int
    offer_id: int
    deal_ref: str
    first_day: int
    last_day: int
    is_addendum: bool
    sha256: str | None


class OfDeal(NamedTuple):
    """A report with its deal and its cycle."""

    report: LiftReport
    offer: Offer
    cycle: Cycle


class Showing(NamedTuple):
    """A showing with what was shown."""

    shown_at: datetime
    supplier_id: int
    subject: str
    number: int
    digest: str
    shown_to: str
    form: str
    sha256: str


def add(
    session: Session,
    window: OutcomeWindow,
    figures: Mapping[int, Figures],
    rows: Iterable[tuple[int, str, bytes]],
    *,
    is_addendum: bool,
) -> None:
    """Freeze the reports of a window by deal, with the rows to draw them again by."""
    reports = {
        offer_id: LiftReport(
            cycle_id=window.cycle_id,
            offer_id=offer_id,
            first_day=window.first_day,
            last_day=window.last_day,
            is_addendum=is_addendum,
            counted_until=window.counted_until,
            made_at=window.counted_at,
            figures=found,
        )
        for offer_id, found in sorted(figures.items())
    }
    session.add_all(reports.values())
    session.flush()
    for offer_id, sha256, content in rows:
        session.add(LiftRows(report_id=reports[offer_id].id, sha256=sha256, content=content))
    session.flush()


def get(session: Session, report_id: int) -> OfDeal | None:
    """A report by its id."""
    statement = (
        select(LiftReport, Offer, Cycle)
        .join(Offer, col(Offer.id) == col(LiftReport.offer_id))
        .join(Cycle, col(Cycle.id) == col(LiftReport.cycle_id))
        .where(LiftReport.id == report_id)
    )
    found = session.exec(statement).first()
    return None if found is None else OfDeal(*found)


def rows(session: Session, report_id: int) -> LiftRows | None:
    """The kept rows of a report."""
    return session.get(LiftRows, report_id)


def keep_p_values(session: Session, report_id: int, p_values: dict[str, float]) -> None:
    """Keep what drawing a report's arms again found, by control."""
    session.execute(
        update(LiftRows).where(col(LiftRows.report_id) == report_id).values(p_values=p_values)
    )


def p_values(session: Session, report_ids: Collection[int]) -> dict[int, dict[str, float]]:
    """The p-values by control that were found for some reports."""
    statement = select(LiftRows.report_id, LiftRows.p_values).where(
        col(LiftRows.report_id).in_(report_ids)
    )
    return {report_id: dict(found) for report_id, found in session.exec(statement)}


def unfinished(
    session: Session, supplier_id: int, *, first: date, last: date, windows: int
) -> list[int]:
    """Cycles that began in some days and picked a supplier's deals, with fewer final windows."""
    rows = session.execute(
        text(
            """SELECT c.id FROM cycle c
               WHERE c.valid_from >= :first AND c.valid_from <= :last AND c.withdrawn_at IS NULL
                 AND EXISTS (SELECT 1 FROM cycle_pick p JOIN offer o ON o.id = p.offer_id
                             WHERE p.cycle_id = c.id AND p.arm = 'exposed'
                               AND o.supplier_id = :supplier)
                 AND (SELECT count(*) FROM outcome_window w
                      WHERE w.cycle_id = c.id AND w.final) < :windows
               ORDER BY c.id"""
        ),
        {"first": first, "last": last, "supplier": supplier_id, "windows": windows},
    )
    return [int(cycle_id) for (cycle_id,) in rows]


def of_cycle(session: Session, cycle_id: int) -> list[Listed]:
    """The reports of a cycle, by deal and window."""
    statement = (
        select(  # type: ignore[call-overload]
            LiftReport.id,
            LiftReport.cycle_id,
            LiftReport.offer_id,
            Offer.deal_ref,
            LiftReport.first_day,
            LiftReport.last_day,
            LiftReport.is_addendum,
            LiftRows.sha256,
        )
        .join(Offer, col(Offer.id) == col(LiftReport.offer_id))
        .join(LiftRows, col(LiftRows.report_id) == col(LiftReport.id), isouter=True)
        .where(LiftReport.cycle_id == cycle_id)
        .order_by(col(LiftReport.offer_id), col(LiftReport.first_day), col(LiftReport.is_addendum))
    )
    return [Listed(*row) for row in session.execute(statement)]


def of_supplier(session: Session, supplier_id: int) -> list[OfDeal]:
    """All reports of a supplier's deals, by cycle, deal and window; an addendum is the last."""
    statement = (
        select(LiftReport, Offer, Cycle)
        .join(Offer, col(Offer.id) == col(LiftReport.offer_id))
        .join(Cycle, col(Cycle.id) == col(LiftReport.cycle_id))
        .where(Offer.supplier_id == supplier_id)
        .order_by(
            col(Cycle.valid_from),
            col(LiftReport.cycle_id),
            col(LiftReport.offer_id),
            col(LiftReport.first_day),
            col(LiftReport.is_addendum),
        )
    )
    return [OfDeal(*row) for row in session.exec(statement)]


class Reported(NamedTuple):
    """A deal with frozen reports, and the first days of its cycles' lists."""

    supplier_id: int
    deal_ref: str
    title: str
    first: date
    last: date


def reported_deals(session: Session, supplier_ids: Collection[int]) -> list[Reported]:
    """The deals of some suppliers with reports of cycles that were not taken back, newest first."""
    last = func.max(Cycle.valid_from)
    statement = (
        select(  # type: ignore[call-overload]
            Offer.supplier_id, Offer.deal_ref, func.max(Offer.title),
            func.min(Cycle.valid_from), last,
        )
        .join(LiftReport, col(LiftReport.offer_id) == col(Offer.id))
        .join(Cycle, col(Cycle.id) == col(LiftReport.cycle_id))
        .where(col(Offer.supplier_id).in_(supplier_ids), col(Cycle.withdrawn_at).is_(None))
        .group_by(col(Offer.supplier_id), col(Offer.deal_ref))
        .order_by(last.desc(), col(Offer.supplier_id), col(Offer.deal_ref))
    )  # fmt: skip
    return [Reported(*row) for row in session.execute(statement)]


def first_windows(session: Session, supplier_id: int, *, most: int = 50) -> list[OfDeal]:
    """The newest reports of a supplier's deals' first windows."""
    statement = (
        select(LiftReport, Offer, Cycle)
        .join(Offer, col(Offer.id) == col(LiftReport.offer_id))
        .join(Cycle, col(Cycle.id) == col(LiftReport.cycle_id))
        .where(
            Offer.supplier_id == supplier_id,
            LiftReport.first_day == 0,
            col(Cycle.withdrawn_at).is_(None),
        )
        .order_by(col(LiftReport.id).desc())
        .limit(most)
    )
    return [OfDeal(*row) for row in session.exec(statement)]


def hold_supplier(session: Session, name: str) -> Supplier | None:
    """A supplier, held until the transaction ends: one report at a time is made for each."""
    statement = select(Supplier).where(Supplier.name == name).with_for_update()
    return session.exec(statement).first()


def releases(session: Session, supplier_id: int) -> Sequence[LiftRelease]:
    """All that a supplier was ever shown, the oldest first."""
    statement = select(LiftRelease).where(LiftRelease.supplier_id == supplier_id)
    return session.exec(statement.order_by(col(LiftRelease.id))).all()


def add_release(session: Session, release: LiftRelease) -> LiftRelease:
    """Add a release; it has its id then."""
    session.add(release)
    session.flush()
    return release


def add_showing(session: Session, showing: LiftShowing) -> None:
    """Record that a release was shown."""
    session.add(showing)
    session.flush()


def showings(
    session: Session, *, supplier_ids: Collection[int] | None = None, limit: int = 50
) -> list[Showing]:
    """What was shown to whom, the newest first; of some suppliers or of all."""
    statement = (
        select(  # type: ignore[call-overload]
            LiftShowing.shown_at,
            LiftRelease.supplier_id,
            LiftRelease.subject,
            LiftRelease.number,
            LiftRelease.digest,
            LiftShowing.shown_to,
            LiftShowing.form,
            LiftShowing.sha256,
        )
        .join(LiftRelease, col(LiftRelease.id) == col(LiftShowing.release_id))
        .order_by(col(LiftShowing.id).desc())
        .limit(limit)
    )
    if supplier_ids is not None:
        statement = statement.where(col(LiftRelease.supplier_id).in_(supplier_ids))
    return [Showing(*row) for row in session.execute(statement)]


def claimed_until(session: Session, supplier_id: int) -> date | None:
    """The day up to which issued claims told a supplier every use; None without one."""
    statement = (
        select(func.max(Claim.drawn_to))
        .join(Supplier, col(Supplier.account_id) == col(Claim.account_id))
        .where(Supplier.id == supplier_id, col(Claim.serial).is_not(None))
    )
    return session.exec(statement).one()
