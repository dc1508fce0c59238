"""Work on the database in parts, by processes of this machine.

A cluster does not do it: its workers know neither the database nor any key.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from service.executors import each_done, in_process, open_local
from service.settings import Settings
from service.store.session import Database

Result = TypeVar("Result")
Task = Callable[[Database, Settings], Result]
"""What is asked of a process; it can be pickled."""


def each_part(
    database: Database, settings: Settings, tasks: Sequence[Task[Result]], *, here: bool = False
) -> Iterator[tuple[int, Result]]:
    """Yield the place of each task and its result, as they are done by `LARDER_PROCESSES`.

    Other processes have connections of their own, so tasks are not of one moment. With `here` this
    process does them in order.
    """
    act: Callable[[Task[Result]], Result]
    if here or settings.processes == 1:
        act = partial(_do, database, settings)
    else:
        act = partial(_do_elsewhere, database.url, database.history, settings)
    return each_done(in_process if here else partial(open_local, settings), act, tasks)


def _do(database: Database, settings: Settings, task: Task[Result]) -> Result:
    return task(database, settings)


def _do_elsewhere(url: str, history: str, settings: Settings, task: Task[Result]) -> Result:
    database = Database(url, pool_size=2, history=history)
    try:
        return task(database, settings)
    finally:
        database.dispose()
