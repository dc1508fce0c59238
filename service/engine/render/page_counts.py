"""How many pages each piece of a file has, as its information says it: `4`, or `4x12 2 4x3`.

One number is that of every piece. Else each stands for a piece, with `x` for so many in a row.
"""

from collections.abc import Sequence
from itertools import groupby


def write_counts(counts: Sequence[int]) -> str:
    """The pages of the pieces of a file, in order."""
    runs = [(pages, len([*run])) for pages, run in groupby(counts)]
    if len(runs) == 1:
        return str(runs[0][0])
    return " ".join(f"{pages}x{pieces}" if pieces > 1 else str(pages) for pages, pieces in runs)


def read_counts(text: str, *, pieces: int) -> tuple[int, ...]:
    """The pages of each of so many pieces. Raises ValueError if it says that of others."""
    if text.isdigit():
        return (int(text),) * pieces
    counts: list[int] = []
    for run in text.split(" "):
        pages, _, times = run.partition("x")
        counts += (int(pages),) * int(times or 1)
    if len(counts) != pieces:
        raise ValueError(f"pages of {len(counts)} pieces, not of {pieces}")
    return tuple(counts)
