"""Forecast when each household will need each item again.

`fit` learns a model from a purchase history. `score` forecasts what one household or many will buy
and when. `forecast` scores the whole customer base with the item statistics of the day. `reason`
explains one forecast in words. docs/forecast.md has the equations and the measured accuracy.
"""

from service.engine.predict.beginners import beginners
from service.engine.predict.discovery import discover, discover_base
from service.engine.predict.events import CustomerBase
from service.engine.predict.explain import explain
from service.engine.predict.fitting import fit, fit_base
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.reason import reason
from service.engine.predict.rivals import Contest, carry_on, compare
from service.engine.predict.scoring import forecast, score, score_base

__all__ = [
    "Contest",
    "CustomerBase",
    "Model",
    "Training",
    "beginners",
    "carry_on",
    "compare",
    "default_model",
    "discover",
    "discover_base",
    "explain",
    "fit",
    "fit_base",
    "forecast",
    "reason",
    "score",
    "score_base",
]
