"""Faulty instances are refused with the row and column of the fault."""

from typing import Any

import polars as pl
import pytest

from service.engine.allocate import ShortfallPrices, allocate
from service.errors import InvalidInput
from tests.engine.allocate.instances import frames

ROW = (1, 1, 5.0, 10, 20, 1, 1)
OFFER = (1, 100, 5, 1)
HOME = (1, 12, 2, 100, 200)


def refusal(
    candidates: Any = (ROW,), offers: Any = (OFFER,), households: Any = (HOME,)
) -> list[str]:
    """Where and why the instance is refused."""
    built = [
        rows if isinstance(rows, pl.DataFrame) else frames(*parts)[at]
        for at, (rows, parts) in enumerate(
            (
                (candidates, (candidates, (), ())),
                (offers, ((), offers, ())),
                (households, ((), (), households)),
            )
        )
    ]
    with pytest.raises(InvalidInput) as caught:
        allocate(*built, terms=ShortfallPrices())
    assert caught.value.problems
    return [f"{problem.where}: {problem.detail}" for problem in caught.value.problems]


def test_an_unknown_deal_or_household_is_named_by_row() -> None:
    assert refusal(candidates=[ROW, (1, 9, 5.0, 1, 1, 1, 1)]) == [
        "candidates row 2, offer_id: unknown in offers"
    ]
    assert refusal(candidates=[ROW, (7, 1, 5.0, 1, 1, 1, 1)]) == [
        "candidates row 2, household_id: unknown in households"
    ]


def test_a_pair_that_stands_twice_is_named_even_in_another_category() -> None:
    assert refusal(candidates=[ROW, (1, 1, 5.0, 1, 1, 2, 2)]) == [
        "candidates row 2: household and offer occur twice"
    ]


def test_a_deal_or_household_that_stands_twice_is_refused() -> None:
    assert refusal(offers=[OFFER, OFFER]) == ["offers row 2, offer_id: occurs twice"]
    assert refusal(households=[HOME, HOME]) == ["households row 2, household_id: occurs twice"]


def test_a_guarantee_above_the_maximum_is_refused() -> None:
    assert refusal(offers=[OFFER, (2, None, 3, 4)]) == [
        "offers row 2, circulation_min: is above circulation_max"
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ((1, 1, None, 10, 20, 1, 1), "candidates row 1, value_cents: is not a number"),
        ((1, 1, float("nan"), 10, 20, 1, 1), "candidates row 1, value_cents: is not a number"),
        ((1, 1, 5.0, None, 20, 1, 1), "candidates row 1, cost_cents: is empty"),
        ((1, 1, 5.0, -1, 20, 1, 1), "candidates row 1, cost_cents: is negative"),
        ((1, 1, 5.0, 10, None, 1, 1), "candidates row 1, face_value_cents: is empty"),
        ((1, None, 5.0, 10, 20, 1, 1), "candidates row 1, offer_id: unknown in offers"),
        ((1, 1, 1e17, 10, 20, 1, 1), "candidates row 1, value_cents: is too large"),
    ],
)
def test_numbers_that_are_needed_are_needed(row: tuple[Any, ...], fault: str) -> None:
    assert refusal(candidates=[row]) == [fault]


def test_columns_that_are_missing_or_text_are_refused() -> None:
    built = frames([ROW], [OFFER], [HOME])
    assert refusal(candidates=built[0].drop("conflict_id")) == [
        "candidates.conflict_id: column missing"
    ]
    assert refusal(offers=built[1].with_columns(pl.lit("x").alias("budget_cents"))) == [
        "offers.budget_cents: type is String"
    ]
    assert refusal(candidates=built[0].with_columns(pl.col("offer_id").cast(pl.String))) == [
        "candidates.offer_id: type is String, in offers Int64"
    ]


def test_whole_floats_pass_and_fractions_of_a_cent_do_not() -> None:
    built = frames([ROW], [OFFER], [HOME])
    floats = built[1].with_columns(pl.col("budget_cents").cast(pl.Float64))
    assert len(allocate(built[0], floats, built[2], terms=ShortfallPrices()).pairs) == 1
    assert refusal(offers=floats.with_columns(pl.lit(10.5).alias("budget_cents"))) == [
        "offers row 1, budget_cents: is not whole"
    ]


def test_numbers_beyond_64_bits_are_refused_and_ids_beyond_63_bits_are_not() -> None:
    candidates, offers, homes = frames([ROW], [OFFER], [HOME])
    huge = pl.lit(2**63, pl.UInt64)
    for name, at in (("cost_cents", 0), ("budget_cents", 1), ("face_value_floor_cents", 2)):
        faulty = [candidates, offers, homes]
        faulty[at] = faulty[at].with_columns(huge.alias(name))
        frame = ("candidates", "offers", "households")[at]
        assert refusal(*faulty) == [f"{frame} row 1, {name}: is too large"]
    unknown = candidates.with_columns(huge.alias("household_id"))
    assert refusal(unknown, offers, homes) == [
        "candidates row 1, household_id: unknown in households"
    ]
    known = homes.with_columns(huge.alias("household_id"))
    assert allocate(unknown, offers, known, terms=ShortfallPrices()).pairs[
        "household_id"
    ].to_list() == [2**63]


def test_frames_without_types_or_rows_are_an_empty_instance() -> None:
    offers, homes = frames([], [OFFER], [HOME])[1:]
    untyped = pl.DataFrame({name: [] for name in frames([], [], [])[0].columns})
    assert allocate(untyped, offers, homes, terms=ShortfallPrices()).pairs.is_empty()


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf"), "1", 10**400])
def test_terms_are_finite_and_not_negative(price: Any) -> None:
    with pytest.raises(InvalidInput, match="floor_shortfall_price"):
        ShortfallPrices(floor_shortfall_price=price)


@pytest.mark.parametrize(("cost", "scale"), [(7.5, 10), (7.25, 100), (7.125, 1_000)])
def test_fractions_of_money_say_what_to_multiply_by_and_are_taken_then(
    cost: float, scale: int
) -> None:
    home = (1, 12, 2, 0, None)
    candidates, offers, households = frames([ROW], [(1, 100, 5, 0)], [home])
    given = candidates.with_columns(cost_cents=pl.lit(cost)), offers, households
    terms = ShortfallPrices(minimum_shortfall_price_cents=500.0 * scale)
    with pytest.raises(InvalidInput) as caught:
        allocate(*given, terms=terms)
    (problem,) = caught.value.problems
    assert problem.where == "candidates row 1, cost_cents"
    assert f"by {scale}:" in str(problem)
    scaled = (frame.with_columns(pl.col("^.*_cents$") * scale) for frame in given)
    assert allocate(*scaled, terms=terms).certificate.primal_cents == 5.0 * scale


def test_fractions_that_no_factor_makes_whole_and_those_of_counts_are_refused_as_such() -> None:
    candidates, offers, households = frames([ROW], [OFFER], [HOME])
    third = candidates.with_columns(cost_cents=pl.lit(1 / 3))
    half = offers.with_columns(circulation_max=pl.lit(5.5))
    for built, remedy in (
        ((third, offers, households), "no factor"),
        ((candidates, half, households), "send whole numbers"),
    ):
        with pytest.raises(InvalidInput, match="is not whole") as caught:
            allocate(*built, terms=ShortfallPrices())
        assert remedy in str(caught.value.problems[0])
