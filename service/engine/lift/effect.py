"""The effect of a copy from sums: a stratified, regression-adjusted difference of two arms.

Within each arm the outcome is regressed on covariates centred in its stratum, with slopes of its
own arm (Lin 2013, "Agnostic notes on regression adjustments to experimental data"); strata are
weighted by all households in them (post-stratification; Miratrix, Sekhon and Yu 2013). A household
is one observation, so that the variance is clustered by household. Ratios take Fieller's interval
(1954), which stays right where the control's mean is close to zero.

A control share of 5 % of 2,000 copies is a hundred households, of whom few buy: slopes and variance
of such an arm are too uncertain to stand alone, and intervals from them hold the truth in 81 to 95
of 100 draws. So each arm's slopes lean on those of both arms as if 200 households more had shown
them, and its variance as if 60 had; an arm of thousands keeps its own (docs/lift.md has the draws).
"""

from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
from scipy.special import stdtr, stdtrit

from service.engine.lift.moments import Floats, Moments
from service.engine.lift.strata import ENOUGH, joined

CONFIDENCE = 0.95
_HOUSEHOLDS_PER_SLOPE = 20
"""An arm needs so many households for each covariate; with fewer, fewer covariates are used."""
_COLLINEAR = 1e-9
"""Directions that vary less than this share of the widest are dropped."""
_SLOPE_PRIOR = 200
"""How many households of both arms stand behind the slopes of each arm, besides its own."""
VARIANCE_PRIOR = 60
"""The same for its variance."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of a confidence interval; infinite where the data set no bound."""

    low: float
    high: float

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are finite."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Means:
    """Adjusted means of both arms per household, with their variances and covariance."""

    treated: float
    control: float
    treated_variance: float
    control_variance: float
    covariance: float


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference that getting the copy makes, per household, in units of the outcome.

    `degrees` are the degrees of freedom of its error; `strata` how many were told apart.
    `households` and `controls` are counts of both arms.
    """

    difference: float
    error: float
    degrees: float
    means: Means
    households: int
    controls: int
    strata: int

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of the difference, by Student's t."""
        reach = self.quantile(confidence) * self.error
        return Interval(self.difference - reach, self.difference + reach)

    def p_value(self) -> float:
        """The two-sided p-value of no difference; NaN without variance."""
        if not self.error > 0:
            return nan
        return float(2 * stdtr(self.degrees, -abs(self.difference) / self.error))

    def quantile(self, confidence: float = CONFIDENCE) -> float:
        """How many errors the interval reaches to either side."""
        return float(stdtrit(self.degrees, (1 + confidence) / 2))

    @property
    def relative(self) -> float:
        """The difference as a share of the control's mean; NaN where that is not positive."""
        return self.difference / self.means.control if self.means.control > 0 else nan

    def relative_interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The interval of `relative` by Fieller; without bounds where the control may be zero."""
        means, reach = self.means, self.quantile(confidence) ** 2
        square = means.control**2 - reach * means.control_variance
        if not square > 0 or not means.control > 0:
            return Interval(-inf, inf)
        middle = means.treated * means.control - reach * means.covariance
        rest = means.treated**2 - reach * means.treated_variance
        root = sqrt(max(middle**2 - square * rest, 0.0))
        return Interval((middle - root) / square - 1, (middle + root) / square - 1)


def effect(treated: Moments, control: Moments) -> Effect | None:
    """The effect of a copy on one outcome; see `effects`."""
    return effects(treated, control, 1)[0]


def effects(treated: Moments, control: Moments, outcomes: int) -> list[Effect | None]:
    """The effects of a copy; None where either arm has fewer than `strata.ENOUGH` households.

    Both arms have a group per stratum, in the same order; the first `outcomes` variables are
    outcomes, all others covariates measured before. Covariates without variance, and those for
    which an arm has too few households, are left out, the last first.
    """
    into = joined(treated.count, control.count)
    arms = [arm.merged(into, int(into.max()) + 1) for arm in (treated, control)]
    if min(arm.count.sum() for arm in arms) < ENOUGH:
        return [None] * outcomes
    kept = arms[0].count + arms[1].count > 0
    arms = [arm.at(kept) for arm in arms]
    size = arms[0].count + arms[1].count
    weight = size / size.sum()
    covariates = usable(arms, outcomes)
    within = [arm.scatter for arm in arms]
    totals = [scatter.sum(axis=0) for scatter in within]
    leaning = (totals[0] + totals[1]) * _SLOPE_PRIOR / size.sum()
    slopes = [_slopes(total + leaning, covariates, outcomes) for total in totals]
    centre = (arms[0].total + arms[1].total)[:, covariates] / size[:, None]
    spread = _spread(arms, covariates, centre, weight, size)
    own = [
        _residual_variance(arm.count, scatter, slope, covariates)
        for arm, scatter, slope in zip(arms, within, slopes, strict=True)
    ]
    pooled = sum(v * arm.count[:, None] for v, arm in zip(own, arms, strict=True)) / size[:, None]
    adjusted, variances, parts = [], [], []
    for arm, total, slope, alone in zip(arms, totals, slopes, own, strict=True):
        share = VARIANCE_PRIOR / (arm.count.sum() + VARIANCE_PRIOR)
        noise = alone + share * (pooled - alone)
        off = arm.mean[:, covariates] - centre
        adjusted.append(weight @ (arm.mean[:, :outcomes] - off @ slope))
        part = (weight**2 / arm.count)[:, None] * noise
        parts.append((part, arm.count - 1))
        variances.append(
            part.sum(axis=0) + _slope_noise(arm.count, total, covariates, weight @ off, noise)
        )
    shared = [
        np.einsum("co,cd,do->o", a, spread, b)
        for a, b in ((slopes[0],) * 2, (slopes[1],) * 2, slopes)
    ]
    found: list[Effect | None] = []
    for n in range(outcomes):
        means = Means(
            float(adjusted[0][n]),
            float(adjusted[1][n]),
            float(variances[0][n] + shared[0][n]),
            float(variances[1][n] + shared[1][n]),
            float(shared[2][n]),
        )
        variance = means.treated_variance + means.control_variance - 2 * means.covariance
        found.append(
            Effect(
                difference=means.treated - means.control,
                error=sqrt(max(variance, 0.0)),
                degrees=degrees_of([(part[:, n], degrees) for part, degrees in parts]),
                means=means,
                households=int(arms[0].count.sum()),
                controls=int(arms[1].count.sum()),
                strata=len(size),
            )
        )
    return found


def usable(arms: list[Moments], outcomes: int = 1) -> list[int]:
    """The covariates to adjust by: each varies in both arms, which are large enough for them."""
    smallest = min(arm.count.sum() for arm in arms)
    scatters = [arm.scatter.sum(axis=0) for arm in arms]
    squares = [arm.product.sum(axis=0) for arm in arms]
    varied = [
        k
        for k in range(outcomes, arms[0].total.shape[1])
        if all(s[k, k] > 1e-9 * q[k, k] for s, q in zip(scatters, squares, strict=True))
    ]
    return varied[: int(smallest) // _HOUSEHOLDS_PER_SLOPE]


def _slopes(scatter: Floats, covariates: list[int], outcomes: int) -> Floats:
    """The slopes of each outcome, (C, O)."""
    inner = scatter[np.ix_(covariates, covariates)]
    return np.asarray(inverse_of(inner) @ scatter[covariates, :outcomes])


def inverse_of(scatter: Floats) -> Floats:
    """The inverse of a scatter matrix; collinear directions are dropped.

    Variables are brought to one scale first, so that their units change nothing.
    """
    scale = 1 / np.sqrt(np.diagonal(scatter))
    values, vectors = np.linalg.eigh(scatter * scale[:, None] * scale)
    told = values > _COLLINEAR * values.max(initial=0.0)
    inverse = (vectors[:, told] / values[told]) @ vectors[:, told].T
    return np.asarray(inverse * scale[:, None] * scale)


def _residual_variance(
    count: Floats, scatter: Floats, slopes: Floats, covariates: list[int]
) -> Floats:
    """The variance of what the slopes leave, by stratum and outcome."""
    outcomes = slopes.shape[1]
    across = np.einsum("gco,co->go", scatter[:, covariates, :outcomes], slopes)
    inner = scatter[:, covariates][:, :, covariates]
    within = ((inner @ slopes) * slopes).sum(axis=1)
    squares = np.einsum("goo->go", scatter[:, :outcomes, :outcomes])
    left = np.maximum(squares - 2 * across + within, 0.0)
    spent = len(covariates) / count.sum() * count
    return np.asarray(left / np.maximum(count - 1 - spent, 1)[:, None])


def _slope_noise(
    count: Floats, total: Floats, covariates: list[int], off: Floats, noise: Floats
) -> Floats:
    """What the error of the slopes adds, for an arm whose covariates are `off` the centre."""
    if not covariates:
        return np.zeros(noise.shape[1])
    pooled = count @ noise / count.sum()
    inverse = inverse_of(total[np.ix_(covariates, covariates)])
    return np.asarray(pooled * float(off @ inverse @ off))


def _spread(
    arms: list[Moments], covariates: list[int], centre: Floats, weight: Floats, size: Floats
) -> Floats:
    """The variance of the centres' weighted mean: households are a sample of those to come."""
    both = arms[0].product + arms[1].product
    inner = both[:, covariates][:, :, covariates] - size[:, None, None] * (
        centre[:, :, None] * centre[:, None, :]
    )
    share = weight**2 / (size * np.maximum(size - 1, 1))
    return np.asarray(np.einsum("g,gij->ij", share, inner))


def degrees_of(parts: list[tuple[Floats, Floats]]) -> float:
    """The degrees of freedom of a sum of variances (Welch 1947, Satterthwaite 1946)."""
    each = np.concatenate([part for part, _ in parts])
    degrees = np.concatenate([degrees for _, degrees in parts])
    below = float((each**2 / np.maximum(degrees, 1)).sum())
    return float(each.sum() ** 2 / below) if below > 0 else inf
