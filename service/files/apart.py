"""Reads files that others sent in processes of their own, each with a limit on memory and time.

A file may be made to take all a machine has; then its process ends, its sender learns why, and the
tills notice nothing. A process starts with the first file, is used again, and works on the database
over a connection of its own: an act that is cut off has changed nothing, or all it had to.
"""

import asyncio
import contextlib
import logging
import os
import queue
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from service.errors import Busy, FileTooLarge, LarderError, without_message
from service.files.report import Progress
from service.notice import Count
from service.settings import Settings
from service.store.session import Database

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 2
MOST_WAITING = 16
"""So many files wait for a process; one more is refused."""
_PATIENCE = 5
"""A process may wait for the database: it is ended after so many times its limit of CPU time."""
_NICENESS = 10
_MIB = 1 << 20

logger = logging.getLogger("larder.files")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take: memory beyond that of an idle process, and CPU time."""

    memory_mib: int
    cpu_seconds: int


def limits_of(settings: Settings) -> Limits:
    """The limits as configured."""
    return Limits(settings.upload_memory_mib, settings.upload_cpu_seconds)


class _Job(NamedTuple, Generic[T]):
    """An act, the address of its database, and what it is done with."""

    def __repr__(self) -> str:
        """Without the address, which has a password."""
        return f"_Job({self.name})"

    act: Callable[..., T]
    url: str
    history: str
    name: str
    path: Path
    args: tuple[Any, ...]
    says_progress: bool = False


def _job(
    database: Database, act: Callable[..., T], name: str, path: Path, args: tuple[Any, ...] = ()
) -> _Job[T]:
    return _Job(act, database.url, database.history, name, path, args)


class _Child:
    """A process and the connection to it."""

    def __init__(self, limits: Limits) -> None:
        # Forking a process in which polars has threads would hang.
        context = get_context("spawn")
        self.connection, other = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(other, limits), daemon=True, name="larder-files"
        )
        self.process.start()
        other.close()

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.connection.close()


class Apart:
    """Does acts on files in other processes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting = 0
        self._counting = threading.Lock()
        self._threads = ThreadPoolExecutor(PROCESSES, thread_name_prefix="files")
        # The last to come back is the next to go, so that a second starts only when it must.
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        self._closed = False
        self._children: set[_Child] = set()

    async def run(
        self,
        act: Callable[Concatenate[Database, str, bytes, P], T],
        database: Database,
        name: str,
        path: Path,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The result of `act` on a database, the name of a file and what is in it.

        The act, its further arguments and its result can be pickled. Raises what the act raises,
        FileTooLarge when it takes more than its limits, and Busy when too many are waiting.
        """
        return await asyncio.wrap_future(
            self._start(_job(database, partial(act, **kwargs), name, path, args), None)
        )

    def call(
        self, act: Callable[..., T], database: Database, name: str, path: Path, **kwargs: Any
    ) -> T:
        """The same as `run`, for a thread that may wait."""
        job = _job(database, partial(act, **kwargs), name, path)
        return self._start(job, None).result()

    def submit(
        self,
        act: Callable[..., T],
        database: Database,
        name: str,
        path: Path,
        *,
        progress: Progress,
        **kwargs: Any,
    ) -> "Future[T]":
        """Begin what `run` does, with an act that takes `progress`, which hears it from there.

        Raises Busy when too many are waiting; what else `run` raises is raised by the result.
        """
        job = _job(database, partial(act, **kwargs), name, path)._replace(says_progress=True)
        return self._start(job, progress)

    def _start(self, job: "_Job[T]", progress: Progress | None) -> "Future[T]":
        with self._counting:
            if self._waiting >= PROCESSES + MOST_WAITING:
                raise Busy("Too many files are being read; send this one again later.")
            self._waiting += 1
        future = self._threads.submit(self._do, job, progress)
        future.add_done_callback(self._count_down)
        return future

    def _count_down(self, _future: object) -> None:
        with self._counting:
            self._waiting -= 1

    def close(self) -> None:
        """End the processes."""
        self._closed = True
        for child in list(self._children):
            child.process.kill()
        self._threads.shutdown()
        for child in self._children:
            child.end()

    def _do(self, job: "_Job[T]", progress: Progress | None) -> T:
        child = self._take()
        until = time.monotonic() + _PATIENCE * self._limits.cpu_seconds
        try:
            child.connection.send(job)
            done = None
            while done is None:
                if not child.connection.poll(max(0.0, until - time.monotonic())):
                    raise self._too_much()
                done, result = child.connection.recv()
                if done is None and progress is not None:
                    progress(*result)
        except (EOFError, OSError):
            self._drop(child)
            if self._closed:
                raise Busy("The service is stopping; send the file again.") from None
            raise self._too_much() from None
        except BaseException:
            self._drop(child)
            raise
        self._idle.put(child)
        if done:
            answer: T = result
            return answer
        raise result or self._too_much()

    def _take(self) -> _Child:
        with contextlib.suppress(queue.Empty):
            while True:
                child = self._idle.get_nowait()
                if child.process.is_alive():
                    return child
                self._drop(child)
        child = _Child(self._limits)
        self._children.add(child)
        return child

    def _drop(self, child: _Child) -> None:
        child.end()
        self._children.discard(child)
        logger.warning("a process that read a file ended with %s", child.process.exitcode)

    def _too_much(self) -> FileTooLarge:
        return FileTooLarge(
            "Reading the file takes more than %(memory)s MiB of memory or %(seconds)s "
            "seconds; nothing of it was loaded. Split it, or load it with `larder load`, "
            "which has no such limits.",
            memory=Count(self._limits.memory_mib),
            seconds=self._limits.cpu_seconds,
        )


def _serve(connection: Connection, limits: Limits) -> None:
    """Do one act after the other until the service is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(FileNotFoundError):
        # Where the kernel does not say what a process takes, only time is limited.
        most = _data_bytes() + limits.memory_mib * _MIB
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    database: Database | None = None
    is_nice = False
    while True:
        try:
            job: _Job[object] = connection.recv()
        except EOFError:
            return
        if not is_nice:
            # Only now: taking the first act imports all that it needs.
            os.nice(_NICENESS)
            is_nice = True
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        if database is None or database.url != job.url:
            if database is not None:
                database.dispose()
            database = Database(job.url, pool_size=2, history=job.history)
        connection.send(_result(database, job, connection))


def _result(database: Database, job: _Job[object], connection: Connection) -> tuple[bool, object]:
    """Whether an act was done, and its result or error; None for one that took too much memory."""
    told: dict[str, Any] = {}
    if job.says_progress:
        told["progress"] = lambda *step: connection.send((None, step))
    try:
        return True, job.act(database, job.name, job.path.read_bytes(), *job.args, **told)
    except LarderError as error:
        return False, error
    except MemoryError:
        return False, None
    except BaseException as error:
        # A library that gave up on a file raises what is no Exception.
        logger.error("unexpected error with a file: %s", without_message(error))
        return False, RuntimeError("A file could not be read.")


def _data_bytes() -> int:
    """What the kernel counts as this process's data, which its limit is on."""
    with open("/proc/self/statm", encoding="ascii") as status:
        return int(status.read().split()[5]) * resource.getpagesize()
