"""The gate on PostgreSQL through asyncpg, from the event loop: the till's hot path.

It asks the same statements as `gate`, for a fraction of the CPU of a session.
"""

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import make_url

from service.errors import Misconfigured
from service.store.session import CONNECT_SECONDS, Database
from service.store.till import postgresql
from service.store.till.steps import Effect, Look, Steps

_CAME_BETWEEN = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
# The statements never change and are planned once a connection; planning the look anew for every
# basket would cost twice what carrying it out does.
PLANNING = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.UndefinedTableError,
    asyncpg.InterfaceError,
    OSError,
)


class AsyncGate:
    """A pool of connections on which every statement is a transaction of its own."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, database: Database, *, size: int) -> "AsyncGate":
        """Connect; the pool grows to `size` connections. Raises Misconfigured when it cannot."""
        url = make_url(database.url).set(drivername="postgresql")
        url = url.difference_update_query(["connect_timeout"])
        try:
            pool = await asyncpg.create_pool(
                url.render_as_string(hide_password=False),
                min_size=1,
                max_size=size,
                timeout=CONNECT_SECONDS,
                reset=_keep,
                server_settings=PLANNING,
            )
        except (*_AWAY, asyncpg.PostgresError) as error:
            raise Misconfigured("The database cannot be used.") from error
        return cls(pool)

    async def close(self) -> None:
        """Close every connection, after what runs on it."""
        await self._pool.close()

    async def run(self, steps: Steps) -> str:
        """Carry out steps; their answer. Raises Misconfigured when the database is away."""
        try:
            async with self._pool.acquire() as connection:
                return await _run(connection, steps)
        except _AWAY as error:
            raise Misconfigured("The database cannot be used; ask again.") from error


async def _run(connection: Any, steps: Steps) -> str:
    step = next(steps)
    while True:
        try:
            if isinstance(step, Look):
                row = await connection.fetchrow(postgresql.LOOK, *postgresql.look_parameters(step))
                step = steps.send(postgresql.seen(row))
            else:
                step = steps.send(await _write(connection, step))
        except StopIteration as done:
            answer: str = done.value
            return answer


async def _write(connection: Any, effect: Effect) -> bool:
    statement, parameters = postgresql.write(effect)
    try:
        return bool(await connection.fetchval(statement, *parameters))
    except _CAME_BETWEEN:
        return False


async def _keep(_connection: Any) -> None:
    """Nothing is left on a connection between statements, so there is nothing to reset."""
