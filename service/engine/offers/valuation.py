"""By what the copies of a cycle are valued."""

from dataclasses import dataclass

from service.engine.allocate.value import ResponseModel
from service.engine.offers.likely import Likely


@dataclass(frozen=True, slots=True)
class Valuation:
    """The response of households, the seed that control shares are drawn with, and the budget mode.

    A copy reserves all it can cost where `expected_safety` is None, else so many times what is
    expected of it. Without `likely` no offer is too unlikely.
    """

    seed: int
    response: ResponseModel
    expected_safety: float | None
    likely: Likely | None = None
