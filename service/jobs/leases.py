"""Renew a lease while its work is done; when the process dies, the lease runs out."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

logger = logging.getLogger("larder.leases")


@contextmanager
def hold_lease(renew: Callable[[datetime], None], *, lease: timedelta) -> Iterator[None]:
    """Renew a lease until the block ends.

    A thread calls `renew` with the new end of the lease, three times in every `lease`. An error of
    `renew` is logged and the next renewal is tried.
    """
    stop = threading.Event()

    def renew_in_time() -> None:
        while not stop.wait(lease.total_seconds() / 3):
            try:
                renew(datetime.now(UTC) + lease)
            except Exception:
                # The next renewal may succeed; if none does, another process may take the lease.
                logger.exception("a lease could not be renewed")

    renewer = threading.Thread(target=renew_in_time, daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        renewer.join()
