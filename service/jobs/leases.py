"""Keep a claim alive while its work is done; when the process dies, the claim runs out."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

logger = logging.getLogger("larder.claims")


@contextmanager
def kept(renew: Callable[[datetime], None], *, lease: timedelta) -> Iterator[None]:
    """Call `renew` with the claim's next end three times a lease, until the block ends."""
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(lease.total_seconds() / 3):
            try:
                renew(datetime.now(UTC) + lease)
            except Exception:
                # The next renewal may get through; if none does, the claim passes on by design.
                logger.exception("a claim could not be renewed")

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()
