"""What a supplier may see: no number about few households, and none that others give away.

A number is unsafe when fewer than `FEWEST` households stand behind it or when one of them makes
most of it (dominance). Leaving it out is not enough: a total less the other numbers tells it. So
more is left out until an attacker who knows everything that was ever released, and everything exact
(claims, their evidence), cannot narrow an unsafe number down: for each, two linear programs give
the least and the most it can be (Fischetti and Salazar 2001 audit tables so). Released numbers are
rounded, which the programs take into account.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from service.engine.lift.attacker import Attacker, Bounds, Known

FEWEST = 20
"""Below so many households a number is unsafe (k)."""
ROUNDING = 5
"""Released counts are rounded to multiples of this."""
_LARGEST, _TWO_LARGEST = 0.5, 0.75
_EXACT = 1e-6
"""Programs are solved so exactly."""


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


def known_exactly(cells: Iterable[str], value: float) -> Known:
    """What was told to the cent or the piece, as a claim does."""
    return Known(frozenset(cells), value, value)


def known_rounded(number: Number) -> Known:
    """What a released number tells: its value up to the rounding."""
    shown, half = rounded(number.value), ROUNDING / 2
    return Known(number.cells, max(shown - half, 0.0), shown + half)


def equal(cells: Iterable[str], others: Iterable[str]) -> Known:
    """That two sums are the same, as those of the same households by region and by cell are."""
    return Known(frozenset(cells), 0.0, 0.0, frozenset(others))


def attack(target: frozenset[str], knowledge: Sequence[Known]) -> Bounds:
    """What an attacker finds of a sum of cells: its least and most value; no bound is infinite.

    Raises ValueError when the knowledge contradicts itself.
    """
    return Attacker(knowledge, [target]).bounds(0)


def is_protected(bounds: Bounds) -> bool:
    """Whether a number stays unknown: it may be `FEWEST`, and its bounds lie as far apart."""
    return bounds.high >= FEWEST - _EXACT and bounds.high - bounds.low >= FEWEST - _EXACT


def released(
    numbers: Mapping[str, Number],
    *,
    before: Sequence[Known] = (),
    fixed: Collection[str] = (),
    offered: Collection[str] | None = None,
) -> set[str]:
    """The names of the numbers that may be shown together.

    `before` is all that the receiver knows already, `fixed` are those shown already, which stay
    shown; what these alone give away is not protected any more. Of the others only those `offered`
    are shown, all unless they are named; but all unsafe numbers are protected. Safe numbers are
    left out one by one, the smallest that an attacker needs first, until they are.
    """
    wanted = numbers.keys() if offered is None else offered
    shown = {name for name in wanted if not numbers[name].unsafe} | set(fixed)
    for part in _parts(numbers, shown, before):
        new = part.shown - set(fixed)
        hidden = [name for name in part.hidden if name not in fixed]
        if new and hidden:
            shown -= _to_hide(numbers, part, new, hidden)
    return shown


@dataclass(slots=True)
class _Part:
    """Numbers and knowledge that have cells in common, directly or through others."""

    shown: set[str] = field(default_factory=set)
    hidden: list[str] = field(default_factory=list)
    before: list[Known] = field(default_factory=list)


def _parts(
    numbers: Mapping[str, Number], shown: Collection[str], before: Sequence[Known]
) -> list[_Part]:
    """The parts that do not touch each other, each with what is shown and hidden of it."""
    leader: dict[str, str] = {}

    def find(cell: str) -> str:
        while leader.setdefault(cell, cell) != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    def join(cells: frozenset[str]) -> None:
        first, *rest = (find(cell) for cell in sorted(cells))
        for each in rest:
            leader[find(each)] = find(first)

    hidden = [name for name, number in numbers.items() if number.unsafe and name not in shown]
    for cells in (
        *(numbers[name].cells for name in (*sorted(shown), *hidden)),
        *(known.cells | known.less for known in before),
    ):
        join(cells)
    parts: dict[str, _Part] = {}

    def part_of(cells: frozenset[str]) -> _Part:
        return parts.setdefault(find(min(cells)), _Part())

    for name in sorted(shown):
        part_of(numbers[name].cells).shown.add(name)
    for name in hidden:
        part_of(numbers[name].cells).hidden.append(name)
    for known in before:
        part_of(known.cells).before.append(known)
    return list(parts.values())


def _to_hide(
    numbers: Mapping[str, Number], part: _Part, new: set[str], hidden: Sequence[str]
) -> set[str]:
    """The new numbers of a part that must not be shown, for its hidden ones to stay so."""
    old = sorted(part.shown - new)
    base = [*part.before, *(known_rounded(numbers[name]) for name in old)]
    targets = sorted(hidden, key=lambda name: numbers[name].value)
    unknown = Attacker(base, [numbers[name].cells for name in targets])
    targets = [name for n, name in enumerate(targets) if is_protected(unknown.bounds(n))]
    names = sorted(new)
    told = [known_rounded(numbers[name]) for name in names]
    attacker = Attacker([*base, *told], [numbers[name].cells for name in targets])
    out: set[str] = set()
    for n in range(len(targets)):
        while not is_protected(attacker.seen(n)) and not is_protected(attacker.bounds(n)):
            needed = [
                names[row - len(base)]
                for row in attacker.binding()
                if row >= len(base) and names[row - len(base)] not in out
            ]
            if not needed:
                break
            least = min(needed, key=lambda name: (numbers[name].value, name))
            attacker.forget(len(base) + names.index(least))
            out.add(least)
    return out
