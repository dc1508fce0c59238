"""Queries on guesses; `till` counts them."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from service.store.tables.guess import Guess


def forget(session: Session, *, before: datetime) -> None:
    """Remove the guesses from before a moment, which no longer count."""
    session.execute(delete(Guess).where(col(Guess.guessed_at) < before))
