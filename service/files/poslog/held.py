"""The sales of a file that was read and is not loaded yet: all but the first lie on disk."""

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from service.files.poslog.sale import Sale


class HeldChunk(NamedTuple):
    """Sales, and how far in the file they reach."""

    sales: Sequence[Sale]
    done: int
    total: int


class HeldSales:
    """Keeps chunks of sales in `folder`, which nobody else writes to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[tuple[Sequence[Sale] | Path, int, int]] = []

    def add(self, sales: Sequence[Sale], done: int, total: int) -> None:
        """Keep some sales."""
        kept: Sequence[Sale] | Path = sales
        if self._kept:
            kept = self._folder / f"sales-{len(self._kept)}"
            kept.write_bytes(pickle.dumps(sales, pickle.HIGHEST_PROTOCOL))
        self._kept.append((kept, done, total))

    def chunks(self) -> Iterator[HeldChunk]:
        """The sales, chunk by chunk as they were added."""
        for kept, done, total in self._kept:
            sales = pickle.loads(kept.read_bytes()) if isinstance(kept, Path) else kept
            yield HeldChunk(sales, done, total)
