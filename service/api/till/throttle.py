"""Who asks for many codes that do not exist is guessing, and has to wait."""

import time
from dataclasses import dataclass
from math import ceil

from service.admin.keys import Caller
from service.errors import Throttled

_STORE_TIMES = 5
_BUCKETS_HELD = 10_000


@dataclass(slots=True)
class _Bucket:
    """Guesses left as of a moment; they come back evenly."""

    left: float
    at: float


class Throttle:
    """Counts unknown codes per key and per store, in this process.

    A key may present `per_minute` at once and as many again each minute, a store five times that.
    Known codes cost nothing, so a till with real customers never notices.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[tuple[str, object], _Bucket] = {}

    def check(self, caller: Caller, store_id: str) -> None:
        """Raises Throttled when this key or its store has to wait."""
        for name, most in self._limits(caller, store_id):
            if name not in self._buckets:
                continue
            left = self._refilled(name, most).left
            if left < 1:
                raise Throttled(
                    "Too many codes were presented that are not known.",
                    retry_seconds=ceil((1 - left) * 60 / most),
                )

    def charge(self, caller: Caller, store_id: str, unknown: int) -> None:
        """Note that so many things presented were not known."""
        if not unknown:
            return
        if len(self._buckets) >= _BUCKETS_HELD:
            self._buckets.clear()
        for name, most in self._limits(caller, store_id):
            bucket = self._refilled(name, most)
            # Answers that were under way together count, but nobody waits longer than this.
            bucket.left = max(bucket.left - unknown, -float(most))

    def _refilled(self, name: tuple[str, object], most: int) -> _Bucket:
        now = time.monotonic()
        bucket = self._buckets.setdefault(name, _Bucket(most, now))
        bucket.left = min(float(most), bucket.left + (now - bucket.at) * most / 60)
        bucket.at = now
        return bucket

    def _limits(self, caller: Caller, store_id: str) -> list[tuple[tuple[str, object], int]]:
        return [
            (("key", caller.key_id), self._per_minute),
            (("store", store_id), self._per_minute * _STORE_TIMES),
        ]
