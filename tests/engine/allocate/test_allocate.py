"""The whole allocation against exact optima, and its promises."""

import pytest
from hypothesis import given, settings

from service.engine.allocate import Terms, allocate
from tests.engine.allocate.instances import Frames, instances
from tests.engine.allocate.reference import broken, optimum, worth

TERMS = Terms(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)


@given(instances())
@settings(max_examples=150, deadline=None)
def test_primal_optimum_and_bound_stand_in_order_and_every_limit_holds(
    instance: tuple[Frames, Terms],
) -> None:
    (candidates, offers, households), terms = instance
    answer = allocate(candidates, offers, households, terms=terms)
    proof = answer.certificate
    best = optimum(candidates, offers, households, terms)
    slip = 1e-5 * (1 + abs(best))
    assert broken(answer.pairs, candidates, offers, households) == []
    assert proof.violations == 0
    counted = worth(answer.pairs, candidates, offers, households, terms)
    assert proof.primal_cents == pytest.approx(counted, abs=1e-6)
    assert proof.primal_cents <= best + slip
    assert proof.dual_bound_cents >= best - slip
