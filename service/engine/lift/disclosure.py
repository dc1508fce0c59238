"""What a supplier may see: no number about few households, and none that others give away.

A number is unsafe when fewer than `FEWEST` households stand behind it or when one of them makes
most of it (dominance). Leaving it out is not enough: a total less the other numbers tells it. So
more is left out until an attacker who knows everything that was ever released, and everything exact
(claims, their evidence), cannot narrow an unsafe number down: for each, two linear programs give
the least and the most it can be (Fischetti and Salazar 2001 audit tables so). Released numbers are
rounded, which the programs take into account.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import linprog

FEWEST = 20
"""Below so many households a number is unsafe (k)."""
ROUNDING = 5
"""Released counts are rounded to multiples of this."""
_LARGEST, _TWO_LARGEST = 0.5, 0.75


def is_unsafe(
    households: int, largest: float = 0.0, second: float = 0.0, whole: float = 0.0
) -> bool:
    """Whether a number may not be shown.

    `largest` and `second` are the amounts of the two households that make most of `whole`; leave
    them out for counts, in which every household is one.
    """
    if households < FEWEST:
        return True
    return whole > 0 and (largest > _LARGEST * whole or largest + second > _TWO_LARGEST * whole)


def rounded(count: float) -> int:
    """A count as it is released."""
    return int(ROUNDING * np.floor(count / ROUNDING + 0.5))


@dataclass(frozen=True, slots=True)
class Number:
    """A number that could be released: the sum of some cells, each named once.

    `value` is what it is. Cells are never negative: a difference is no number here.
    """

    cells: frozenset[str]
    value: float
    unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What an attacker knows of a sum of cells: that it lies between two values."""

    cells: frozenset[str]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a sum of cells can be."""

    low: float
    high: float


def known_exactly(cells: Iterable[str], value: float) -> Known:
    """What was told to the cent or the piece, as a claim does."""
    return Known(frozenset(cells), value, value)


def known_rounded(number: Number) -> Known:
    """What a released number tells: its value up to the rounding."""
    shown, half = rounded(number.value), ROUNDING / 2
    return Known(number.cells, max(shown - half, 0.0), shown + half)


def attack(target: frozenset[str], knowledge: Sequence[Known]) -> Bounds:
    """What an attacker finds of a sum of cells: its least and most value; no bound is infinite.

    Raises ValueError when the knowledge contradicts itself.
    """
    cells = sorted(target.union(*(known.cells for known in knowledge)))
    place = {cell: i for i, cell in enumerate(cells)}
    sums = np.zeros((len(knowledge), len(cells)))
    for row, known in enumerate(knowledge):
        sums[row, [place[cell] for cell in known.cells]] = 1.0
    aim = np.zeros(len(cells))
    aim[[place[cell] for cell in target]] = 1.0
    limits = {
        "A_ub": np.vstack([sums, -sums]) if knowledge else None,
        "b_ub": [each.high for each in knowledge] + [-each.low for each in knowledge]
        if knowledge
        else None,
    }
    least = linprog(aim, **limits, method="highs")
    most = linprog(-aim, **limits, method="highs")
    if least.status == 2 or most.status == 2:
        raise ValueError("what is known contradicts itself")
    return Bounds(float(least.fun), inf if most.status == 3 else -float(most.fun))


def is_protected(bounds: Bounds) -> bool:
    """Whether a number stays unknown: it may be `FEWEST`, and its bounds lie as far apart."""
    return bounds.high >= FEWEST and bounds.high - bounds.low >= FEWEST


def released(
    numbers: Mapping[str, Number], *, before: Sequence[Known] = (), fixed: Collection[str] = ()
) -> set[str]:
    """The names of the numbers that may be shown together.

    `before` is all that the receiver knows already, `fixed` are those shown already, which stay
    shown; what these alone give away is not protected any more. Safe numbers are left out one by
    one, the smallest that helps first, until every unsafe number is protected.
    """
    shown = {name for name, number in numbers.items() if not number.unsafe} | set(fixed)
    hidden = [number for name, number in numbers.items() if number.unsafe and name not in fixed]
    known = _all(numbers, fixed, before)
    hidden = [number for number in hidden if is_protected(attack(number.cells, known))]
    for number in sorted(hidden, key=lambda each: each.value):
        while not is_protected(attack(number.cells, _all(numbers, shown, before))):
            shown.discard(_to_hide(number, numbers, shown - set(fixed)))
    return shown


def _all(
    numbers: Mapping[str, Number], shown: Collection[str], before: Sequence[Known]
) -> list[Known]:
    return [*before, *(known_rounded(numbers[name]) for name in sorted(shown))]


def _to_hide(number: Number, numbers: Mapping[str, Number], shown: Collection[str]) -> str:
    """The number to leave out next: the smallest of those that tie the hidden one to others.

    Numbers with cells in common tie; those that only complete them are reached through them.
    """
    near = set(number.cells)
    while True:
        tied = [name for name in shown if numbers[name].cells & near]
        inside = [name for name in tied if not numbers[name].cells >= number.cells]
        if inside or set().union(*(numbers[name].cells for name in tied)) <= near:
            break
        near |= set().union(*(numbers[name].cells for name in tied))
    best = inside or tied
    return min(best, key=lambda name: (numbers[name].value, name))
