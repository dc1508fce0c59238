"""When each household runs out of each thing.

`fit` learns from a history, `score` says for one household or for all what they will buy and
when, `reason` says why. See docs/forecast.md for the equations and what each part is worth.
"""

from service.engine.predict.fitting import fit, refreshed
from service.engine.predict.model import Model, Training, default_model
from service.engine.predict.reason import reason
from service.engine.predict.scoring import score

__all__ = ["Model", "Training", "default_model", "fit", "reason", "refreshed", "score"]
