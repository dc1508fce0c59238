"""Hold off the collection of cyclic garbage while lists are drawn."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Collect no cyclic garbage in this process meanwhile.

    Drawing makes many records that last and no cycles, so that a collection walks through all the
    process holds and finds nothing. What the block leaves is collected after it, so a block should
    be short. Threads may pause at the same time; collection goes on when the first of them is done.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
