"""What every report prints about itself: were the arms drawn as said, and alike before?"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, nan, sqrt

from scipy.special import bdtr, bdtrc, gammaln, xlog1py, xlogy

from service.engine.lift.effect import effects
from service.engine.lift.moments import Moments

_ALIKE = 1e-7
"""Two counts whose probabilities differ by no larger share are as likely as each other."""
_SUSPICIOUS = 0.001
"""A sample ratio this unlikely is a fault of the draw or of the data, not chance."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the arms have as many households as the draw gives them."""

    expected_share: float
    share: float
    p_value: float

    @property
    def is_suspicious(self) -> bool:
        """Whether this is too unlikely to be chance."""
        return self.p_value < _SUSPICIOUS


def sample_ratio(households: int, controls: int, *, control_share: float) -> SampleRatio:
    """The exact binomial test of the controls among all households of a comparison.

    Both counts are of the households that the same rule picks (intention to treat).
    """
    every = households + controls
    if not every:
        return SampleRatio(control_share, nan, 1.0)
    p_value = _two_sided(controls, every, control_share)
    return SampleRatio(control_share, controls / every, p_value)


def _two_sided(count: int, trials: int, share: float) -> float:
    """How likely a count of successes is that is no likelier than this one.

    The same as SciPy's `binomtest`, whose module takes longer to import than all else here.
    """

    def log_likelihood(successes: int) -> float:
        others = trials - successes
        ways = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(others + 1)
        return float(ways + xlogy(successes, share) + xlog1py(others, -share))

    most, expected = log_likelihood(count) + _ALIKE, trials * share
    if count == expected:
        return 1.0
    if count < expected:
        # On either side of the likeliest count the others are the less likely the farther away.
        above = range(ceil(expected), trials + 1)
        far = above.start + bisect_left(above, True, key=lambda each: log_likelihood(each) <= most)
        low, high = count, far - 1
    else:
        below = range(floor(expected) + 1)
        low = bisect_left(below, True, key=lambda each: log_likelihood(each) > most) - 1
        high = count - 1
    lower = bdtr(low, trials, share) if low >= 0 else 0.0
    upper = bdtrc(high, trials, share) if high < trials else 0.0
    return min(1.0, float(lower + upper))


@dataclass(frozen=True, slots=True)
class Balance:
    """How far one covariate lies apart: in deviations, and the p-value of a difference."""

    apart: float
    p_value: float


def balances(treated: Moments, control: Moments, covariates: Sequence[int]) -> list[Balance]:
    """How alike the arms were before, in each covariate; groups are strata as in `effects`."""
    found = effects(treated.of(covariates), control.of(covariates), len(covariates))
    degrees = float(treated.count.sum() + control.count.sum()) - 2
    scatter = treated.scatter + control.scatter if degrees > 0 else None
    made = []
    for covariate, each in zip(covariates, found, strict=True):
        if each is None or scatter is None:
            made.append(Balance(nan, nan))
            continue
        deviation = sqrt(max(float(scatter[:, covariate, covariate].sum()) / degrees, 0.0))
        apart = each.difference / deviation if deviation else 0.0
        made.append(Balance(apart, each.p_value()))
    return made
