"""Queries on goodwill."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from service.store.tables.goodwill import Goodwill, GoodwillState

_HOLDS = (GoodwillState.WAITING, GoodwillState.GIVEN)


def get(session: Session, number: int) -> Goodwill | None:
    """One, by number."""
    return session.get(Goodwill, number)


def by_request(session: Session, request: str) -> Goodwill | None:
    """The one that was asked for under this name."""
    return session.exec(select(Goodwill).where(Goodwill.request == request)).first()


def held_by(session: Session, subject: str) -> Goodwill | None:
    """What waits or is given for a subject."""
    statement = select(Goodwill).where(Goodwill.subject == subject, col(Goodwill.state).in_(_HOLDS))
    return session.exec(statement).first()


def given_in_day(session: Session, person_id: int, day: date) -> int:
    """The cents that a person gave in a day, with those that wait."""
    statement = select(func.coalesce(func.sum(Goodwill.amount_cents), 0)).where(
        Goodwill.person_id == person_id,
        Goodwill.given_on == day,
        col(Goodwill.state).in_(_HOLDS),
    )
    return int(session.exec(statement).one())


def add(session: Session, row: Goodwill) -> None:
    """Write one; it has its number afterwards."""
    session.add(row)
    session.flush()


def move(
    session: Session,
    number: int,
    *,
    source: GoodwillState,
    target: GoodwillState,
    second: tuple[int | None, datetime] | None = None,
    voided_at: datetime | None = None,
) -> bool:
    """Move one from a state to another, by one statement; whether it was in the state."""
    values: dict[str, object] = {"state": target.value}
    if second is not None:
        values |= {"second_person_id": second[0], "second_at": second[1]}
    if voided_at is not None:
        values["voided_at"] = voided_at
    moved: int = session.execute(
        update(Goodwill)
        .where(col(Goodwill.id) == number, col(Goodwill.state) == source.value)
        .values(**values)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    return moved == 1


def of_receipt(session: Session, redemption_id: str) -> Sequence[Goodwill]:
    """Everything asked for because of a sale, the newest first."""
    statement = select(Goodwill).where(Goodwill.redemption_id == redemption_id)
    return session.exec(statement.order_by(col(Goodwill.id).desc())).all()


def of_list(session: Session, list_id: int) -> Sequence[Goodwill]:
    """Everything asked for because of a list, the newest first."""
    statement = select(Goodwill).where(Goodwill.list_id == list_id)
    return session.exec(statement.order_by(col(Goodwill.id).desc())).all()


def page(
    session: Session,
    *,
    state: GoodwillState | None = None,
    household_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Goodwill]:
    """The newest first; every filter that is given must match."""
    statement = select(Goodwill).order_by(col(Goodwill.id).desc()).limit(limit)
    if state is not None:
        statement = statement.where(Goodwill.state == state.value)
    if household_id is not None:
        statement = statement.where(Goodwill.household_id == household_id)
    if before_id is not None:
        statement = statement.where(col(Goodwill.id) < before_id)
    return session.exec(statement).all()
