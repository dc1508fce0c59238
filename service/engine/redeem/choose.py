"""The best combination of offers that compete for the same units.

The rule: every unit goes to at most one offer, and of all such sharings the one that takes most
off the basket is made. Branch and bound per group of competing offers: each offer first draws on
all it may reach, which bounds the total from above; where two then hold the same unit, one branch
per holder takes the unit from the others. A branch without such a clash reaches its bound.
"""

from collections.abc import Sequence

from service.engine.redeem.contender import Contender
from service.engine.redeem.draw import Draw, draw

EFFORT = 1000
"""Branches looked at per group before the best combination found so far is taken as it is."""


def choose(
    contenders: Sequence[Contender], alone: Sequence[Draw], *, effort: int = EFFORT
) -> tuple[list[Draw], bool]:
    """One draw per contender, no unit held twice, and whether the total is proven the largest.

    `alone[i]` is contender `i`'s draw on all its reach. Among equal totals the order of
    `contenders` decides.
    """
    if not _clash(alone):
        return list(alone), True
    chosen, proven = list(alone), True
    for group in _groups(contenders):
        if not _clash([alone[i] for i in group]):
            continue
        search = _Search([contenders[i] for i in group], [alone[i] for i in group])
        proven = search.run(effort) and proven
        for i, found in zip(group, search.best, strict=True):
            chosen[i] = found
    return chosen, proven


def _groups(contenders: Sequence[Contender]) -> list[list[int]]:
    """Contenders whose reaches are connected through shared units, each group in order."""
    groups: list[tuple[int, list[int]]] = []
    for number, contender in enumerate(contenders):
        reach, members = contender.reach, [number]
        apart = []
        for other_reach, others in groups:
            if other_reach & reach:
                reach |= other_reach
                members = others + members
            else:
                apart.append((other_reach, others))
        groups = [*apart, (reach, members)]
    return [sorted(members) for _, members in groups]


def _clash(draws: Sequence[Draw]) -> int:
    """The units held by more than one draw."""
    seen = clash = 0
    for each in draws:
        clash |= seen & each.held
        seen |= each.held
    return clash


class _Search:
    """One group's search: `best` is the best sharing so far, `best_cents` its total."""

    def __init__(self, contenders: Sequence[Contender], alone: Sequence[Draw]) -> None:
        self.contenders = contenders
        self.alone = alone
        self.known: list[dict[int, Draw]] = [
            {c.reach: d} for c, d in zip(contenders, alone, strict=True)
        ]
        self.best: list[Draw] = []
        self.best_cents = -1

    def run(self, effort: int) -> bool:
        """Search, and say whether the result is proven best within `effort` branches."""
        bound = sum(each.cents for each in self.alone)
        for order in self._orders():
            self._offer(self._in_turn(order))
            if self.best_cents == bound:
                return True
        stack = [(bound, [c.reach for c in self.contenders], list(self.alone))]
        while stack:
            bound, masks, draws = stack.pop()
            if bound <= self.best_cents:
                continue
            if not effort:
                return False
            effort -= 1
            clash = _clash(draws)
            if not clash:
                self._offer(draws)
                continue
            branches = self._branches(clash & -clash, masks, draws)
            # The most promising branch is looked at first, so it is pushed last.
            branches.sort(key=lambda branch: branch[0])
            stack.extend(branch for branch in branches if branch[0] > self.best_cents)
        return True

    def _branches(
        self, unit: int, masks: list[int], draws: list[Draw]
    ) -> list[tuple[int, list[int], list[Draw]]]:
        """One branch per holder of `unit` (a one-bit set), last holder first."""
        holders = [i for i, each in enumerate(draws) if each.held & unit]
        branches = []
        for keeper in reversed(holders):
            left, drawn = list(masks), list(draws)
            for loser in holders:
                if loser != keeper:
                    left[loser] &= ~unit
                    drawn[loser] = self._draw(loser, left[loser])
            branches.append((sum([each.cents for each in drawn]), left, drawn))
        return branches

    def _orders(self) -> list[list[int]]:
        """Orders worth trying before searching: narrowest reach first, largest draw first."""
        numbers = range(len(self.contenders))
        reach = [c.reach.bit_count() for c in self.contenders]
        return [
            sorted(numbers, key=lambda i: reach[i]),
            sorted(numbers, key=lambda i: -self.alone[i].cents),
        ]

    def _in_turn(self, order: Sequence[int]) -> list[Draw]:
        """Each contender in `order` draws on what those before it left."""
        draws, taken = list(self.alone), 0
        for number in order:
            draws[number] = self._draw(number, self.contenders[number].reach & ~taken)
            taken |= draws[number].held
        return draws

    def _offer(self, draws: list[Draw]) -> None:
        cents = sum(each.cents for each in draws)
        if cents > self.best_cents:
            self.best, self.best_cents = draws, cents

    def _draw(self, number: int, mask: int) -> Draw:
        known = self.known[number]
        found = known.get(mask)
        if found is None:
            found = known[mask] = draw(self.contenders[number], mask)
        return found
