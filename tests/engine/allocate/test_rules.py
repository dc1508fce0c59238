"""One rule of the allocation each, on instances small enough to know the answer."""

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices, allocate
from service.engine.allocate.certificate import Shortfall
from tests.engine.allocate.instances import Rows, frames

TERMS = ShortfallPrices(floor_shortfall_price=0.5, minimum_shortfall_price_cents=1000)
FREE = (1, None, None, None)
HOME = (1, 12, 2, None, None)


def given(
    candidates: Rows, offers: Rows, households: Rows, terms: ShortfallPrices = TERMS
) -> tuple[list[tuple[int, int]], float]:
    """The pairs chosen and the objective."""
    answer = allocate(*frames(candidates, offers, households), terms=terms)
    assert answer.certificate.violations == 0
    assert answer.certificate.dual_bound_cents >= answer.certificate.primal_cents
    pairs = answer.pairs.select("household_id", "offer_id").rows()
    return pairs, answer.certificate.primal_cents


def test_null_budget_is_no_limit_and_zero_budget_allows_only_what_costs_nothing() -> None:
    offers = [(1, None, None, None), (2, 0, None, None), (3, 0, None, None)]
    candidates = [
        (1, 1, 10.0, 900, 50, 1, None),
        (1, 2, 10.0, 1, 50, 2, None),
        (1, 3, 10.0, 0, 50, 3, None),
    ]
    assert given(candidates, offers, [HOME]) == ([(1, 1), (1, 3)], 20.0)


def test_a_null_category_is_bound_by_no_category_limit() -> None:
    candidates = [(1, o, 10.0, 0, 0, None, None) for o in (1, 2, 3)]
    offers = [(o, None, None, None) for o in (1, 2, 3)]
    assert given(candidates, offers, [(1, 12, 1, None, None)])[1] == 30.0


def test_a_conflict_group_that_is_no_number_binds_with_nothing() -> None:
    candidates = [(1, o, 10.0, 0, 0, o, None) for o in (1, 2, 3)]
    offers = [(o, None, None, None) for o in (1, 2, 3)]
    built = frames(candidates, offers, [HOME])
    lost = built[0].with_columns(pl.lit(float("nan")).alias("conflict_id"))
    assert len(allocate(lost, *built[1:], terms=TERMS).pairs) == 3


def test_no_slot_and_no_category_allowance_leave_the_list_empty() -> None:
    candidates = [(1, 1, 10.0, 0, 0, 7, None), (2, 1, 10.0, 0, 0, 7, None)]
    homes = [(1, 0, 2, None, None), (2, 12, 0, None, None)]
    assert given(candidates, [FREE], homes) == ([], 0.0)


def test_one_deal_of_a_conflict_group_even_across_categories() -> None:
    candidates = [
        (1, 1, 10.0, 0, 0, 1, 5),
        (1, 2, 30.0, 0, 0, 2, 5),
        (1, 3, 20.0, 0, 0, 3, 5),
        (1, 4, 5.0, 0, 0, 1, None),
    ]
    offers = [(o, None, None, None) for o in (1, 2, 3, 4)]
    assert given(candidates, offers, [HOME]) == ([(1, 2), (1, 4)], 35.0)


def test_two_deals_a_category_and_the_slots_bind() -> None:
    candidates = [(1, o, float(o), 0, 0, 1 if o < 5 else 2, None) for o in range(1, 7)]
    offers = [(o, None, None, None) for o in range(1, 7)]
    assert given(candidates, offers, [(1, 3, 2, None, None)]) == ([(1, 4), (1, 5), (1, 6)], 15.0)


def test_the_cap_gives_the_copy_to_the_household_that_loses_most_without_it() -> None:
    candidates = [
        (1, 1, 50.0, 0, 0, 1, None),
        (2, 1, 60.0, 0, 0, 1, None),
        (1, 2, 10.0, 0, 0, 2, None),
        (2, 2, 58.0, 0, 0, 2, None),
    ]
    homes = [(1, 1, 2, None, None), (2, 1, 2, None, None)]
    offers = [(1, None, 1, None), (2, None, None, None)]
    assert given(candidates, offers, homes) == ([(1, 1), (2, 2)], 108.0)


def test_a_negative_value_is_taken_only_where_floor_or_guarantee_pay_for_it() -> None:
    candidates = [(1, 1, -5.0, 0, 40, 1, None)]
    assert given(candidates, [FREE], [HOME]) == ([], 0.0)
    assert given(candidates, [FREE], [(1, 12, 2, 100, None)]) == ([(1, 1)], -35.0)
    assert given(candidates, [(1, None, None, 1)], [HOME]) == ([(1, 1)], -5.0)
    assert given(candidates, [(1, None, None, 1)], [HOME], ShortfallPrices(0.5, 3.0)) == ([], -3.0)


def test_dear_deals_bring_the_best_lists_between_30_and_40_dollars() -> None:
    """A missing cent at the shipped price: a dearer deal for 10 less is taken while it saves 12."""
    cheap = [(1, o, 50.0, 0, 60, o, None) for o in range(1, 13)]
    dear = [(1, o, 40.0, 0, 300, o, None) for o in range(13, 25)]
    offers = [(o, None, None, None) for o in range(1, 25)]
    best = [(1, 12, 2, 3000, 4000)]
    for price, dearer in ((0.04, 0), (0.05, 9), (0.5, 10)):
        pairs, objective = given(
            cheap + dear, offers, best, ShortfallPrices(floor_shortfall_price=price)
        )
        reached = dearer * 300 + (12 - dearer) * 60
        assert sum(offer > 12 for _, offer in pairs) == dearer
        short = max(0, 3000 - reached)
        assert objective == pytest.approx(600 - 10 * dearer - price * short)


def test_the_ceiling_holds_and_a_floor_above_it_is_a_constant_loss() -> None:
    candidates = [(1, 1, 10.0, 0, 60, 1, None), (1, 2, 9.0, 0, 50, 2, None)]
    offers = [(1, None, None, None), (2, None, None, None)]
    assert given(candidates, offers, [(1, 12, 2, None, 100)]) == ([(1, 1)], 10.0)
    assert given(candidates, offers, [(1, 12, 2, 200, 100)]) == ([(1, 1)], 10.0 - 0.5 * 140)


def test_unmet_guarantees_are_named_with_the_most_that_could_be_reached() -> None:
    candidates = [(h, 1, 10.0, 40, 0, 1, None) for h in (1, 2, 3)]
    homes = [(h, 12, 2, None, None) for h in (1, 2, 3)]
    answer = allocate(
        *frames(candidates, [(1, 90, None, 3), (2, None, None, 2)], homes), terms=TERMS
    )
    assert answer.certificate.minimums == (Shortfall(1, 3, 2, 1, 2), Shortfall(2, 2, 0, 2, 0))
    assert answer.certificate.primal_cents == 20.0 - 3000.0
    assert answer.certificate.gap == 0.0


@pytest.mark.parametrize("rows", [(), ((1, 1, 5.0, 0, 0, 1, None),)])
def test_households_without_candidates_and_deals_without_takers_are_fine(rows: Rows) -> None:
    homes = [HOME, (2, 12, 2, 100, None)]
    pairs, objective = given(rows, [FREE, (2, 0, 0, None)], homes)
    assert len(pairs) == len(rows)
    assert objective == 5.0 * len(rows) - 50.0


def test_nothing_at_all_is_an_empty_allocation() -> None:
    assert given([], [], []) == ([], 0.0)


def test_ids_may_be_text() -> None:
    candidates, offers, households = frames(
        [(2, 1, 5.0, 0, 0, 1, 1), (1, 2, 5.0, 0, 0, 1, 1)],
        [FREE, (2, None, None, None)],
        [HOME, (2, 12, 2, None, None)],
    )
    text = pl.col("household_id", "offer_id", "category_id", "conflict_id").cast(pl.String)
    answer = allocate(
        candidates.with_columns(text),
        offers.with_columns(pl.col("offer_id").cast(pl.String)),
        households.with_columns(pl.col("household_id").cast(pl.String)),
        terms=TERMS,
    )
    assert answer.pairs.select("household_id", "offer_id").rows() == [("1", "2"), ("2", "1")]


def test_prices_say_what_binds() -> None:
    candidates = [(h, 1, 10.0 * h, 40, 0, 1, None) for h in range(1, 5)]
    homes = [(h, 12, 2, None, None) for h in range(1, 5)]
    prices = allocate(*frames(candidates, [(1, 100, None, None)], homes), terms=TERMS).prices
    assert prices["binds"].to_list() == ["budget"]
    assert prices.select("circulation", "spent_cents").rows() == [(2, 80)]
    assert 20 <= prices["budget_price"][0] * 40 <= 30
