"""The whole allocation against exact optima, and its promises."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from service.engine.allocate import Effort, ShortfallPrices, allocate, cuts, descent, prices
from service.engine.allocate.instance import build
from service.engine.allocate.kernels.arguments import Prices
from service.engine.allocate.market import Market, rules
from tests.engine.allocate.instances import Frames, instances, market, tight
from tests.engine.allocate.reference import broken, optimum, worth

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)


@pytest.mark.slow
@given(instances())
@settings(max_examples=60)
def test_primal_optimum_and_bound_stand_in_order_and_every_limit_holds(
    instance: tuple[Frames, ShortfallPrices],
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


@pytest.mark.parametrize(
    ("seed", "crossing"),
    [
        *((seed, False) for seed in (1, 2, 5, 17, 26)),
        *((seed, True) for seed in (2, 15, 20)),
        # Two choices of one sum, and no ceiling: the band's multiplier must not fall below zero.
        (21, True),
    ],
)
def test_alike_candidates_of_one_household_are_settled_exactly(seed: int, crossing: bool) -> None:
    frames, terms = tight(seed, crossing=crossing)
    proof = allocate(*frames, terms=terms).certificate
    best = optimum(*frames, terms)
    assert proof.primal_cents == pytest.approx(best)
    assert proof.dual_bound_cents == pytest.approx(best)
    assert proof.dual_bound_cents >= best - 1e-6


def test_a_search_goes_as_far_as_all_households_can_afford(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, terms = tight(2, crossing=True)
    instance = build(*frames)
    street = Market(instance, rules(instance, terms), terms.floor_shortfall_price, 0)
    none = np.zeros(len(instance.deals.ids))
    zero = Prices(none, none)
    assert prices.patience(street, zero, effort=prices.Effort()) == 200_000
    monkeypatch.setattr(prices, "NODES_ALL", 0)
    assert prices.patience(street, zero, effort=prices.Effort(nodes_each=0)) == 2_000


@pytest.mark.parametrize(("households", "seed"), [(5, 3), (8, 1), (8, 2)])
def test_a_handful_of_households_trade_until_the_allocation_is_the_best(
    households: int, seed: int
) -> None:
    frames = market(households, 20, seed)
    answer = allocate(*frames, terms=TERMS)
    assert broken(answer.pairs, *frames) == []
    assert answer.certificate.primal_cents == pytest.approx(worth(answer.pairs, *frames, TERMS))
    assert answer.certificate.primal_cents == pytest.approx(optimum(*frames, TERMS))


@pytest.mark.parametrize(("levels", "gap"), [(0, 0.01), (3, 0.03)])
def test_a_scarce_market_is_allocated_near_its_bound(levels: int, gap: float) -> None:
    frames = market(600, 40, 5, levels=levels)
    answer = allocate(*frames, terms=TERMS)
    assert broken(answer.pairs, *frames) == []
    # A guarantee is missed only where not even the deal alone could reach it.
    assert all(m.circulation == m.reachable for m in answer.certificate.minimums)
    assert answer.certificate.gap < gap
    assert answer.certificate.primal_cents == pytest.approx(worth(answer.pairs, *frames, TERMS))


def test_the_answer_depends_on_neither_row_order_nor_shards_nor_sample() -> None:
    candidates, offers, households = market(300, 30, 7)
    first = allocate(candidates, offers, households, terms=TERMS, seed=3)
    mixed = allocate(
        candidates.sample(fraction=1.0, shuffle=True, seed=1).lazy(),
        offers.reverse(),
        households.sample(fraction=1.0, shuffle=True, seed=2),
        terms=TERMS,
        seed=3,
        shards=3,
    )
    assert mixed.pairs.equals(first.pairs)
    assert mixed.prices.equals(first.prices)
    assert mixed.certificate == first.certificate


def test_prices_from_a_sample_serve_everyone() -> None:
    frames = market(600, 30, 8)
    answer = allocate(*frames, terms=TERMS, effort=Effort(sample=200))
    assert broken(answer.pairs, *frames) == []
    assert answer.certificate.gap < 0.01


def test_whole_values_give_the_same_as_fractions_of_the_same_worth() -> None:
    candidates, offers, households = market(120, 20, 9, levels=50)
    narrow = candidates.with_columns(pl.col("value_cents").cast(pl.Int64))
    wide = allocate(candidates, offers, households, terms=TERMS)
    slim = allocate(narrow, offers, households, terms=TERMS)
    assert slim.certificate.primal_cents == wide.certificate.primal_cents
    assert slim.pairs.schema["value_cents"] == pl.Int64


def test_more_live_prices_than_the_matrix_holds_are_moved_by_its_diagonal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(descent, "DENSE", 5)
    monkeypatch.setattr(prices, "MOST_PAIRS", 0)
    frames = market(300, 30, 10)
    answer = allocate(*frames, terms=TERMS)
    assert broken(answer.pairs, *frames) == []
    assert answer.certificate.gap < 0.05


def test_a_solver_that_gives_up_leaves_a_bound_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = market(60, 30, 11)
    least = allocate(*frames, terms=TERMS).certificate
    monkeypatch.setattr(cuts._Planes, "lowest", lambda _planes: None)
    answer = allocate(*frames, terms=TERMS)
    assert broken(answer.pairs, *frames) == []
    found = answer.certificate
    assert found.primal_cents <= least.dual_bound_cents < found.dual_bound_cents
