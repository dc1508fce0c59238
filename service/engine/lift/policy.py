"""What another policy would have come to, from a cycle that explored: doubly robust.

A policy says of each pair of household and deal whether it gets the copy. Where the cycle did what
the policy says, what was bought is known; where it did not, a regression says what is likely, and
those pairs where it did, weighted by the inverse of their chance, correct the regression. The
answer is right if either the chances or the regression are (Dudik, Langford and Li 2011, "Doubly
robust policy evaluation and learning"). Chances are drawn here, not estimated, so they are right.

A pair for which the policy asks what had next to no chance is answered by the regression alone, and
counted as such. Households are taken to buy each deal's goods for themselves: what would have come
in a copy's place, and what budgets would have allowed, is not in it.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from service.engine.lift.effect import CONFIDENCE, Interval
from service.engine.lift.moments import Floats

Bools = NDArray[np.bool_]
LEAST_CHANCE = 0.05
"""What was less likely than this is answered by the regression alone."""
_ENOUGH = 20
"""A regression needs so many pairs for each covariate; with fewer it is their mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """Pairs of a cycle: what each household bought, what it was like before, what it got.

    `outcome` (N,), `covariates` (N, K), `household` numbers from 0, `is_picked`, and `chance`, the
    share of draws in which it is picked.
    """

    outcome: Floats
    covariates: Floats
    household: NDArray[np.int64]
    is_picked: Bools
    chance: Floats


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What a policy adds to the outcomes of all households together, as they were.

    `changed` pairs would have been treated otherwise, or might have been; of `by_model` pairs the
    regression alone says what.
    """

    difference: float
    error: float
    households: int
    changed: int
    by_model: int

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of the difference, by Student's t over households."""
        reach = float(stdtrit(max(self.households - 1, 1), (1 + confidence) / 2)) * self.error
        return Interval(self.difference - reach, self.difference + reach)


def policy_value(tried: Tried, *, concerned: Bools, gives: Bools) -> PolicyValue:
    """The value of giving just the pairs of `gives` among those `concerned`, all else as it was."""
    rows = np.flatnonzero(concerned)
    wanted, got = gives[rows], tried.is_picked[rows]
    y, chance = tried.outcome[rows], tried.chance[rows]
    agreed = np.where(wanted, chance, 1 - chance)
    likely = _expected(tried, wanted=wanted, rows=rows)
    known = agreed >= LEAST_CHANCE
    match = known & (got == wanted)
    corrected = likely + np.where(match, (y - likely) / np.where(known, agreed, 1.0), 0.0)
    gain = corrected - y
    # Where the cycle always does what the policy asks for, nothing is estimated.
    gain[(agreed == 1) & (got == wanted)] = 0.0
    count = int(tried.household.max(initial=-1)) + 1
    by_household = np.bincount(tried.household[rows], gain, minlength=count)
    spread = float(((by_household - by_household.mean()) ** 2).sum()) if count else 0.0
    return PolicyValue(
        difference=float(gain.sum()),
        error=sqrt(spread * count / max(count - 1, 1)),
        households=count,
        changed=int(((agreed < 1) | (got != wanted)).sum()),
        by_model=int((~known).sum()),
    )


def _expected(tried: Tried, *, wanted: Bools, rows: NDArray[np.intp]) -> Floats:
    """What each of `rows` is likely to buy if it is treated as `wanted`, by a line of each arm."""
    found = np.zeros(len(rows))
    for arm in (True, False):
        mine = wanted == arm
        if mine.any():
            line = _line(tried, np.flatnonzero(tried.is_picked == arm))
            design = np.column_stack([np.ones(int(mine.sum())), tried.covariates[rows[mine]]])
            found[mine] = design @ line
    return found


def _line(tried: Tried, of: NDArray[np.intp]) -> Floats:
    """Intercept and slopes of the pairs `of`; their mean alone where they are few."""
    size = tried.covariates.shape[1]
    if len(of) < _ENOUGH * (size + 1):
        mean = float(tried.outcome[of].mean()) if len(of) else float(tried.outcome.mean())
        return np.concatenate([[mean], np.zeros(size)])
    design = np.column_stack([np.ones(len(of)), tried.covariates[of]])
    return np.asarray(np.linalg.lstsq(design, tried.outcome[of], rcond=1e-9)[0])
