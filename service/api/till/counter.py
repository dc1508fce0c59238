"""The counter: carries out the steps of quotes, redemptions and look-ups for the routes."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi.concurrency import run_in_threadpool

from service.store.session import Database
from service.store.till import Aside, Look, Steps, gate
from service.store.till.async_gate import AsyncGate
from service.store.till.steps import advance

T = TypeVar("T")

CONNECTIONS = 10
BESIDE_CONNECTIONS = 4
"""For what tills send seldom: voids and returns."""
BESIDE = 2
"""Threads for what takes longer than the event loop can wait: rules, and large bodies."""

REPLAYS = 2
"""Threads for replays: the day's sales of a whole chain come at once when the line is back."""


class Counter:
    """One per application. Only what SQLite writes and what takes long is left to a thread.

    Its callers wait so many seconds for the database.
    """

    def __init__(self, database: Database, *, seconds: float) -> None:
        self.database = database.within(seconds, pool_size=BESIDE_CONNECTIONS)
        self._gate: AsyncGate | None = None
        self._beside = CapacityLimiter(BESIDE)
        self.replaying = CapacityLimiter(REPLAYS)

    async def open(self) -> None:
        """Connect, within the event loop that will ask."""
        if not self.database.is_sqlite:
            self._gate = await AsyncGate.open(self.database, size=CONNECTIONS)

    async def close(self) -> None:
        """Close what was opened."""
        if self._gate is not None:
            await self._gate.close()
            self._gate = None

    @property
    def taken(self) -> int:
        """Connections that carry out something now."""
        return 0 if self._gate is None else self._gate.taken

    async def run(self, steps: Steps, *, write: bool) -> str:
        """The answer of some steps."""
        if self._gate is not None:
            return await self._gate.run(steps, beside=self.beside)
        if write:
            return await run_in_threadpool(gate.run, self.database, steps, write=True)
        # A reader of SQLite waits for no one; a thread would cost it a third of its time.
        step = gate.read_on(self.database, steps, advance(steps, None))
        while not isinstance(step, str):
            carry_out = partial(gate.advance_aside, self.database, steps, step)
            # Guesses wait for SQLite's one writer, as redemptions do.
            is_heavy = isinstance(step, Aside | Look)
            done = await (self.beside(carry_out) if is_heavy else run_in_threadpool(carry_out))
            step = gate.read_on(self.database, steps, done)
        return step

    async def beside(self, act: Callable[[], T]) -> T:
        """Do what takes long beside the event loop, so much at once and no more."""
        return await to_thread.run_sync(act, limiter=self._beside)
