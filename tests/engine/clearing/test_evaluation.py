"""Suppliers' figures, points and classes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.clearing.evaluation import (
    CLASSES,
    THRESHOLDS,
    Figure,
    SupplierClass,
    SupplierQuarter,
    evaluate,
    points_of,
    quarter_of,
)

GOOD = SupplierQuarter(1, "Brightside", 1_000, 10_000, 100, 20, 5_000, 100, 5_000, 0, 0)
BAD = SupplierQuarter(2, "Mill", 1, 10_000, 100, 4, 5_000, 600, 100, 4_600, 4)


def test_the_best_has_three_points_in_all_and_the_worst_none() -> None:
    best, worst = evaluate([BAD, GOOD])
    assert (best.supplier, best.supplier_class, best.mean_points) == ("Brightside", "A", 3.0)
    assert best.reasons == ()
    assert (worst.supplier_class, worst.mean_points) == (SupplierClass.D, 0.0)
    assert set(worst.reasons) == set(Figure)


@pytest.mark.parametrize("figure", Figure)
def test_thresholds_fall_on_their_own_values(figure: Figure) -> None:
    three, two, one = THRESHOLDS[figure]
    assert [points_of(figure, each) for each in (three, two, one)] == [3, 2, 1]
    beyond = one - 0.001 if three > one else one + 0.001
    assert points_of(figure, beyond) == 0


def test_what_was_not_measured_marks_nobody_down() -> None:
    silent = SupplierQuarter(3, "New", 1_000, 10_000, 0, 0, 0, 0, 0, 0, 0)
    (found,) = evaluate([silent])
    assert [each.points for each in found.scored] == [3, None, None, None, None]
    assert found.supplier_class is SupplierClass.A
    (nothing,) = evaluate([silent._replace(all_spend_cents=0)])
    assert nothing.supplier_class is None


def test_reasons_begin_with_the_worst() -> None:
    (found,) = evaluate([GOOD._replace(redemptions=10, stock_stops=9)])
    assert found.reasons == (Figure.STOCK_STOPS, Figure.SELL_THROUGH)
    assert (found.mean_points, found.supplier_class) == (2.2, SupplierClass.B)


@given(st.tuples(*[st.integers(0, 1_000) for _ in range(9)]))
def test_every_supplier_with_a_figure_has_a_class(found: tuple[int, ...]) -> None:
    (made,) = evaluate([SupplierQuarter(1, "S", *found)])
    known = [each for each in made.scored if each.points is not None]
    assert (made.supplier_class is not None) == bool(known)
    assert CLASSES[-1][0] == 0


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_quarters_hold_their_days_and_follow_each_other(day: date) -> None:
    first, last = quarter_of(day)
    assert first <= day <= last
    assert (first.day, (first.month - 1) % 3) == (1, 0)
    assert 90 <= (last - first).days + 1 <= 92
    assert quarter_of(last + timedelta(days=1))[0] == last + timedelta(days=1)
