"""A till's service that is killed in the middle: run with a database, a moment and a body.

python -m tests.killed_till URL step:1 BODY     killed after so many steps
python -m tests.killed_till URL statement:9 BODY     killed before that statement (SQLite)
"""

import json
import os
import signal
import sys
from collections.abc import Generator
from typing import Any

from service.access import Caller
from service.api.schemas import BasketIn
from service.api.till_forms import basket_of
from service.checkout import redeeming
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import Steps, gate
from tests.conftest import CODE, SECRET


def main() -> None:
    url, moment, sent = sys.argv[1:]
    kind, _, number = moment.partition(":")
    settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
    database = Database(url)
    basket = basket_of(BasketIn.model_validate(json.loads(sent)), Caller(1, Role.ADMIN, None, None))
    steps = redeeming(settings, basket)
    if kind == "statement":
        _watch(database, int(number))
        gate.run(database, steps, write=True)
    else:
        gate.run(database, _cut_short(steps, int(number)), write=True)


def _watch(database: Database, last: int) -> None:
    ran = 0

    def count(_statement: str) -> None:
        nonlocal ran
        ran += 1
        if ran == last:
            os.kill(os.getpid(), signal.SIGKILL)

    with database.driver(write=True) as connection:
        pass
    connection.set_trace_callback(count)


def _cut_short(steps: Steps, last: int) -> Generator[Any, Any, str]:
    wanted = next(steps)
    for ran in range(100):
        if ran == last:
            os.kill(os.getpid(), signal.SIGKILL)
        result = yield wanted
        if ran + 1 == last:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            wanted = steps.send(result)
        except StopIteration as done:
            return str(done.value)
    raise RuntimeError("the steps never ended")


if __name__ == "__main__":
    main()
