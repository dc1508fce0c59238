"""An act on each of many tasks by any executor; what a worker that died had is done again."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from service.errors import WorkersDied

TRIES = 3
"""So many executors in a row may lose their workers without a single task done."""

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Opened:
    """An executor that is ready.

    `ahead` is how many tasks it is given at a time: enough to keep all workers busy, and no more
    than may lie in memory. `lost` are the errors of a task whose worker died, besides any other
    task's that the executor then gives up.
    """

    executor: Executor
    ahead: int
    lost: tuple[type[BaseException], ...] = ()


Opener = Callable[[], AbstractContextManager[Opened]]


def each_done(
    open_executor: Opener, act: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[tuple[int, Result]]:
    """Yield the place of each task and what the act gave for it, as they are done.

    `act` and its tasks and results can be pickled, and an act can be done twice: a task whose
    worker died is given to a new executor, with those that were lost beside it, until
    `TRIES` executors in a row died without any task done: WorkersDied. An error of the act ends
    it all; so does who stops asking. Tasks that were not begun are then left, those that were
    are waited for.
    """
    waiting = deque(range(len(tasks)))
    in_vain = 0
    while waiting:
        lost: list[int] = []
        done = 0
        with open_executor() as opened:
            running: dict[Future[Result], int] = {}
            try:
                while running or (waiting and not lost):
                    while waiting and not lost and len(running) < opened.ahead:
                        place = waiting.popleft()
                        try:
                            running[opened.executor.submit(act, tasks[place])] = place
                        except opened.lost:
                            lost.append(place)
                    if not running:
                        break
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        place = running.pop(future)
                        try:
                            result = future.result()
                        except opened.lost:
                            lost.append(place)
                            continue
                        done += 1
                        yield place, result
            finally:
                for future in running:
                    future.cancel()
                wait(running)
        waiting.extendleft(sorted(lost, reverse=True))
        in_vain = 0 if done or not lost else in_vain + 1
        if in_vain == TRIES:
            raise WorkersDied(
                "Workers died %(tries)s times in a row with nothing done; %(number)s parts are "
                "left. They may lack memory: set fewer households in a shard, or fewer processes.",
                tries=TRIES,
                number=len(waiting),
            )
