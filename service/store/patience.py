"""How long anybody waits for the database: nothing waits for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")

_CONNECT_SECONDS = 10.0
_POOL_SECONDS = 30.0
_LEAST_SECONDS = 0.5
"""What a new connection gets for its first answer, however long the one before it took."""
_SERVER_FIRST = 0.9
"""Of the time for an answer, what the server gets: when it ends a statement the line is kept."""


class Patience(NamedTuple):
    """Seconds that one statement may take with its locks, that connecting may, and waiting in line.

    In line for a connection of the pool, or for SQLite's one writer.
    """

    answer: float
    connect: float
    pool: float

    @classmethod
    def of(cls, seconds: float) -> "Patience":
        """Of whoever waits so long for an answer."""
        return cls(seconds, min(seconds, _CONNECT_SECONDS), min(seconds, _POOL_SECONDS))

    @property
    def server_ms(self) -> int:
        """After so many milliseconds the server itself ends a statement."""
        return int(self.answer * 1000 * _SERVER_FIRST)


UNHURRIED = Patience.of(900)
"""Of jobs and commands, whose statements may move millions of rows."""


class Opening(threading.local):
    """What the present thread may spend on getting a connection, while it gets one."""

    patience = UNHURRIED
    until: float | None = None

    @contextmanager
    def within(self, patience: Patience) -> Iterator[None]:
        """Until the connection is there."""
        self.patience, self.until = patience, time.monotonic() + patience.connect
        try:
            yield
        finally:
            self.until = None

    @property
    def left(self) -> float:
        """Seconds that are left; none are once it took too long."""
        return self.patience.connect if self.until is None else self.until - time.monotonic()


class PatientConnection(psycopg.Connection):
    """A connection that is given up when the server does not answer in time.

    Time-outs of the server say nothing when it is stopped, or when the way to it is dead.
    """

    patience = UNHURRIED
    opening: Opening | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Raises OperationalError, with the connection closed, when the answer does not come."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        seconds = self.patience.answer
        if self.opening is not None and self.opening.until is not None:
            seconds = max(_LEAST_SECONDS, min(seconds, self.opening.left))
        try:
            return super().wait(gen, interval, seconds)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(too_long(seconds)) from None


def too_long(seconds: float) -> str:
    """What is said of a server that does not answer."""
    return f"the server did not answer within {max(seconds, 0):.3g} seconds"
