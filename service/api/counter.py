"""The counter: carries out the steps of quotes, redemptions and look-ups for the routes."""

from fastapi.concurrency import run_in_threadpool

from service.access import Caller
from service.api.throttle import Throttle
from service.settings import Settings
from service.store.session import Database
from service.store.till import Steps, gate

_UNKNOWN = '"reason":"unknown_code"'


class Counter:
    """One per application. PostgreSQL is asked from the event loop, SQLite from a thread."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._throttle = Throttle(settings.unknown_codes_per_minute)

    async def open(self) -> None:
        """Connect."""

    async def close(self) -> None:
        """Close what was opened."""

    async def run(self, steps: Steps, *, caller: Caller, store_id: str, write: bool) -> str:
        """The answer of some steps. Raises Throttled for a caller that guesses codes."""
        self.check(caller, store_id)
        answer = await run_in_threadpool(gate.run, self._database, steps, write=write)
        self.charge(caller, store_id, answer)
        return answer

    def check(self, caller: Caller, store_id: str) -> None:
        """Raises Throttled for a caller that guesses codes."""
        self._throttle.check(caller, store_id)

    def charge(self, caller: Caller, store_id: str, answer: str) -> None:
        """Note the unknown codes of an answer."""
        self._throttle.charge(caller, store_id, answer.count(_UNKNOWN))
