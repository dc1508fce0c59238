"""Queries on what households ask the store about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from service.store.bulk import is_sqlite
from service.store.tables.goodwill import Goodwill, GoodwillState
from service.store.tables.household_case import CaseState, HouseholdCase


class CaseCounts(NamedTuple):
    """How many cases wait, how many of them for longer than a day; and of those that had a day.

    `counted` were asked within the time that is looked at and at least a day ago, or are answered;
    `in_a_day` of them were answered within a day.
    """

    waiting: int
    late: int
    counted: int
    in_a_day: int


def add(session: Session, row: HouseholdCase) -> None:
    """Add a case, unless it was asked before."""
    table: Table = HouseholdCase.__table__  # type: ignore[attr-defined]
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    new = make(table).values(**row.model_dump(exclude={"id"}))
    session.execute(new.on_conflict_do_nothing())


def get(session: Session, number: int) -> HouseholdCase | None:
    """One case."""
    return session.get(HouseholdCase, number)


def of_household(session: Session, household_id: int) -> Sequence[HouseholdCase]:
    """What a household asked, the newest first."""
    statement = select(HouseholdCase).where(HouseholdCase.household_id == household_id)
    return session.exec(statement.order_by(col(HouseholdCase.id).desc())).all()


def waiting(session: Session, *, limit: int) -> Sequence[HouseholdCase]:
    """The cases that wait, the longest waiting first."""
    statement = (
        select(HouseholdCase)
        .where(HouseholdCase.state == CaseState.OPEN)
        .order_by(col(HouseholdCase.asked_at), col(HouseholdCase.id))
        .limit(limit)
    )
    return session.exec(statement).all()


def answer(
    session: Session, number: int, *, text: str, goodwill_id: int | None, by: tuple[int, str],
    at: datetime,
) -> bool:  # fmt: skip
    """Answer a case that waits; False when it does not."""
    mine = update(HouseholdCase).where(
        col(HouseholdCase.id) == number, col(HouseholdCase.state) == CaseState.OPEN
    )
    person_id, actor = by
    result = session.execute(
        mine.values(
            state=CaseState.ANSWERED, answer=text, goodwill_id=goodwill_id, person_id=person_id,
            actor=actor, answered_at=at,
        )
    )  # fmt: skip
    return bool(result.rowcount)  # type: ignore[attr-defined]


def given(session: Session, household_id: int) -> dict[int, int]:
    """The cents that were given with an answer, by case; what waits for a second person is none."""
    statement = (
        select(HouseholdCase.id, Goodwill.amount_cents)
        .join(Goodwill, col(Goodwill.id) == col(HouseholdCase.goodwill_id))
        .where(
            HouseholdCase.household_id == household_id, Goodwill.state == GoodwillState.GIVEN
        )
    )  # fmt: skip
    return dict(session.exec(statement).all())


def count_open(session: Session, household_id: int) -> int:
    """How many cases of a household wait."""
    statement = select(func.count()).where(
        HouseholdCase.household_id == household_id, HouseholdCase.state == CaseState.OPEN
    )
    return session.exec(statement).one()


def counts(session: Session, *, since: datetime, now: datetime, most: int) -> CaseCounts:
    """How cases are answered: those that wait, up to `most`, and those asked since a moment."""
    day = timedelta(days=1)
    moments = select(
        HouseholdCase.state, HouseholdCase.asked_at, HouseholdCase.answered_at
    )  # fmt: skip
    open_ones = moments.where(HouseholdCase.state == CaseState.OPEN).limit(most)
    recent = moments.where(col(HouseholdCase.asked_at) >= since).limit(most)
    waits = [asked for _, asked, _ in session.exec(open_ones)]
    had_a_day = [
        answered is not None and answered - asked <= day
        for _, asked, answered in session.exec(recent)
        if answered is not None or asked <= now - day
    ]
    return CaseCounts(
        waiting=len(waits),
        late=sum(asked <= now - day for asked in waits),
        counted=len(had_a_day),
        in_a_day=sum(had_a_day),
    )
