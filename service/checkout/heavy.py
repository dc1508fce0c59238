"""Which baskets keep the rules busy for more than a few milliseconds."""

HEAVY = 1_500
"""Basket lines times offer lines; see `is_heavy`."""


def is_heavy(*, lines: int, offers: int) -> bool:
    """Whether recognising and settling so much may take longer than 5 ms.

    Judged from counts alone, before the rules run: whoever shares an event loop then runs them
    beside it. The rules' own bound can take its place.
    """
    return lines * offers > HEAVY
