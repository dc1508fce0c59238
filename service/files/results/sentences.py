"""What a deal's figures mean: where more sales came from, and what was only bought earlier."""

from collections.abc import Iterator

from service.engine.lift.shown import ShownDeal, ShownLift
from service.files.results.wording import Wording

_FEW = 0.05
"""A share of switching is said only where the deal sold so much more than nothing, and no more."""


def sentences_of(wording: Wording, deal: ShownDeal) -> Iterator[str]:
    """One for each window and control that says something."""
    words = wording.words
    unit = wording.money(1.0)
    for window in deal.windows:
        for lift in window.lifts:
            share = _switched(lift)
            if share is not None:
                said = {"window": wording.window(window), "against": wording.against(lift)}
                yield words.say("switching", unit=unit, share=wording.money(share), **said)
    for window in deal.windows[1:]:
        if any(_fell(lift) for lift in window.lifts):
            yield words.say("pulled", window=wording.window(window))


def _switched(lift: ShownLift) -> float | None:
    """How much of each unit more came from other brands; None where that is not certain at all."""
    if not lift.sold_more or lift.sales is None or lift.rivals is None:
        return None
    share = -lift.rivals.value / lift.sales.value if lift.sales.value else 0.0
    return round(share, 2) if _FEW <= share <= 1 else None


def _fell(lift: ShownLift) -> bool:
    return lift.sales is not None and lift.sales.high is not None and lift.sales.high < 0
