"""The exact search of one household: how much it has to look at."""

import numpy as np
import pytest

from service.engine.allocate.instance import ShortfallPrices, build
from service.engine.allocate.kernels.arguments import Prices
from service.engine.allocate.market import Market, rules
from tests.engine.allocate.instances import frames

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=0)


def test_what_cannot_reach_the_floor_cheaply_enough_is_not_searched() -> None:
    """Floors that can be reached in many ways, each for a tenth to a third of its face value.

    In the order of the categories, and without the price of a cent below, it takes 30,404 nodes.
    """
    homes, deals = 40, 48
    rng = np.random.default_rng(5)
    face = 5 * rng.integers(20, 120, homes * deals)
    value = -rng.uniform(0.1, 0.3, homes * deals) * face
    candidates = [
        (at // deals, at % deals, value[at], 1, int(face[at]), at % deals // 3, at % deals)
        for at in range(homes * deals)
    ]
    offers = [(deal, None, None, None) for deal in range(deals)]
    households = [(home, 12, 2, 2000, 3000) for home in range(homes)]
    instance = build(*frames(candidates, offers, households))
    street = Market(instance, rules(instance, TERMS), TERMS.floor_shortfall_price, 0)
    none = np.zeros(deals)
    demand = street.demand(Prices(none, none), exact=True, limit=1_000_000)
    assert demand.bound == pytest.approx(-9296.43855)
    assert demand.nodes < 25_000
