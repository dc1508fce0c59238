"""Prices that follow the use: how near the limits they bring it, and at what loss."""

import numpy as np

from service.engine.allocate.instance import ShortfallPrices, build
from service.engine.allocate.kernels.arguments import WHOLE, Ledger
from service.engine.allocate.market import Market, rules
from service.engine.allocate.prices import Effort, search_prices
from service.engine.allocate.repair import settle_limits
from tests.engine.allocate.instances import market

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)


def over(ledger: Ledger) -> int:
    """Cents and copies above all limits."""
    return int(-ledger.spend_room.clip(max=0).sum() - ledger.copies_room.clip(max=0).sum())


def test_use_comes_near_every_limit_and_is_booked() -> None:
    instance = build(*market(400, 30, 11))
    street = Market(instance, rules(instance, TERMS), TERMS.floor_shortfall_price, 0)
    found = search_prices(street, effort=Effort(steps=15, exact_steps=3), jitter=0.002)
    limits = street.limits
    copies, spend = found.demand.copies // WHOLE, found.demand.spend // WHOLE
    ledger = Ledger(copies, limits.minimum, limits.cap - copies, limits.budget - spend)
    before = over(ledger)
    settle_limits(street, found, ledger, passes=12)
    held = street.state > 0
    count = len(instance.deals.ids)
    booked = np.bincount(instance.offer[held], minlength=count)
    spent = np.bincount(instance.offer[held], instance.cost[held], minlength=count)
    assert (ledger.copies == booked).all()
    assert (ledger.spend_room == limits.budget - spent.astype(np.int64)).all()
    assert over(ledger) < before / 2
