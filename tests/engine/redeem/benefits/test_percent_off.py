"""A percent off, to the cent and to the unit."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.money import percent_off
from service.engine.redeem import Covers, Need, PercentOff
from tests.engine.redeem.baskets import by_line, opened, pieces, settle, weighed


def test_percent_off_rounds_half_up_per_line() -> None:
    offer = opened(1, PercentOff(2500, covers=Covers.ALL), [1, 2])
    result = settle([pieces(1, 2, 202), pieces(2, 1, 101)], offer)
    assert by_line(result) == {(1, 1): (26, 25), (1, 2): (25,)}


def test_percent_off_needed_units_picks_the_dearest() -> None:
    offer = opened(1, PercentOff(1000), [1, 2])
    assert by_line(settle([pieces(1, 1, 999), pieces(2, 1, 1005)], offer)) == {(1, 2): (101,)}


def test_percent_off_finds_the_units_whose_rounded_percent_is_largest() -> None:
    """10 % of 104 and of 103 on two lines is 10 + 10; of 206 on one line it is 21."""
    offer = opened(1, PercentOff(1000), [1, 2], needs=(Need(2000),))
    result = settle([pieces(1, 2, 206), pieces(2, 1, 104)], offer)
    assert by_line(result) == {(1, 1): (11, 10)}


def test_percent_off_is_capped_per_use() -> None:
    offer = opened(1, PercentOff(5000, cap_cents=120, covers=Covers.ALL), [1, 2])
    assert by_line(settle([pieces(1, 1, 200), pieces(2, 1, 100)], offer)) == {
        (1, 1): (80,),
        (1, 2): (40,),
    }


def test_percent_off_a_mixed_set_rounds_once() -> None:
    offer = opened(1, PercentOff(5000), [1], [2])
    result = settle([pieces(1, 1, 101), pieces(2, 1, 101)], offer)
    assert by_line(result) == {(1, 1): (51,), (1, 2): (50,)}


def test_a_weighed_line_is_one_piece_where_pieces_are_asked() -> None:
    result = settle([weighed(1, 1234, 369)], opened(1, PercentOff(1000), [1]))
    assert by_line(result) == {(1, 1): (37,)}


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(3, 300)), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from([7, 10, 25, 50]),
)
def test_no_choice_of_the_units_has_a_larger_rounded_percent(
    lines: list[tuple[int, int]], count: int, percent: int
) -> None:
    basket = [pieces(number, many, cents) for number, (many, cents) in enumerate(lines)]
    units = [
        (number, cents // many + (place < cents % many))
        for number, (many, cents) in enumerate(lines)
        for place in range(many)
    ]
    best = 0
    for chosen in combinations(units, min(count, len(units))):
        gross = [sum(price for line, price in chosen if line == number) for number in range(3)]
        best = max(best, sum(percent_off(cents, percent) for cents in gross))
    offer = opened(1, PercentOff(percent * 100), range(len(lines)), uses=count)
    assert settle(basket, offer).total_cents == best
