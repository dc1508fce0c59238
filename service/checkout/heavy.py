"""What keeps a till busy before the rules run."""

LONG = 8_000
"""Basket lines times offer lines; see `is_long`. At most 3 ms below it (`bench.stall`)."""


def is_long(*, lines: int, offers: int) -> bool:
    """Whether recognising so much may take up to 5 ms: reading terms, finding what counts.

    Judged before anything is read. What the rules take after that `engine.redeem.is_heavy` says.
    """
    return lines * offers > LONG or offers > LONG // 50
