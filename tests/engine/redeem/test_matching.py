"""Sets that overlap: the units matched to them, against augmenting paths and all choices."""

from collections.abc import Iterable, Sequence
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.redeem import AmountOff, BuyGet, FreeItem, Need
from service.engine.redeem.contender import Contender
from service.engine.redeem.matching import Matching
from service.engine.redeem.units import Units, bits
from tests.engine.redeem.baskets import opened, pieces

masks_of = st.lists(st.integers(0, 2**10 - 1), min_size=1, max_size=3)


def _augmented(order: Iterable[int], masks: Sequence[int], room: Sequence[int]) -> int:
    """Units matched one by one along augmenting paths (Kuhn 1955)."""
    holders: list[list[int]] = [[] for _ in masks]

    def place(unit: int, seen: set[int]) -> bool:
        for number, mask in enumerate(masks):
            if number in seen or not mask >> unit & 1:
                continue
            seen.add(number)
            if len(holders[number]) < room[number]:
                holders[number].append(unit)
                return True
            for spot, other in enumerate(holders[number]):
                if place(other, seen):
                    holders[number][spot] = unit
                    return True
        return False

    return sum(1 << unit for unit in order if place(unit, set()))


@settings(max_examples=300, deadline=None)
@given(masks_of, st.data())
def test_units_are_matched_as_along_augmenting_paths(masks: list[int], data: st.DataObject) -> None:
    room = data.draw(st.lists(st.integers(0, 4), min_size=len(masks), max_size=len(masks)))
    units = data.draw(st.integers(0, 2**10 - 1))
    for cheapest in (False, True):
        order = list(bits(units))[:: -1 if cheapest else 1]
        matching = Matching(masks, room)
        matched = matching.add(units, cheapest=cheapest)
        assert matched == _augmented(order, masks, room)
        assert matching.left == sum(room) - matched.bit_count()


@settings(max_examples=200, deadline=None)
@given(masks_of, st.integers(0, 2**10 - 1), st.integers(0, 2**10 - 1))
def test_what_is_matched_later_finds_what_was_matched_before(
    masks: list[int], units: int, others: int
) -> None:
    room = [2] * len(masks)
    matching = Matching(masks, room)
    others &= ~units
    matched = matching.add(units) | matching.add(others, cheapest=True)
    assert matched == _augmented([*bits(units), *reversed(list(bits(others)))], masks, room)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(20, 300), min_size=2, max_size=9),
    st.lists(st.integers(1, 2), min_size=2, max_size=3),
    st.data(),
)
def test_the_most_uses_and_the_pool_are_those_of_all_matchings(
    prices: list[int], asked: list[int], data: st.DataObject
) -> None:
    numbers = range(len(prices))
    sets = [data.draw(st.sets(st.sampled_from(numbers), min_size=1)) for _ in asked]
    offer = opened(
        1, AmountOff(10), *sets, needs=tuple(Need(1000 * count) for count in asked), uses=4
    )
    contender = Contender(offer, Units([pieces(n, 1, p) for n, p in enumerate(prices)], {*numbers}))
    whole = (1 << len(prices)) - 1
    room = [[uses * count for count in asked] for uses in range(5)]
    matched = [_augmented(bits(whole), contender.masks, each) for each in room]
    feasible = [uses for uses in range(5) if matched[uses].bit_count() == sum(room[uses])]
    if contender.overlapping:
        assert contender.most_uses(contender.reach) == max(feasible)
    for uses in range(1, 5):
        pool = contender.pool(uses, contender.reach)
        assert pool == (matched[uses] if uses in feasible else None)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.integers(1, 300), min_size=2, max_size=7),
    st.integers(1, 2),
    st.integers(1, 2),
    st.integers(1, 3),
    st.data(),
)
def test_no_choice_of_what_is_bought_and_given_takes_more_off(
    prices: list[int], buy: int, get: int, uses: int, data: st.DataObject
) -> None:
    numbers = range(len(prices))
    bought, given_of = (data.draw(st.sets(st.sampled_from(numbers), min_size=1)) for _ in range(2))
    benefit = BuyGet(get, 1, 5000) if data.draw(st.booleans()) else FreeItem(1, 200)
    get = benefit.pieces_given
    offer = opened(1, benefit, bought, given_of, needs=(Need(1000 * buy), Need(0)), uses=uses)
    units = Units([pieces(n, 1, p) for n, p in enumerate(prices)], {*numbers})
    contender = Contender(offer, units)

    def worth(unit: int) -> int:
        price = units.price[unit]
        return (price + 1) // 2 if isinstance(benefit, BuyGet) else min(price, 200)

    best = 0
    for count in range(1, uses + 1):
        for chosen in combinations(bits(contender.masks[1]), count * get):
            left = contender.masks[0] & ~sum(1 << unit for unit in chosen)
            if left.bit_count() >= count * buy:
                best = max(best, sum(worth(unit) for unit in chosen))
    found = contender.draw(contender.reach)
    assert found.cents == best
    assert sum(cents for cents, _ in found.groups()) == best
