"""Queries on what the newest lists came to at the tills, and on what waits for people."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Date, text
from sqlmodel import Session, col, func, select

from service.store import issued as kept
from service.store.offers.kept import at_one_moment, values
from service.store.sum_rows import DAY_SUMS, cycle_days
from service.store.tables.cycle import Batch, BatchState, Cycle, Run, RunState

BY_DAY = {
    "day": pl.Date,
    "uses": pl.Int64,
    "discount_cents": pl.Int64,
    "supplier_cents": pl.Int64,
}
"""The columns of `uses_by_day`."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What a cycle's lists held when they were issued, partners' slots left out.

    `expected_uses` are the uses that were expected of all copies, of which those without an
    expectation count none.
    """

    lists: int
    copies: int
    face_value_cents: int
    expected_uses: float


def issued(session: Session, cycle: Cycle) -> Issued:
    """What the lists of a cycle hold, as it was counted when they were issued.

    They are counted again where a batch of them was voided since.
    """
    lists = cycle.summary.get("lists")
    if lists is None or _has_voided(session, cycle.id):
        return count_issued(session, cycle.id)
    return Issued(lists, *kept.in_all(session, cycle.id))


def count_issued(session: Session, cycle_id: int) -> Issued:
    """The same, counted line by line."""
    lists, copies, face_value_cents, expected = session.execute(
        text(
            """SELECT count(DISTINCT s.id), count(l.line), coalesce(sum(l.face_value_cents), 0),
                      coalesce(sum(l.expected_uses), 0)
               FROM shopping_list s
               LEFT JOIN list_line l ON l.list_id = s.id AND l.offer_id IS NOT NULL
                    AND l.uses > 0
               WHERE s.cycle_id = :cycle AND s.state IN ('issued', 'expired')"""
        ),
        {"cycle": cycle_id},
    ).one()
    return Issued(lists, copies, int(face_value_cents), float(expected))


def _has_voided(session: Session, cycle_id: int) -> bool:
    statement = select(Batch.id).where(Batch.cycle_id == cycle_id, Batch.state == BatchState.VOIDED)
    return session.exec(statement.limit(1)).first() is not None


def uses_by_day(session: Session, cycle_id: int) -> pl.DataFrame:
    """The uses of a cycle's lists that count, by business day; see `BY_DAY`.

    Those that are kept, and those that came after the mark of sums.
    """
    names = ", ".join(DAY_SUMS)
    statement = text(
        f"""SELECT day, {", ".join(f"sum({name})" for name in DAY_SUMS)} FROM (
                SELECT day, {names} FROM cycle_day WHERE cycle_id = :cycle
                UNION ALL SELECT day, {names}
                FROM ({cycle_days("r.id > :line_mark AND s.cycle_id = :cycle")}) AS newer
            ) AS whole GROUP BY day HAVING sum(uses) <> 0 ORDER BY day"""
    ).columns(day=Date())
    rows = at_one_moment(
        session,
        lambda mark: session.execute(statement, {"cycle": cycle_id, **values(mark)}).all(),
    )
    return pl.DataFrame(
        [(day, *(int(value) for value in sums)) for day, *sums in rows], BY_DAY, orient="row"
    )


def failed_runs(session: Session, *, since: datetime) -> int:
    """Runs that failed since a moment."""
    statement = (
        select(func.count())
        .select_from(Run)
        .where(col(Run.state) == RunState.FAILED, col(Run.finished_at) >= since)
    )
    return session.exec(statement).one()


def batches_not_received(session: Session, *, published_before: datetime) -> int:
    """Batches that lie ready since a moment, and that the mailing house has not confirmed."""
    statement = (
        select(func.count())
        .select_from(Batch)
        .where(
            col(Batch.state) == BatchState.READY,
            col(Batch.received_at).is_(None),
            col(Batch.purged_at).is_(None),
            col(Batch.published_at) < published_before,
        )
    )
    return session.exec(statement).one()
