"""The best combination of offers that compete for the same units.

The rule: every unit goes to at most one offer, and of all such divisions the one that takes most
off the basket is chosen. Branch and bound per group of competing offers: each offer first draws on
all it may reach, which bounds the total from above; where two then hold the same unit, one branch
per holder takes the unit from the others. A branch without such a clash reaches its bound.

The search is limited by counted work, never by time, so that every machine settles the same basket
in the same way; the remaining bound is how far the result may be from the best.
"""

from collections.abc import Sequence
from typing import NamedTuple

from service.engine.redeem.contender import Contender
from service.engine.redeem.draw import NOTHING, Draw

EFFORT = 300
"""Branches examined per group before the best combination found so far is taken."""

STEPS = 40_000
"""Work counted for a basket before the search ends: about 1 us each."""

DRAW_STEPS = 5_000
"""Work that one draw may count. At most three draws of each offer are not limited by `STEPS`:
alone, in the first division, and at the end on the remaining units."""

FIRST_EFFORT = 30
"""Branches examined before the local improvement starts; they settle most conflicts."""

ROUNDS = 3


def choose(
    contenders: Sequence[Contender],
    alone: Sequence[Draw],
    *,
    effort: int = EFFORT,
    steps: int = STEPS,
) -> tuple[list[Draw], int]:
    """One draw per contender, no unit held twice, and what the best could take off beyond them.

    `alone[i]` is contender `i`'s draw on all its reach. Among equal totals the order of
    `contenders` decides. The remaining `steps` are divided among the competing groups in their
    order; a group leaves what it does not need to the later ones.
    """
    chosen = list(alone)
    if not _clash(alone):
        return chosen, sum([each.short for each in alone])
    groups = _groups(contenders)
    competing = [group for group in groups if _clash([alone[i] for i in group])]
    short = sum([each.short for each in alone])
    units = contenders[0].units
    for done, group in enumerate(competing):
        share = max(steps - units.steps, 0) // (len(competing) - done)
        search = _Search([contenders[i] for i in group], [alone[i] for i in group])
        search.run(effort, share)
        short += search.short - sum([alone[i].short for i in group])
        for i, found in zip(group, search.best, strict=True):
            chosen[i] = found
    return chosen, short


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


class _Branch(NamedTuple):
    """What each contender may still reach, what it draws on that, and the sum of that."""

    bound: int
    masks: list[int]
    draws: list[Draw]


class _Search:
    """One group's search: `best` is the best division so far, `best_cents` its total.

    `bound` is the most that any division can take off, as far as the search has shown.
    """

    def __init__(self, contenders: Sequence[Contender], alone: Sequence[Draw]) -> None:
        self.contenders = contenders
        self.alone = alone
        self.units = contenders[0].units
        self.known: list[dict[int, Draw]] = [
            {c.reach: d} for c, d in zip(contenders, alone, strict=True)
        ]
        self.best: list[Draw] = []
        self.best_cents = -1
        self.bound = sum([each.cents + each.short for each in alone])
        self.end = 0

    @property
    def short(self) -> int:
        """The most that a better division could take off beyond the best so far."""
        return max(self.bound - self.best_cents, 0)

    @property
    def spent(self) -> bool:
        """Whether all the work allowed was done."""
        return self.units.steps >= self.end

    def run(self, effort: int, steps: int) -> None:
        """Search within `effort` branches and `steps` of work."""
        self.end = self.units.steps + steps
        for order in self._orders():
            stop = bool(self.best)
            self._offer(self._in_turn(order, [NOTHING] * len(self.alone), stop=stop))
        if self._explore(min(effort, FIRST_EFFORT)):
            return
        for _ in range(ROUNDS):
            before = self.best_cents
            self._improve()
            if self.best_cents == before:
                break
        if not self._explore(effort):
            # Cut short, the best may leave units that an offer could still use.
            self._offer(self._in_turn(range(len(self.alone)), self.best))

    def _explore(self, effort: int) -> bool:
        """Branch from the start; whether all branches were examined."""
        reaches = [c.reach for c in self.contenders]
        root = sum([each.cents + each.short for each in self.alone])
        stack = [_Branch(root, reaches, list(self.alone))]
        settled = 0
        while stack:
            branch = stack.pop()
            if branch.bound <= self.best_cents:
                continue
            if not effort or self.spent:
                still_open = max([each.bound for each in stack], default=0)
                self.bound = min(self.bound, max(branch.bound, still_open, settled))
                return False
            effort -= 1
            clash = _clash(branch.draws)
            if not clash:
                self._offer(branch.draws)
                settled = max(settled, branch.bound)
                continue
            branches = self._split(branch, clash & -clash)
            if branches is None:
                stack.append(branch)
                continue
            # The most promising branch is examined first, so it is pushed last.
            branches.sort(key=lambda each: each.bound)
            stack.extend(branches)
        self.bound = min(self.bound, max(settled, self.best_cents))
        return True

    def _split(self, branch: _Branch, unit: int) -> list[_Branch] | None:
        """One branch per holder of `unit` (a one-bit set), last holder first; None when spent."""
        holders = [i for i, each in enumerate(branch.draws) if each.held & unit]
        bound, without, losses = branch.bound, [], []
        for number in holders:
            if self.spent:
                return None
            mask, each = branch.masks[number] & ~unit, branch.draws[number]
            found = self._draw(number, mask)
            loss = max(each.cents + each.short - found.cents - found.short, 0)
            bound -= loss
            without.append((number, mask, found))
            losses.append(loss)
        self.units.steps += 2 + (len(holders) * len(branch.draws) >> 3)
        branches = []
        for place in range(len(holders) - 1, -1, -1):
            branch_bound = bound + losses[place]
            if branch_bound > self.best_cents:
                masks, draws = list(branch.masks), list(branch.draws)
                for loser, mask, found in without:
                    if loser != holders[place]:
                        masks[loser], draws[loser] = mask, found
                branches.append(_Branch(branch_bound, masks, draws))
        return branches

    def _orders(self) -> list[list[int]]:
        """Orders worth trying before searching: narrowest reach first, largest draw first."""
        numbers = range(len(self.contenders))
        reach = [c.reach.bit_count() for c in self.contenders]
        return [
            sorted(numbers, key=lambda i: reach[i]),
            sorted(numbers, key=lambda i: -self.alone[i].cents),
        ]

    def _improve(self) -> None:
        """Let each contender in turn take its best draw, and the others draw again."""
        order = self._orders()[1]
        for number in order:
            wanted = self.alone[number]
            if wanted.cents <= self.best[number].cents:
                continue
            draws = [NOTHING if each.held & wanted.held else each for each in self.best]
            draws[number] = wanted
            others = [i for i in order if i != number]
            self._offer(self._in_turn(others, draws, stop=True))
            if self.spent:
                return

    def _in_turn(
        self, order: Sequence[int], draws: list[Draw], *, stop: bool = False
    ) -> list[Draw]:
        """Each contender in `order` draws again on what the others do not hold.

        With `stop` it ends when the allowed work is done.
        """
        draws, taken = list(draws), 0
        for each in draws:
            taken |= each.held
        for number in order:
            if stop and self.spent:
                break
            others = taken & ~draws[number].held
            draws[number] = self._draw(number, self.contenders[number].reach & ~others)
            taken = others | draws[number].held
        return draws

    def _offer(self, draws: list[Draw]) -> None:
        cents = sum([each.cents for each in draws])
        if cents > self.best_cents:
            self.best, self.best_cents = draws, cents

    def _draw(self, number: int, mask: int) -> Draw:
        known = self.known[number]
        found = known.get(mask)
        if found is None:
            found = known[mask] = self.contenders[number].draw(mask)
        return found
