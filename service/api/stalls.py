"""How long the event loop stood still: while it does, no till is answered."""

import asyncio
import logging

logger = logging.getLogger("larder.http")

_EVERY_SECONDS = 0.02
_WORTH_A_WORD_SECONDS = 0.5


class Stalls:
    """The longest stall since the start, and since somebody last asked; to a fiftieth of a second.

    A stall that begins and ends between two looks is not seen: it was shorter than that.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._newest = 0.0

    async def watch(self) -> None:
        """Look for ever how late the loop comes back."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(_EVERY_SECONDS)
            late = loop.time() - began - _EVERY_SECONDS
            self._newest = max(self._newest, late)
            self.longest = max(self.longest, late)
            if late > _WORTH_A_WORD_SECONDS:
                logger.warning("the event loop stood still for %.1f seconds", late)

    def take(self) -> float:
        """Seconds of the longest stall since this was asked last."""
        newest, self._newest = self._newest, 0.0
        return newest
