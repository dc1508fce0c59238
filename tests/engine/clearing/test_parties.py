"""What several parties bear adds up exactly, unit by unit, whatever comes back in what order."""

from hypothesis import given
from hypothesis import strategies as st

from service.engine.clearing.claim import Party
from service.engine.clearing.parties import ALONE, borne, decode, divide, encode
from service.engine.settle import Split

SPLITS = st.lists(
    st.lists(st.integers(0, 500), min_size=1, max_size=4), min_size=1, max_size=3
).map(
    lambda lines: [
        Split(line, tuple(units), (0,) * len(units)) for line, units in enumerate(lines, start=1)
    ]
)
TERMS = st.tuples(
    st.none() | st.integers(0, 5000), st.none() | st.integers(0, 90), st.none() | st.integers(0, 90)
)
PARTIES = st.lists(TERMS, min_size=1, max_size=4).map(
    lambda drawn: [Party(10 + rank, rank, *terms) for rank, terms in enumerate(drawn, start=1)]
)


def split(*units: int) -> list[Split]:
    return [Split(1, units, (0,) * len(units))]


def test_shares_go_by_largest_remainder_and_the_last_takes_the_rest() -> None:
    thirds = [Party(1, 1, 3333), Party(2, 2, 3333), Party(3, 3, 3334)]
    assert borne(split(100), thirds, uses=1) == {1: 33, 2: 33, 3: 34}
    assert borne(split(1), thirds, uses=1) == {1: 0, 2: 0, 3: 1}
    half = [Party(1, 1, 5000), Party(2, 2)]
    assert borne(split(1), half, uses=1) == {1: 1, 2: 0}


def test_a_cap_and_a_fixed_amount_are_a_use_s_and_leave_the_rest_to_the_last() -> None:
    capped = [Party(1, 1, 8000, None, 30), Party(2, 2, 2000)]
    assert borne(split(100), capped, uses=1) == {1: 30, 2: 70}
    assert borne(split(50, 50), capped, uses=2) == {1: 60, 2: 40}
    fixed = [Party(1, 1, None, 40), Party(2, 2, None, 40), Party(3, 3)]
    assert borne(split(100), fixed, uses=1) == {1: 40, 2: 40, 3: 20}
    assert borne(split(50), fixed, uses=1) == {1: 40, 2: 10, 3: 0}


def test_parties_are_stored_in_order_of_rank() -> None:
    stored = encode([Party(8, 2), Party(7, 1, 2500, None, 10)])
    assert decode(stored) == (Party(7, 1, 2500, None, 10), Party(8, 2))
    assert (encode([]), decode(ALONE)) == (ALONE, ())


@given(SPLITS, PARTIES, st.integers(1, 3), st.randoms(use_true_random=False))
def test_every_unit_is_borne_whole_and_what_comes_back_in_any_order_is_what_was_given(
    parts: list[Split], parties: list[Party], uses: int, mix: object
) -> None:
    divided = divide(parts, parties, uses=uses)
    for place, part in enumerate(parts):
        for unit, cents in enumerate(part.supplier_cents):
            shares = [each[place][unit] for each in divided.values()]
            assert min(shares) >= 0
            assert sum(shares) == cents
    whole = borne(parts, parties, uses=uses)
    for party in parties[:-1]:
        if party.cap_cents is not None:
            assert whole[party.supplier_id] <= party.cap_cents * uses
        if party.use_cents is not None:
            assert whole[party.supplier_id] <= party.use_cents * uses
    left = dict(whole)
    units = [(part.line, unit) for part in parts for unit in range(part.units)]
    mix.shuffle(units)  # type: ignore[attr-defined]
    for line, unit in units:
        for supplier, cents in borne(parts, parties, uses=uses, units={line: [unit]}).items():
            left[supplier] -= cents
    assert set(left.values()) == {0}
