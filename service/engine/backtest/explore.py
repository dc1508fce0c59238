"""How good the items were that a household had never bought: explore, as against repeat.

New items are judged apart, because they are bought far less often than those bought before. Of each
household the likeliest are taken up to a number; what it bought for the first time in the horizon
is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.engine.predict.calibration import calibration_error
from service.engine.predict.events import Flags, Floats, Ints

PROPOSED = 2
LISTED = 10


@dataclass(frozen=True, slots=True)
class Proposals:
    """New items of one date, the likeliest first within a household.

    - `household`: codes from 0 to n-1, ascending. `chance`: the forecast. `bought`: whether the
      item was bought in the horizon.
    - `truths`, one entry per household: distinct items first bought in the horizon. `known_truths`:
      those bought there that it had bought before.
    """

    household: Ints
    chance: Floats
    bought: Flags
    truths: Ints
    known_truths: Ints


@dataclass(frozen=True, slots=True)
class Exploration:
    """Scores of new items over some dates.

    - `share_new`: of all distinct items bought, the share that the household bought first then.
    - `taken_up`: of two new items per household, the share bought; `forecast`: their mean chance.
    - `recall`: mean share of a household's new items that were among its ten likeliest.
    - `calibration_error`: expected calibration error of these ten.
    """

    share_new: float
    taken_up: float
    forecast: float
    recall: float
    calibration_error: float
    proposed: int


def explore(dates: list[Proposals]) -> Exploration | None:
    """Score the proposals of several dates together; None if nothing was proposed."""
    places = [_places(one.household) for one in dates]
    chance = np.concatenate([one.chance for one in dates])
    bought = np.concatenate([one.bought for one in dates])
    place = np.concatenate(places)
    first, listed = place < PROPOSED, place < LISTED
    if not len(chance):
        return None
    shares = []
    for one, at in zip(dates, places, strict=True):
        hit = one.household[(at < LISTED) & one.bought]
        found = np.bincount(hit, minlength=len(one.truths))
        shares.append((found / np.maximum(one.truths, 1))[one.truths > 0])
    new = sum(int(one.truths.sum()) for one in dates)
    known = sum(int(one.known_truths.sum()) for one in dates)
    recalls = np.concatenate(shares)
    return Exploration(
        share_new=new / max(new + known, 1),
        taken_up=float(bought[first].mean()),
        forecast=float(chance[first].mean()),
        recall=float(recalls.mean()) if len(recalls) else 0.0,
        calibration_error=calibration_error(chance[listed], bought[listed]),
        proposed=int(first.sum()),
    )


def _places(household: Ints) -> Ints:
    """The place of each row within its household, from 0."""
    return np.arange(len(household)) - np.searchsorted(household, household)
