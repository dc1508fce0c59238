"""Queries on guesses; `till` counts them."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from service.store.tables.guess import Guess
from service.store.till import GuessBy, GuessLimits


def forget(session: Session, *, before: datetime) -> None:
    """Remove the guesses from before a moment, which no longer count."""
    session.execute(delete(Guess).where(col(Guess.guessed_at) < before))


def forget_one(session: Session, key_id: int, kind: str, digest: str) -> None:
    """Remove a guess that turned out to be right."""
    session.execute(
        delete(Guess).where(
            col(Guess.key_id) == key_id, col(Guess.kind) == kind, col(Guess.digest) == digest
        )
    )


def oldest_of_newest(session: Session, by: GuessBy, limits: GuessLimits) -> datetime | None:
    """When the guess was made that must grow old before another has room; None when there is room.

    The limits are those of `by.key_id` and of `by.store_id`.
    """
    found = [
        session.exec(
            select(Guess.guessed_at)
            .where(
                Guess.kind == by.kind,
                owner,
                col(Guess.guessed_at) > limits.since,
                col(Guess.guessed_at) < limits.until,
            )
            .order_by(col(Guess.guessed_at).desc())
            .offset(most - 1)
            .limit(1)
        ).first()
        for owner, most in (
            (col(Guess.key_id) == by.key_id, limits.key_most),
            (col(Guess.store_id) == by.store_id, limits.store_most),
        )
    ]
    return max((each for each in found if each is not None), default=None)
