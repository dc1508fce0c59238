"""Whether a model still fits: calibration by group and input means, against the day of its fit.

A model forecasts a window; when the window is over, the chances can be compared with what was
bought. Only rows before the end of the window are used. Judged are the pairs of households that
made a trip in the eight weeks before it, the same that a model learns from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from service.engine.predict import Model
from service.engine.predict.calibration import calibration_error, calibration_noise
from service.engine.predict.events import Events, day_number, decode_ids, encode
from service.engine.predict.examples import active_pairs, days_to_first_purchase
from service.engine.predict.features import NAMES
from service.engine.predict.pairs import PairSummaries, summarise
from service.engine.predict.scoring import score

# The level of what is bought moves by so much of itself from one window to the next.
USUAL_SHARE = 0.08
# The calibration error is called doubled when it is so many times the expected one.
DOUBLED = 2.0
# Smaller groups are shown, but raise no alarm.
LEAST_PAIRS, LEAST_HOUSEHOLDS = 1000, 30
# An input has drifted when its mean moved by so many standard deviations.
MOST_SHIFT = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Forecast and outcome of a group of pairs: mean chance, share bought, calibration error.

    `expected` is the error of a sound model: what it was at the fit, or what the level usually
    moves by if that is more, and the noise at this number of pairs (root of the sum of squares).
    """

    group: str
    pairs: int
    households: int
    forecast: float
    bought: float
    error: float
    expected: float

    @property
    def is_judged(self) -> bool:
        """Whether the group is large enough for an alarm."""
        return self.pairs >= LEAST_PAIRS and self.households >= LEAST_HOUSEHOLDS

    @property
    def is_doubled(self) -> bool:
        """Whether the error is more than twice the expected one."""
        return self.is_judged and self.error > DOUBLED * self.expected


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many standard deviations the mean of an input has moved since the fit."""

    name: str
    deviations: float

    @property
    def is_drifted(self) -> bool:
        """Whether it has moved further than `MOST_SHIFT`."""
        return abs(self.deviations) > MOST_SHIFT


def judge(model: Model, history: pl.DataFrame, *, start: date, horizon_days: int) -> pl.DataFrame:
    """What a model said on the first day of a window, and what was bought in it.

    `history` reaches to the end of the window; the model has seen nothing from `start` on. Returns
    household_id, item_id, chance, bought, by household and item.
    """
    events = encode(history)
    day = day_number(start)
    past = events.before(day)
    pairs = summarise(past, day)
    scores = score(model, history, as_of=start, horizon_days=horizon_days)
    bought = days_to_first_purchase(events, pairs, day, horizon_days) < horizon_days
    return pl.DataFrame(
        {
            "household_id": decode_ids(past.household_ids, pairs.household),
            "item_id": decode_ids(past.item_ids, pairs.item),
            "chance": scores["p_purchase"],
            "bought": bought,
        }
    ).filter(pl.Series(active_pairs(pairs)))


def calibration(judged: pl.DataFrame, model: Model, *, group: str) -> Calibration:
    """The calibration of some rows of `judge`, at least one."""
    chance, bought = judged["chance"].to_numpy(), judged["bought"].to_numpy()
    household = judged["household_id"].rank("dense").cast(pl.Int64).to_numpy()
    training = model.training
    excess = training.check_calibration_error**2 - training.check_calibration_noise**2
    usual = max(float(np.sqrt(max(excess, 0.0))), USUAL_SHARE * float(chance.mean()))
    return Calibration(
        group=group,
        pairs=len(chance),
        households=int(household.max()),
        forecast=float(chance.mean()),
        bought=float(bought.mean()),
        error=calibration_error(chance, bought),
        expected=float(np.hypot(usual, calibration_noise(chance, bought, household))),
    )


def calibration_by(judged: pl.DataFrame, model: Model, *, column: str) -> Iterator[Calibration]:
    """The calibration of each group of a column of texts, the largest group first."""
    parts = judged.partition_by(column)
    for part in sorted(parts, key=lambda part: (-part.height, str(part[column][0]))):
        yield calibration(part, model, group=str(part[column][0]))


def input_shifts(model: Model, history: pl.DataFrame, *, as_of: date) -> list[Shift]:
    """How far the mean of each input has moved since the fit, the furthest first.

    Empty for a model without networks, or without active households.
    """
    means = np.array(model.training.input_means)
    day = day_number(as_of)
    past = encode(history, as_of)
    if not len(means) or not past.rows:
        return []
    pairs = summarise(past, day)
    chosen = active_pairs(pairs)
    if not chosen.any():
        return []
    now = _inputs(model, past, pairs)[chosen].mean(axis=0)
    moved = (now - means) / (np.array(model.training.input_spreads) + 1e-6)
    found = [Shift(name, float(by)) for name, by in zip(NAMES, moved, strict=True)]
    return sorted(found, key=lambda shift: -abs(shift.deviations))


def _inputs(model: Model, past: Events, pairs: PairSummaries) -> np.ndarray:
    rows = model.items.rows_of(past.item_ids)[pairs.item]
    return model.inputs(pairs, rows, model.vector_rows(past.item_ids)[pairs.item])
