"""Keep a stored model when a newly fitted one is worse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from service.engine.predict.clusters import mean_by_household
from service.engine.predict.events import CustomerBase, Events, Floats, Ints, day_number
from service.engine.predict.examples import sample_events, validation_examples
from service.engine.predict.fitting import PRIOR_COLUMN
from service.engine.predict.model import Model
from service.engine.predict.scoring import purchase_log_odds

WORSE_BY_ERRORS = 2.0
# With fewer validation households, the standard error says too little.
LEAST_HOUSEHOLDS = 10


@dataclass(frozen=True, slots=True)
class Contest:
    """The log loss of two models on the same pairs of validation households, after `origin`.

    `difference` is that of the new model less that of the old one; `standard_error` is of this
    difference, by household.
    """

    origin: date
    households: int
    new_log_loss: float
    old_log_loss: float
    difference: float
    standard_error: float

    @property
    def is_new_worse(self) -> bool:
        """Whether the new model is worse by more than two standard errors."""
        return self.difference > WORSE_BY_ERRORS * self.standard_error


def compare(base: CustomerBase, new: Model, old: Model) -> Contest | None:
    """Score a new and an older model at the newest origin of the new one.

    `base` is what the new model was fitted to. None if they cannot be compared: the old model has
    no network or another horizon, or there are fewer than `LEAST_HOUSEHOLDS`.
    """
    origin = new.training.last_origin
    if origin is None or old.chance is None or old.horizon_days != new.horizon_days:
        return None
    rows = sum(part.rows for part in base.parts())
    events = sample_events(base, rows)
    new_loss, household = _losses(events, origin, new)
    old_loss, _ = _losses(events, origin, old)
    households = len(np.unique(household))
    if households < LEAST_HOUSEHOLDS:
        return None
    difference, standard_error = mean_by_household(new_loss - old_loss, household)
    return Contest(
        origin=origin,
        households=households,
        new_log_loss=float(new_loss.mean()),
        old_log_loss=float(old_loss.mean()),
        difference=difference,
        standard_error=standard_error,
    )


def carry_on(old: Model, new: Model) -> Model:
    """The old model as of the day of the new one: what it learned, with the counts of the day."""
    return replace(old, as_of=new.as_of, items=new.items)


def _losses(events: Events, origin: date, model: Model) -> tuple[Floats, Ints]:
    """The log loss of each pair of validation households, and its household."""
    group = validation_examples(events, day_number(origin), model)
    odds = purchase_log_odds(
        model,
        group.inputs,
        model.vector_rows(events.item_ids)[group.item],
        prior=group.inputs[:, PRIOR_COLUMN].astype(np.float64),
        calendar=group.calendar,
    )
    return np.logaddexp(0.0, odds) - group.bought * odds, group.household
