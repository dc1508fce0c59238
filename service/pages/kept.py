"""A result that is worth keeping for a while: what a front page counts."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Makes a result again when it is older than some seconds. One caller makes it at a time.

    Others get the earlier result meanwhile; they wait only where there is none.
    """

    def __init__(self, make: Callable[[], T], *, seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._lock = threading.Lock()
        self._result: tuple[T, float] | None = None

    def get(self) -> T:
        """The result."""
        kept = self._result
        if kept is not None and time.monotonic() - kept[1] < self._seconds:
            return kept[0]
        if not self._lock.acquire(blocking=kept is None):
            assert kept is not None
            return kept[0]
        try:
            newest = self._result
            if newest is not kept and newest is not None:
                return newest[0]
            made = self._make()
            self._result = (made, time.monotonic())
            return made
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Make the result again when it is asked for next."""
        self._result = None
