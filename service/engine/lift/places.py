"""The effect of a copy by region or by cell, from the same sums as the deal's own.

All places of a deal share the slopes of its covariates. The outcome less what the year before
explains is then one variable, whose sums follow from those that are kept, so that twenty places
cost little more than one estimate. With shared slopes (the analysis of covariance) the difference
is still that of a randomised comparison, and errors are of what is left in each arm (Freedman 2008;
Lin 2013). Within a place strata are weighted by all their households, as in a deal.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from service.engine.lift.effect import VARIANCE_PRIOR, Effect, Means, degrees_of, inverse_of, usable
from service.engine.lift.moments import Floats, Moments
from service.engine.lift.strata import ENOUGH, joined


def effects_by_place(
    treated: Moments, control: Moments, place: Sequence[int], stratum: Sequence[int], places: int
) -> list[Effect | None]:
    """The effect in each of `places`; None where either arm has fewer than `strata.ENOUGH`.

    Both arms have the same groups in the same order; `place` and `stratum` number them, strata so
    that neighbours are alike. Variable 0 is the outcome, the others are covariates measured before.
    """
    of, kind = np.asarray(place, dtype=int), np.asarray(stratum, dtype=int)
    size = int(kind.max(initial=-1)) + 1
    arms = _adjusted([treated, control])
    found = []
    for number in range(places):
        mine = of == number
        found.append(_effect([arm.at(mine).merged(kind[mine], size) for arm in arms]))
    return found


def _adjusted(arms: list[Moments]) -> list[Moments]:
    """The arms with two variables: what covariates leave of the outcome, and what they explain."""
    covariates = usable(arms)
    scatter = sum(arm.scatter.sum(axis=0) for arm in arms)
    slopes = np.zeros(arms[0].total.shape[1])
    if covariates:
        inner = np.asarray(scatter)[np.ix_(covariates, covariates)]
        slopes[covariates] = inverse_of(inner) @ np.asarray(scatter)[covariates, 0]
    mix = np.array([-slopes, slopes])
    mix[0, 0] += 1
    return [Moments(arm.count, arm.total @ mix.T, mix @ arm.product @ mix.T) for arm in arms]


def _effect(arms: list[Moments]) -> Effect | None:
    """The effect in one place, whose arms have a group per stratum."""
    if min(arm.count.sum() for arm in arms) < ENOUGH:
        return None
    into = joined(arms[0].count, arms[1].count)
    arms = [arm.merged(into, int(into.max()) + 1) for arm in arms]
    kept = arms[0].count + arms[1].count > 0
    arms = [arm.at(kept) for arm in arms]
    size = arms[0].count + arms[1].count
    weight = size / size.sum()
    centre = (arms[0].total[:, 1] + arms[1].total[:, 1]) / size
    own = [_variance(arm, 0) for arm in arms]
    pooled = (own[0] * arms[0].count + own[1] * arms[1].count) / size
    means, variances, parts = [], [], []
    for arm, alone in zip(arms, own, strict=True):
        share = VARIANCE_PRIOR / (arm.count.sum() + VARIANCE_PRIOR)
        part = weight**2 * (alone + share * (pooled - alone)) / arm.count
        means.append(float(weight @ (arm.mean[:, 0] + centre)))
        variances.append(float(part.sum()))
        parts.append((part, arm.count - 1))
    # Where the centre lies is as uncertain in both means, and is no part of their difference.
    both = Moments(size, arms[0].total + arms[1].total, arms[0].product + arms[1].product)
    shared = float((weight**2 * _variance(both, 1) / size).sum())
    return Effect(
        difference=means[0] - means[1],
        error=sqrt(sum(variances)),
        degrees=degrees_of(parts),
        means=Means(means[0], means[1], variances[0] + shared, variances[1] + shared, shared),
        households=int(arms[0].count.sum()),
        controls=int(arms[1].count.sum()),
        strata=len(size),
    )


def _variance(arm: Moments, variable: int) -> Floats:
    """The variance of a variable within each group."""
    left = np.maximum(arm.scatter[:, variable, variable], 0.0)
    return np.asarray(left / np.maximum(arm.count - 1, 1))
