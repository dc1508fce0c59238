"""How good a forecast was: scores of rankings and of chances over one or more as-of dates.

Rankings are judged per household and date on the first K items. Precision and hit rate are means
over all households; one that did not shop counts as 0. Recall and nDCG are means over the
households that bought something; repeat recall is over those that bought something again, of what
they had bought before. nDCG has binary gain and a log2 discount; its ideal is the first K
of everything bought, new items included. Chances are judged over all household-item pairs together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict.calibration import calibration_error, reliability
from service.engine.predict.clusters import mean_by_household
from service.engine.predict.events import Flags, Floats, Ints

LEAST_CHANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was forecast and what happened at one date, one row per household-item pair.

    - `household`: codes from 0 to n-1, ascending.
    - `chance`: the forecast; `bought`: whether the item was bought in the horizon.
    - `truths`, one entry per household: distinct items bought in the horizon, new items included.
    """

    household: Ints
    chance: Floats
    bought: Flags
    truths: Ints


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of one method over some dates.

    `curve[k - 1]` is the precision among the first k items. `reliability` is what the function of
    that name returns. The `shown_` error is over the first K items of each household.
    """

    precision: float
    recall: float
    repeat_recall: float
    ndcg: float
    hit_rate: float
    log_loss: float
    brier: float
    auc: float
    calibration_error: float
    shown_calibration_error: float
    household_dates: int
    candidates: int
    curve: tuple[float, ...]
    reliability: tuple[tuple[float, float, int], ...]


def report(outcomes: list[Outcome], *, shown: int = 12, curve_to: int = 30) -> Report:
    """Score the outcomes of several dates together; K is `shown`."""
    ranked = [_rank(outcome, shown, curve_to) for outcome in outcomes]
    chance = np.concatenate([outcome.chance for outcome in outcomes])
    bought = np.concatenate([outcome.bought for outcome in outcomes])
    top = np.concatenate([one.top for one in ranked])
    household_dates = sum(len(outcome.truths) for outcome in outcomes)
    shoppers = sum(int((outcome.truths > 0).sum()) for outcome in outcomes)
    hits = np.sum([one.hits for one in ranked], axis=0)
    repeaters = sum(one.repeaters for one in ranked)
    loss = np.concatenate([_losses(outcome) for outcome in outcomes])
    return Report(
        precision=float(hits[shown - 1] / (household_dates * shown)),
        recall=float(sum(one.recall for one in ranked) / max(shoppers, 1)),
        repeat_recall=float(sum(one.repeat_recall for one in ranked) / max(repeaters, 1)),
        ndcg=float(sum(one.ndcg for one in ranked) / max(shoppers, 1)),
        hit_rate=float(sum(one.any_hit for one in ranked) / household_dates),
        log_loss=float(loss.mean()),
        brier=float(((chance - bought) ** 2).mean()),
        auc=auc(chance, bought),
        calibration_error=calibration_error(chance, bought),
        shown_calibration_error=calibration_error(chance[top], bought[top]),
        household_dates=household_dates,
        candidates=len(chance),
        curve=tuple(float(hits[k] / (household_dates * (k + 1))) for k in range(curve_to)),
        reliability=reliability(chance, bought),
    )


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much one method is ahead of another, with standard errors of the difference.

    All dates of a household count together. Above zero, the first method is better in both.
    """

    precision: float
    precision_error: float
    log_loss: float
    log_loss_error: float


def lead(
    ours: list[Outcome], other: list[Outcome], households: list[Ints], *, shown: int = 12
) -> Lead:
    """Compare two methods on the same pairs of some dates, at least one.

    `households` are, for each date, the numbers of its households over all dates.
    """
    hits = [_hits(a, shown) - _hits(b, shown) for a, b in zip(ours, other, strict=True)]
    losses = [_losses(b) - _losses(a) for a, b in zip(ours, other, strict=True)]
    of_pair = [ids[one.household] for one, ids in zip(ours, households, strict=True)]
    return Lead(
        *mean_by_household(np.concatenate(hits) / shown, np.concatenate(households)),
        *mean_by_household(np.concatenate(losses), np.concatenate(of_pair)),
    )


def _hits(outcome: Outcome, shown: int) -> Floats:
    return _rank(outcome, shown, shown).hits_of_household


def _losses(outcome: Outcome) -> Floats:
    chance = np.clip(outcome.chance, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
    return -np.where(outcome.bought, np.log(chance), np.log1p(-chance))


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The ranking of one date: which pairs are among the first K, and sums over its households."""

    top: Flags
    hits: Floats
    hits_of_household: Floats
    recall: float
    repeat_recall: float
    repeaters: int
    ndcg: float
    any_hit: int


def _rank(outcome: Outcome, shown: int, curve_to: int) -> _Ranked:
    order = np.lexsort((-outcome.chance, outcome.household))
    household = outcome.household[order]
    bought = outcome.bought[order]
    rank = np.arange(len(household)) - np.searchsorted(household, household)
    within_reach = rank < max(shown, curve_to)
    hits = np.cumsum(
        np.bincount(rank[within_reach], bought[within_reach], minlength=max(shown, curve_to))
    )
    first = rank < shown
    size = len(outcome.truths)
    hits_of_household = np.bincount(household[first], bought[first], minlength=size)
    discount = 1.0 / np.log2(np.arange(shown) + 2.0)
    gain = np.bincount(household[first], bought[first] * discount[rank[first]], minlength=size)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(outcome.truths, shown)]
    shops = outcome.truths > 0
    known = np.bincount(outcome.household, outcome.bought, minlength=size)
    repeats = known > 0
    top = np.zeros(len(household), dtype=np.bool_)
    top[order[first]] = True
    return _Ranked(
        top=top,
        hits=hits.astype(np.float64),
        hits_of_household=hits_of_household.astype(np.float64),
        recall=float((hits_of_household[shops] / outcome.truths[shops]).sum()),
        repeat_recall=float((hits_of_household[repeats] / known[repeats]).sum()),
        repeaters=int(repeats.sum()),
        ndcg=float((gain[shops] / ideal[shops]).sum()),
        any_hit=int((hits_of_household > 0).sum()),
    )


def auc(chance: Floats, bought: Flags) -> float:
    """Area under the ROC curve (Mann-Whitney; ties count half); 0.5 where undefined."""
    positives = int(bought.sum())
    negatives = len(bought) - positives
    if not positives or not negatives:
        return 0.5
    values, inverse, sizes = np.unique(chance, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    middle = last - (sizes - 1) / 2.0
    ranks = float(middle[inverse][bought].sum()) if len(values) else 0.0
    return (ranks - positives * (positives + 1) / 2.0) / (positives * negatives)
