"""Strata that are too thin join their neighbours."""

from hypothesis import given
from hypothesis import strategies as st

from service.engine.lift.strata import ENOUGH, joined

_COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=9)


def test_enough_of_both_arms_stands_alone() -> None:
    assert joined([8, 9, 50], [8, 8, 8]).tolist() == [0, 1, 2]


def test_a_thin_stratum_joins_the_next_and_the_last_the_one_before() -> None:
    assert joined([100, 3, 100, 100], [8, 8, 8, 2]).tolist() == [0, 1, 1, 1]


@given(_COUNTS)
def test_every_joined_stratum_has_enough_or_is_the_only_one(counts: list[tuple[int, int]]) -> None:
    treated, control = zip(*counts, strict=True)

    into = joined(treated, control)

    assert sorted(set(into.tolist())) == list(range(max(into) + 1))
    assert (into[1:] >= into[:-1]).all()
    if max(into):
        for number in range(max(into) + 1):
            for arm in (treated, control):
                assert sum(n for n, of in zip(arm, into, strict=True) if of == number) >= ENOUGH
