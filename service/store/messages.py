"""Queries on messages to households; each is held by one process at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, update
from sqlmodel import Session, col, func, select

from service.store.tables.message import Message, MessageState

OPEN = (MessageState.WAITING, MessageState.HANDING)


def add(session: Session, row: Message) -> None:
    """Put a message into the outbox."""
    session.add(row)
    session.flush()


def is_any_due(session: Session, *, now: datetime) -> bool:
    """Whether anything is to be done for a message now."""
    statement = select(Message.id).where(
        col(Message.state).in_(OPEN), col(Message.next_at) <= now, _is_free(now)
    )
    return session.exec(statement.limit(1)).first() is not None


def end_overdue(session: Session, *, now: datetime) -> None:
    """End what is too late to be of use, and what a process handed over and did not live to say."""
    late = update(Message).where(
        col(Message.state) == MessageState.WAITING, col(Message.expires_at) <= now, _is_free(now)
    )
    session.execute(late.values(state=MessageState.EXPIRED, ended_at=now, sealed=""))
    dead = update(Message).where(col(Message.state) == MessageState.HANDING, _is_free(now))
    session.execute(
        dead.values(
            state=MessageState.UNSURE, ended_at=now, sealed="",
            problem="the process ended while it was handed over",
        )
    )  # fmt: skip


def hold(session: Session, *, limit: int, now: datetime, until: datetime) -> Sequence[Message]:
    """Take messages that wait, the oldest first, for the caller alone until then."""
    statement = (
        select(Message)
        .where(Message.state == MessageState.WAITING, col(Message.next_at) <= now, _is_free(now))
        .order_by(col(Message.next_at), col(Message.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.exec(statement).all()
    for row in found:
        row.held_until = until
        session.add(row)
    session.flush()
    for row in found:
        session.expunge(row)
    return found


def begin(session: Session, row: Message, *, until: datetime) -> bool:
    """Write that a message is handed over now; False when it is no longer the caller's."""
    mine = update(Message).where(
        col(Message.id) == row.id,
        col(Message.state) == MessageState.WAITING,
        col(Message.held_until) == row.held_until,
    )
    result = session.execute(
        mine.values(
            state=MessageState.HANDING, held_until=until, attempts=col(Message.attempts) + 1
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def end(
    session: Session, row: Message, state: MessageState, *, at: datetime, problem: str = ""
) -> None:
    """Write what became of a message; nothing of its text stays."""
    mine = update(Message).where(col(Message.id) == row.id)
    session.execute(
        mine.values(state=state, ended_at=at, held_until=None, problem=problem, sealed="")
    )


def try_again(session: Session, row: Message, *, next_at: datetime, problem: str) -> None:
    """Let a message that did not go out wait until then."""
    mine = update(Message).where(col(Message.id) == row.id, col(Message.state).in_(OPEN))
    session.execute(
        mine.values(
            state=MessageState.WAITING, next_at=next_at, held_until=None, problem=problem,
            attempts=row.attempts + 1,
        )
    )  # fmt: skip


def count_of_household(session: Session, household_id: int, *, since: datetime) -> int:
    """How many messages were made for a household since a moment."""
    statement = select(func.count()).where(
        Message.household_id == household_id, col(Message.made_at) > since
    )
    return session.exec(statement).one()


def newest_of_household(session: Session, household_id: int, *, limit: int) -> Sequence[Message]:
    """The newest messages to a household."""
    statement = select(Message).where(Message.household_id == household_id)
    return session.exec(statement.order_by(col(Message.id).desc()).limit(limit)).all()


def count_not_sent(session: Session, *, since: datetime) -> int:
    """How many messages came too late or may not have gone out since a moment; bounces go on."""
    failed = (MessageState.EXPIRED, MessageState.UNSURE)
    statement = select(func.count()).where(
        col(Message.state).in_(failed), col(Message.ended_at) > since
    )
    return session.exec(statement).one()


def forget(session: Session, *, before: datetime) -> None:
    """Remove the messages that ended before a moment."""
    session.execute(delete(Message).where(col(Message.ended_at) < before))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(col(Message.held_until).is_(None), col(Message.held_until) <= now)
