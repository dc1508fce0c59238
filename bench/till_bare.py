"""The database alone: what redemptions ask of it, carried out by a bare driver."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
import psutil

from bench.cpu import cpu
from bench.till_shop import body
from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeeming
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import Effect, Look, postgresql, sqlite
from service.store.till.async_gate import PLANNING


class Bare(Protocol):
    """A database that knows nothing of redemptions."""

    async def asked(self, households: Sequence[int], *, shown: str = "list") -> list[Any]:
        """The statements and parameters of these households' redemptions, found by looking."""

    async def carry_out(self, asked: Any) -> None:
        """One redemption's statements."""

    def spent(self) -> float:
        """The seconds of CPU the database has used so far."""


def captured(
    settings: Settings, household: int, shown: str
) -> tuple[Look, Callable[[Any], Effect]]:
    """What the service asks for this household's basket, and writes once it has seen the answer."""
    sent = BasketIn.model_validate(body(household, shown=shown))
    steps = redeeming(settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))
    look = next(steps)
    assert isinstance(look, Look)

    def effect(seen: Any) -> Effect:
        made = steps.send(seen)
        assert isinstance(made, Effect)
        return made

    return look, effect


class BarePostgreSQL:
    """As many connections as there are tills; only the server's CPU counts."""

    def __init__(self, settings: Settings, server: Sequence[psutil.Process]) -> None:
        self._settings = settings
        self._server = server
        self._idle: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
        self._connections: list[Any] = []

    async def connect(self, tills: int) -> None:
        address = self._settings.database_url.replace("+psycopg", "")
        for _ in range(tills):
            connection = await asyncpg.connect(address, server_settings=PLANNING)
            self._connections.append(connection)
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()

    async def asked(self, households: Sequence[int], *, shown: str = "list") -> list[Any]:
        asked = []
        for household in households:
            look, effect = captured(self._settings, household, shown)
            parameters = postgresql.look_parameters(look)
            row = await self._connections[0].fetchrow(postgresql.LOOK, *parameters)
            asked.append((parameters, postgresql.write_parameters(effect(postgresql.seen(row)))))
        return asked

    async def carry_out(self, asked: Any) -> None:
        parameters, written = asked
        connection = await self._idle.get()
        await connection.fetchrow(postgresql.LOOK, *parameters)
        await connection.fetchval(postgresql.WRITE, *written)
        self._idle.put_nowait(connection)

    def spent(self) -> float:
        return cpu(self._server)


class _Recorder:
    """Passes statements on and remembers them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked: list[tuple[str, Any]] = []

    def execute(self, statement: str, parameters: Any) -> Any:
        self.asked.append((statement, parameters))
        return self._connection.execute(statement, parameters)


class BareSQLite:
    """Each redemption a transaction of its own; the CPU of this thread counts."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        # Whoever looks for the parameters has another cache than whoever is measured.
        self._apart = Database(database.url)
        self._spent = 0.0

    async def asked(self, households: Sequence[int], *, shown: str = "list") -> list[Any]:
        transactions = []
        with self._apart.driver(write=True) as connection:
            connection.execute("COMMIT")
            for household in households:
                look, effect = captured(self._settings, household, shown)
                recorder = _Recorder(connection)
                connection.execute("BEGIN IMMEDIATE")
                seen = sqlite.look(recorder, look)  # type: ignore[arg-type]
                sqlite.write(recorder, effect(seen))  # type: ignore[arg-type]
                connection.execute("ROLLBACK")
                transactions.append(recorder.asked)
            connection.execute("BEGIN")
        return transactions

    async def carry_out(self, asked: Any) -> None:
        with self._database.driver(write=True) as connection:
            connection.execute("ROLLBACK")
            before = time.thread_time()
            connection.execute("BEGIN IMMEDIATE")
            for statement, parameters in asked:
                connection.execute(statement, parameters).fetchall()
            connection.execute("COMMIT")
            self._spent += time.thread_time() - before
            connection.execute("BEGIN")

    def spent(self) -> float:
        return self._spent

    def close(self) -> None:
        self._apart.dispose()


@asynccontextmanager
async def bare(
    database: Database, settings: Settings, server: Sequence[psutil.Process], tills: int
) -> AsyncIterator[Bare]:
    """The database alone, for so many tills."""
    if database.is_sqlite:
        lite = BareSQLite(database, settings)
        yield lite
        lite.close()
        return
    alone = BarePostgreSQL(settings, server)
    try:
        await alone.connect(tills)
        yield alone
    finally:
        await alone.close()
