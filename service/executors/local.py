"""Executors of this machine: this process, or a pool of new ones."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from service.executors.each import Opened


class InProcess(Executor):
    """Does what is submitted at once, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def in_process() -> Iterator[Opened]:
    """An executor that does one task after the other in this process."""
    yield Opened(InProcess(), ahead=1)


@contextmanager
def pool(processes: int) -> Iterator[Opened]:
    """So many new processes, each with one thread of Polars."""
    # Forking a process in which polars has threads would hang.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_with_one_thread)
    try:
        yield Opened(executor, ahead=2 * processes, lost=(BrokenExecutor,))
    finally:
        executor.shutdown(cancel_futures=True)


def _with_one_thread() -> None:
    """Polars reads this when it is imported, which this module's like do not do."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
