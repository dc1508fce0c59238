"""The counter: carries out the steps of quotes, redemptions and look-ups for the routes."""

from fastapi.concurrency import run_in_threadpool

from service.admin.keys import Caller
from service.api.till.throttle import Throttle
from service.settings import Settings
from service.store.session import Database
from service.store.till import Steps, gate
from service.store.till.async_gate import AsyncGate

CONNECTIONS = 10
_UNKNOWN = '"reason":"unknown_code"'


class Counter:
    """One per application. Only what SQLite writes is left to a thread."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._gate: AsyncGate | None = None
        self._throttle = Throttle(settings.unknown_codes_per_minute)

    async def open(self) -> None:
        """Connect, within the event loop that will ask."""
        if not self._database.is_sqlite:
            self._gate = await AsyncGate.open(self._database, size=CONNECTIONS)

    async def close(self) -> None:
        """Close what was opened."""
        if self._gate is not None:
            await self._gate.close()
            self._gate = None

    async def run(
        self, steps: Steps, *, caller: Caller, store_id: str, shows: bool, write: bool
    ) -> str:
        """The answer of some steps. Raises Throttled when a caller that guesses `shows` more."""
        if shows:
            self.check(caller, store_id)
        if self._gate is not None:
            answer = await self._gate.run(steps)
        elif write:
            answer = await run_in_threadpool(gate.run, self._database, steps, write=True)
        else:
            # A reader of SQLite waits for no one; a thread would cost it a third of its time.
            answer = gate.run(self._database, steps, write=False)
        self.charge(caller, store_id, answer)
        return answer

    def check(self, caller: Caller, store_id: str) -> None:
        """Raises Throttled for a caller that guesses codes."""
        self._throttle.check(caller, store_id)

    def charge(self, caller: Caller, store_id: str, answer: str) -> None:
        """Note the unknown codes of an answer."""
        self._throttle.charge(caller, store_id, answer.count(_UNKNOWN))
