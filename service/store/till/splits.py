"""The `parts` of a redemption line: what each basket line had off, and who bears it, as JSON."""

from collections.abc import Iterable

from pydantic_core import from_json, to_json

from service.engine.settle import Split


def encode(splits: Iterable[Split]) -> str:
    """Splits as they are stored: [basket line, supplier cents of every unit, retailer cents].

    Where units earned points, these come last.
    """
    return to_json([split if split.points else split[:3] for split in splits]).decode()


def decode(parts: str) -> tuple[Split, ...]:
    """Stored splits, read."""
    return tuple(
        [Split(line, *[tuple(each) for each in units]) for line, *units in from_json(parts)]
    )
