"""Queries on guesses; counting them is the till's own (see `till`)."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from service.store.tables.guess import Guess


def forget(session: Session, *, before: datetime) -> None:
    """Remove the guesses that nothing counts any more."""
    session.execute(delete(Guess).where(col(Guess.guessed_at) < before))
