"""The gate on PostgreSQL through asyncpg, from the event loop: the till's hot path.

It runs the same statements as `gate`, for a fraction of the CPU of a session.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import asyncpg  # type: ignore[import-untyped]

from service.errors import LarderError, Misconfigured
from service.store.causes import cause_of
from service.store.patience import Patience
from service.store.session import Database
from service.store.till import postgresql
from service.store.till.line import Line
from service.store.till.steps import Aside, Effect, Guesses, Look, Step, Steps, advance

Beside: TypeAlias = Callable[[Callable[[], Step | str]], Awaitable[Step | str]]
"""Calls something beside the event loop."""

_RACES = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
# The statements never change and are planned once a connection; planning the look again for every
# basket would cost twice what carrying it out does.
PLANNING = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidCachedStatementError,
    # A pooler between did not follow what was prepared.
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.UndefinedTableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    EOFError,
    OSError,
)
AT_ONCE_CHARS = 65_536
"""Of what a look found, up to which reading it and what follows takes some 3 ms."""
# A connection unused for longer may have been cut on the way, without notice.
_IDLE_SECONDS = 300


@dataclass(slots=True)
class _Prepared:
    """A connection on which the statements are prepared."""

    connection: Any
    look: Any
    fit: Any
    write: Any
    used_at: float


@dataclass(frozen=True, slots=True)
class _Long:
    """What a look found, too long to be read in the event loop."""

    row: Any
    look: Look
    fit: str | None


class AsyncGate:
    """At most so many connections, on which every statement is a transaction of its own.

    What the database does of one call takes at most as long as `patience` says, all in all.

    The one used last is used next, so that few stay warm and the others run out of use. asyncpg's
    own pool resets and guards each connection for whoever might come; here nobody else comes.
    """

    def __init__(self, line: Line, size: int, patience: Patience) -> None:
        self._line = line
        self._size = size
        self._patience = patience
        self._free = asyncio.Semaphore(size)
        self._idle: list[_Prepared] = []
        self._taken = 0

    @classmethod
    async def open(cls, database: Database, *, size: int) -> "AsyncGate":
        """Connect once, up to `size` times later. Raises Misconfigured when it cannot."""
        gate = cls(Line(database.url, database.patience), size, database.patience)
        try:
            gate._idle.append(await gate._connect())
        except asyncpg.UndefinedTableError:
            # Whoever sends a basket is answered so; the service itself says that it is not ready.
            return gate
        except (*_AWAY, asyncpg.PostgresError) as error:
            raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error
        return gate

    async def close(self) -> None:
        """Close every connection, after what runs on it."""
        for _ in range(self._size):
            await self._free.acquire()
        while self._idle:
            await self._idle.pop().connection.close()

    @property
    def taken(self) -> int:
        """Connections in use."""
        return self._taken

    async def run(self, steps: Steps, *, beside: Beside = asyncio.to_thread) -> str:
        """Carry out steps; their answer. Raises Misconfigured when the database is away."""
        step: Step | _Long | str = advance(steps, None)
        while not isinstance(step, str):
            if isinstance(step, Aside):
                step = await beside(lambda: advance(steps, None))
            elif isinstance(step, _Long):
                step = await beside(partial(_read, steps, step))
            else:
                step = await self._carry_out(steps, step)
        return step

    async def _carry_out(self, steps: Steps, step: Step) -> "Aside | _Long | str":
        """Steps up to the answer, or to what takes long: no connection waits for that."""
        try:
            async with asyncio.timeout(self._patience.answer), self._free:
                self._taken += 1
                try:
                    return await self._carry_out_here(steps, step)
                finally:
                    self._taken -= 1
        except _AWAY as error:
            raise Misconfigured(f"The database cannot be used: {cause_of(error)}") from error

    async def _carry_out_here(self, steps: Steps, step: Step) -> "Aside | _Long | str":
        ready = await self._ready()
        try:
            result = await _run(ready, steps, step)
        except LarderError:
            # The steps refused between two statements.
            self._idle.append(ready)
            raise
        except BaseException as error:
            ready.connection.terminate()
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                self._leave()
            raise
        ready.used_at = time.monotonic()
        self._idle.append(ready)
        return result

    def _leave(self) -> None:
        """Give up every connection: another server has taken the place of theirs."""
        while self._idle:
            self._idle.pop().connection.terminate()

    async def _ready(self) -> _Prepared:
        while self._idle:
            ready = self._idle.pop()
            if not ready.connection.is_closed():
                if time.monotonic() - ready.used_at < _IDLE_SECONDS:
                    return ready
                ready.connection.terminate()
        return await self._connect()

    async def _connect(self) -> _Prepared:
        connection = await self._line.connect(
            PLANNING | {"statement_timeout": str(self._patience.server_ms)}
        )
        try:
            look = await connection.prepare(postgresql.LOOK)
            fit = await connection.prepare(postgresql.FIT)
            write = await connection.prepare(postgresql.WRITE)
            # Preparing alone leaves a transaction open, which holds the tables against changes.
            await connection.execute("SELECT")
        except BaseException:
            connection.terminate()
            raise
        return _Prepared(connection, look, fit, write, time.monotonic())


def _read(steps: Steps, found: _Long) -> Step | str:
    return advance(steps, postgresql.seen(found.row, found.look, found.fit))


async def _run(ready: _Prepared, steps: Steps, step: Step | str) -> Aside | _Long | str:
    while not isinstance(step, Aside | str):
        if isinstance(step, Look):
            row = await ready.look.fetchrow(*postgresql.look_parameters(step))
            fit = None
            if asked := postgresql.fit_parameters(step, row):
                fit = await ready.fit.fetchval(*asked)
            if postgresql.length((*row, fit)) > AT_ONCE_CHARS:
                return _Long(row, step, fit)
            step = advance(steps, postgresql.seen(row, step, fit))
        elif isinstance(step, Effect):
            step = advance(steps, await _write(ready, step))
        else:
            step = advance(steps, await _count(ready.connection, step))
    return step


async def _write(ready: _Prepared, effect: Effect) -> bool:
    try:
        return bool(await ready.write.fetchval(*postgresql.write_parameters(effect)))
    except _RACES:
        return False


async def _count(connection: Any, guesses: Guesses) -> bool:
    async with connection.transaction():
        await connection.execute(postgresql.GUESS_LOCK, *postgresql.lock_parameters(guesses))
        return bool(
            await connection.fetchval(postgresql.GUESS, *postgresql.guess_parameters(guesses))
        )
