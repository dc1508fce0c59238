"""The connections of the till's hot path: what they hold, and what becomes of broken ones."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.errors import Conflict, Misconfigured
from service.store.session import Database
from service.store.till import Look, Reference, Steps
from service.store.till.async_gate import AsyncGate
from tests.conftest import fresh_database
from tests.served import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.slow

NOTHING = Look(Reference("0001", "1", date(2026, 3, 5), "1"), (), (), ())
OTHERS = """FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'"""

LOCKED_OUT = f"SELECT count(*) {OTHERS} AND wait_event_type = 'Lock'"


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request, "postgresql", tmp_path) as url:
        yield url


def look() -> Steps:
    """One look that finds nothing."""
    seen = yield NOTHING
    return f"{seen.store_known}"


def refuse() -> Steps:
    """A look, and steps that refuse what it found."""
    yield NOTHING
    raise Conflict("no")


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def through(url: str, act: Callable[[AsyncGate], Coroutine[Any, Any, None]], size: int = 1) -> None:
    """Open a gate, do something with it, close it."""

    async def run() -> None:
        gate = await AsyncGate.open(Database(url), size=size)
        await act(gate)
        await asyncio.wait_for(gate.close(), PATIENCE_SECONDS)

    asyncio.run(run())
    # A backend ends a moment after its client.
    eventually(lambda: ask(url, f"SELECT count(*) {OTHERS}") == [(0,)])


def test_an_idle_connection_holds_no_table(url: str) -> None:
    async def act(gate: AsyncGate) -> None:
        ask(url, "SET lock_timeout = '2s'; LOCK TABLE shopping_list IN ACCESS EXCLUSIVE MODE")
        assert await gate.run(look()) == "False"
        ask(url, "SET lock_timeout = '2s'; LOCK TABLE shopping_list IN ACCESS EXCLUSIVE MODE")

    through(url, act)


def test_a_refusal_keeps_the_connection(url: str) -> None:
    async def act(gate: AsyncGate) -> None:
        before = ask(url, f"SELECT pid {OTHERS}")
        with pytest.raises(Conflict):
            await gate.run(refuse())
        assert await gate.run(look()) == "False"
        assert ask(url, f"SELECT pid {OTHERS}") == before

    through(url, act)


def test_a_connection_that_was_cut_is_replaced(url: str) -> None:
    async def act(gate: AsyncGate) -> None:
        ask(url, f"SELECT pg_terminate_backend(pid) {OTHERS}")
        # Whether the cut was noticed before the next statement is a matter of time.
        for _ in range(2):
            try:
                assert await gate.run(look()) == "False"
                return
            except Misconfigured:
                continue
        raise AssertionError("the gate never connected again")

    through(url, act)


def test_a_connection_that_lost_its_statements_is_replaced(url: str) -> None:
    """As behind a pooler that gives each transaction another of the server's connections."""

    async def act(gate: AsyncGate) -> None:
        await gate._idle[0].connection.execute("DEALLOCATE ALL")
        with pytest.raises(Misconfigured, match="prepared statement"):
            await gate.run(look())
        assert await gate.run(look()) == "False"

    through(url, act)


def test_a_broken_off_statement_leaves_no_connection_behind(url: str) -> None:
    async def act(gate: AsyncGate) -> None:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("LOCK TABLE shopping_list IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.ensure_future(gate.run(look()))
            while ask(url, LOCKED_OUT) != [(1,)]:
                await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert await gate.run(look()) == "False"

    through(url, act)


def test_more_at_once_than_connections_wait_their_turn(url: str) -> None:
    async def act(gate: AsyncGate) -> None:
        answers = await asyncio.gather(*(gate.run(look()) for _ in range(20)))
        assert answers == ["False"] * 20
        assert ask(url, f"SELECT count(*) <= 3 {OTHERS}") == [(True,)]

    through(url, act, size=3)


def test_a_database_without_tables_is_refused_when_asked(url: str) -> None:
    ask(url, "ALTER TABLE shopping_list RENAME TO elsewhere")

    async def act(gate: AsyncGate) -> None:
        with pytest.raises(Misconfigured):
            await gate.run(look())
        ask(url, "ALTER TABLE elsewhere RENAME TO shopping_list")
        assert await gate.run(look()) == "False"

    through(url, act)
