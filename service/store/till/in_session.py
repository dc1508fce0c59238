"""The gate's look and write inside a unit of work that does more than these."""

from typing import Any

import psycopg
from sqlmodel import Session

from service.store.bulk import is_sqlite
from service.store.till import postgresql, sqlite
from service.store.till.steps import Effect, Look, Seen


def look(session: Session, wanted: Look) -> Seen:
    """Look up everything as of now."""
    driver = _driver(session)
    if is_sqlite(session):
        return sqlite.look(driver, wanted)
    cursor: psycopg.RawCursor[Any] = psycopg.RawCursor(driver)
    cursor.execute(postgresql.LOOK, postgresql.look_parameters(wanted))
    row, fit = cursor.fetchone() or (), None
    if asked := postgresql.fit_parameters(wanted, row):
        (fit,) = cursor.execute(postgresql.FIT, asked).fetchone() or (None,)
    return postgresql.seen(row, wanted, fit)


def write(session: Session, effect: Effect) -> None:
    """Write an effect; the driver's unique violation when its reference is taken.

    The caller holds the lists it names, so nothing of it can have changed since the look.
    """
    driver = _driver(session)
    if is_sqlite(session):
        sqlite.write(driver, effect)
        return
    cursor: psycopg.RawCursor[Any] = psycopg.RawCursor(driver)
    cursor.execute(postgresql.WRITE, postgresql.write_parameters(effect))


def _driver(session: Session) -> Any:
    return session.connection().connection.driver_connection
