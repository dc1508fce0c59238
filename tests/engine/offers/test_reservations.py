"""The sums of a whole frame are those of one copy, to the cent."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.offers.reservations import reserved_cents, use_cents
from service.engine.reserve import expected_reservation_cents, reservation_cents

CENTS = st.integers(0, 10**9)
TERMS = {
    "face_value_cents": pl.Int64, "funding_share": pl.Int64, "funding_cap_cents": pl.Int64,
    "handling_fee_cents": pl.Int64,
}  # fmt: skip
COPIES = {"use_cents": pl.Int64, "uses": pl.Int64, "expected_redemptions": pl.Float64}


def asked(rows: list[tuple[Any, ...]], schema: dict[str, Any], expr: pl.Expr) -> list[int]:
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.select(expr.alias("cents"))["cents"].to_list()


@given(st.lists(st.tuples(CENTS, st.integers(0, 100), st.none() | CENTS, CENTS), min_size=1))
def test_the_most_a_use_may_cost(rows: list[tuple[int, int, int | None, int]]) -> None:
    assert asked(rows, TERMS, use_cents()) == [
        reservation_cents(face, funding_share=share, handling_fee_cents=fee, funding_cap_cents=cap)
        for face, share, cap, fee in rows
    ]


@given(
    st.lists(st.tuples(CENTS, st.integers(1, 1000), st.floats(0, 1000)), min_size=1),
    st.floats(0, 100),
)
def test_what_a_use_reserves_where_the_expected_cost_counts(
    rows: list[tuple[int, int, float]], safety: float
) -> None:
    assert asked(rows, COPIES, reserved_cents(safety)) == [
        expected_reservation_cents(use, uses=uses, expected_uses=expected, safety=safety)
        for use, uses, expected in rows
    ]


@pytest.mark.parametrize(
    ("expected", "safety", "cents"),
    [
        (0.5, None, 100),
        (0.5, 1.0, 25),
        (0.5, 1.2, 30),
        (0.501, 1.2, 31),
        (9.0, 1.2, 100),
        (0, 1, 0),
    ],
)
def test_a_use_of_two_at_a_dollar_reserves(
    expected: float, safety: float | None, cents: int
) -> None:
    assert asked([(100, 2, expected)], COPIES, reserved_cents(safety)) == [cents]
