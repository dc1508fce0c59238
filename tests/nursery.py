"""A process that has the service loaded and forks others, so that tests can kill many of them.

It reads one JSON object a line and answers each with one:

    {"do": "serve", "port": 8001}                      forks a service: {"pid": 4711}
    {"do": "redeem", "body": {...}, "last": 9}          forks a process that does this act and is
                                                        killed before its ninth statement:
                                                        {"killed": true}; false when it came to
                                                        its end before that
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import psycopg

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, reference_of, return_of
from service.api.till.schemas import BasketIn, OfflineIn, ReturnIn
from service.checkout import give_back, redeem, replay, void
from service.clearing.draw import draw_claims
from service.commands.serve import serve
from service.jobs.scheduler import planned_jobs, run_slot
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from service.store.tables.access import Role

TILL = Caller(1, Role.ADMIN, None, None)


@dataclass(frozen=True, slots=True)
class Nursery:
    """The test's end of the process."""

    process: subprocess.Popen[str]

    def serve(self, port: int) -> int:
        """Fork a service; its process id."""
        pid: int = self._ask({"do": "serve", "port": port})["pid"]
        return pid

    def killed(self, verb: str, sent: dict[str, Any], *, before: int) -> bool:
        """Do an act in a process killed before that statement; whether it got so far."""
        was_killed: bool = self._ask({"do": verb, "body": sent, "last": before})["killed"]
        return was_killed

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told


@contextmanager
def nursery(environment: dict[str, str], folder: Path, log: IO[bytes]) -> Iterator[Nursery]:
    """Such a process over one database; what it and its children say goes to `log`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.nursery"],
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        # Long, on a machine that has other things to do.
        process.wait(timeout=300)
        assert process.stdout is not None
        process.stdout.close()


def act(settings: Settings, database: Database, verb: str, sent: dict[str, Any]) -> str:
    """Do what a till asks for, as the routes do it, or what the scheduler does."""
    if verb == "redeem":
        return redeem(database, settings, basket_of(BasketIn.model_validate(sent), TILL))
    if verb == "replay":
        return replay(database, settings, offline_of(OfflineIn.model_validate(sent), TILL))
    if verb == "return":
        return give_back(database, settings, return_of(ReturnIn.model_validate(sent), TILL))
    if verb == "draw":
        drawn = draw_claims(
            database, settings, drawn_to=date.fromisoformat(sent["to"]), by=SERVICE,
            now=datetime.now(UTC), issue_on=datetime.now(UTC).date(),
        )  # fmt: skip
        return json.dumps([each.number for each in drawn])
    if verb == "slots":
        moment = datetime.fromisoformat(sent["at"])
        jobs = planned_jobs(settings)
        return json.dumps([job.name for job in jobs if run_slot(database, settings, job, moment)])
    named = reference_of(BasketIn.model_validate({**sent, "lines": []}).transaction)
    return void(database, named, key_id=1)


def _main() -> None:
    settings = Settings(_env_file=None)
    serving: list[int] = []
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            _child(settings, asked)
        if asked["do"] == "serve":
            serving.append(pid)
            told: dict[str, Any] = {"pid": pid}
        else:
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            assert code in (0, -signal.SIGKILL), code
            told = {"killed": code != 0}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    for pid in serving:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _child(settings: Settings, asked: dict[str, Any]) -> None:
    """Never returns; the parent's pipes are not this process's business."""
    code = 1
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        if asked["do"] == "serve":
            serve(port=asked["port"])
        else:
            database = Database(settings.database_url)
            _kill_before(database, asked["last"])
            act(settings, database, asked["do"], asked["body"])
        code = 0
    finally:
        os._exit(code)


def _kill_before(database: Database, last: int) -> None:
    ran = 0

    def count(*_: Any) -> None:
        nonlocal ran
        ran += 1
        if ran == last:
            os.kill(os.getpid(), signal.SIGKILL)

    if database.is_sqlite:
        with database.driver(write=True) as connection:
            pass
        assert isinstance(connection, sqlite3.Connection)
        connection.set_trace_callback(count)
        return
    # The driver is where all statements of both gates and of sessions pass.
    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "executemany"),
        (psycopg.Connection, "commit"),
    ):
        setattr(owner, name, _counted(getattr(owner, name), count))


def _counted(run: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        count()
        return run(*args, **kwargs)

    return counted


if __name__ == "__main__":
    _main()
