"""Pages that were made for somebody, kept in this process for a few minutes until drawn."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable


class Shelf:
    """The newest `most` things, each for some seconds."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, tuple[bytes, float]] = OrderedDict()

    def put(self, key: Hashable, thing: bytes) -> None:
        """Keep a thing in place of the earlier one of this key."""
        now = time.monotonic()
        with self._lock:
            self._things[key] = (thing, now)
            self._things.move_to_end(key)
            while self._things and (
                len(self._things) > self._most or self._oldest() < now - self._seconds
            ):
                self._things.popitem(last=False)

    def find(self, key: Hashable) -> bytes | None:
        """The thing, if it is kept still."""
        with self._lock:
            thing, since = self._things.get(key, (None, 0.0))
        return thing if time.monotonic() - since < self._seconds else None

    def _oldest(self) -> float:
        return next(iter(self._things.values()))[1]
