"""Effects by region and by cell: intervals hold the truth, and no few households are given away."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from service.engine.lift.cube import REGION
from service.engine.lift.disclosure import FEWEST
from service.engine.lift.effect import Effect, effect
from service.engine.lift.figures import (
    Amounts,
    ArmFigures,
    Comparison,
    Estimate,
    PlaceArm,
    PlaceFigures,
)
from service.engine.lift.moments import Floats, Moments, moments
from service.engine.lift.places import effects_by_place
from service.engine.lift.show_places import may_be_shown

Whole, Flags = NDArray[np.int64], NDArray[np.bool_]
PLACES, STRATA = 3, 4
SHARES, LIFTS = (0.6, 0.3, 0.1), (0.0, 0.4, -0.2)


def households(rng: np.random.Generator, number: int) -> tuple[Whole, Whole, Floats, Floats]:
    """Place, stratum, what was paid before, and what would be paid without a copy."""
    place = rng.choice(PLACES, number, p=SHARES)
    stratum = rng.integers(0, STRATA, number)
    before = rng.gamma(0.8, 10.0, number) * (1 + stratum)
    buys = rng.random(number) < 0.3
    return place, stratum, before, np.where(buys, 0.1 * before + rng.gamma(2.0, 1.5, number), 0.0)


def estimated(
    people: tuple[Whole, Whole, Floats, Floats], control: Flags, lifts: tuple[float, ...]
) -> tuple[list[Moments], list[Effect | None]]:
    place, stratum, before, usual = people
    paid = np.where(control, usual, usual * (1 + np.asarray(lifts)[place]))
    values = np.stack([paid, before], axis=1)
    group = place * STRATA + stratum
    arms = [moments(values[a], group[a], PLACES * STRATA) for a in (~control, control)]
    of, kind = np.divmod(np.arange(PLACES * STRATA), STRATA)
    return arms, effects_by_place(arms[0], arms[1], of.tolist(), kind.tolist(), PLACES)


def test_intervals_hold_the_truth_in_each_place_and_are_narrower_by_what_was_paid_before() -> None:
    rng = np.random.default_rng(5)
    people = households(rng, 2_500)
    place, _, _, usual = people
    true = [(usual * LIFTS[k])[place == k].mean() for k in range(PLACES)]
    draws, held = 400, np.zeros(PLACES)
    for _ in range(draws):
        control = rng.random(len(place)) < 0.3
        _, found = estimated(people, control, LIFTS)
        for k, each in enumerate(found):
            assert each is not None
            ends = each.interval()
            held[k] += ends.low <= true[k] <= ends.high
    # 400 draws: three errors of 95 % are 3.3 points; a fixed population makes intervals a bit wide.
    assert (held / draws >= 0.92).all(), held / draws
    assert (held / draws <= 0.985).all(), held / draws


def test_one_place_is_the_deal_itself_and_few_households_are_none() -> None:
    rng = np.random.default_rng(6)
    people = households(rng, 6_000)
    place = people[0]
    control = rng.random(len(place)) < 0.4
    arms, _ = estimated(people, control, (0.2, 0.2, 0.2))
    whole = [arm.merged(np.arange(PLACES * STRATA) % STRATA, STRATA) for arm in arms]
    (one,) = effects_by_place(whole[0], whole[1], [0] * STRATA, list(range(STRATA)), 1)
    deal = effect(whole[0], whole[1])
    assert one is not None
    assert deal is not None
    assert one.difference == pytest.approx(deal.difference, abs=0.1 * deal.error)
    assert one.error == pytest.approx(deal.error, rel=0.05)
    assert one.means.control == pytest.approx(deal.means.control, rel=0.02)
    few = np.flatnonzero(place == 2)[:5]
    kept = np.isin(np.arange(len(place)), few) | (place != 2)
    fewer = (people[0][kept], people[1][kept], people[2][kept], people[3][kept])
    _, found = estimated(fewer, control[kept], LIFTS)
    assert [each is None for each in found] == [False, False, True]


def compared(rng: np.random.Generator) -> tuple[dict[str, list[Floats]], Comparison]:
    """A comparison of some regions, with the sales of each household."""
    paid = {
        name: [rng.gamma(0.5, 9.0, rng.integers(3, 90)) for _ in range(2)]
        for name in "ABCDEF"[: rng.integers(2, 7)]
    }

    def amounts(values: Floats) -> Amounts:
        top = np.sort(np.append(values, [0.0, 0.0]))[::-1]
        return Amounts(float(values.sum()), float(top[0]), float(top[1]), int((values > 1).sum()))

    one = Estimate(1.0, 1.0, 0.0, -1.0, 1.0, 0.0, -1.0, 1.0, 0.5, 0.5)
    places = tuple(
        PlaceFigures(REGION, name, *(PlaceArm(len(each), amounts(each)) for each in arms), one)
        for name, arms in paid.items()
        if min(map(len, arms)) >= FEWEST
    )
    arms = [np.concatenate([each[side] for each in paid.values()]) for side in range(2)]
    whole = [ArmFigures(len(each), len(each), 0, amounts(each)) for each in arms]
    return paid, Comparison(*whole, 0.1, 0.1, 1.0, {}, {}, False, None, "salt", 10, places)


def test_no_difference_of_what_any_releases_show_is_of_few_households() -> None:
    """A release shows some of these places; all that follows from two of them is looked at."""
    rng = np.random.default_rng(3)
    shown_at_all, left_out = 0, 0
    for _ in range(200):
        paid, found = compared(rng)
        names = [each.name for each in may_be_shown(found, REGION)]
        shown_at_all += len(names)
        left_out += len(paid) > len(names) > 0
        for size in range(len(names) + 1):
            for kept in combinations(names, size):
                rest = [arms for name, arms in paid.items() if name not in kept]
                for side in range(2):
                    households = np.concatenate([each[side] for each in rest] or [np.zeros(0)])
                    if not names or not len(households):
                        continue
                    assert len(households) >= FEWEST
                    assert households.max() <= 0.5 * households.sum()
    assert shown_at_all > 100
    assert left_out > 20
