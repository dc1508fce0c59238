"""Renew a lease while its work is done; when the process dies, the lease runs out."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from service.errors import LarderError, without_message

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
            except LarderError as error:
                # The next renewal may succeed; if none does, another process may take the lease.
                logger.error("a lease could not be renewed: %s", error.detail)
            except Exception as error:
                logger.error("a lease could not be renewed: %s", without_message(error))

    renewer = threading.Thread(target=renew_in_time, daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        renewer.join()
