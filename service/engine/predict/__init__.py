"""When each household runs out of each thing.

`fit` learns from a history, `score` says for one household or for all what they will buy and when,
`forecast` does so for the whole base with that day's item statistics, `reason` says why. See
docs/forecast.md for the equations and what each part is worth.
"""

from service.engine.predict.discovery import discover
from service.engine.predict.events import Base
from service.engine.predict.explain import explain
from service.engine.predict.fitting import fit, fit_base
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.reason import reason
from service.engine.predict.scoring import forecast, score, score_base

__all__ = [
    "Base",
    "Model",
    "Training",
    "default_model",
    "discover",
    "explain",
    "fit",
    "fit_base",
    "forecast",
    "reason",
    "score",
    "score_base",
]
