"""A baseline: LightGBM on the features of the forecast, where that library is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from service.engine.predict.events import Flags, Floats

ROUNDS = 200
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 63,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
    "verbose": -1,
}


def available() -> bool:
    """Whether LightGBM can be imported. It is not a dependency of Larder."""
    return importlib.util.find_spec("lightgbm") is not None


def train_trees(inputs: Floats, bought: Flags, weight: Floats) -> Callable[[Floats], Floats]:
    """Train on weighted examples; returns a function from inputs to chances.

    Raises ImportError unless `available()`.
    """
    lightgbm = importlib.import_module("lightgbm")
    data = lightgbm.Dataset(
        inputs.astype(np.float32), bought.astype(np.float32), weight=weight.astype(np.float32)
    )
    trees = lightgbm.train(SETTINGS, data, ROUNDS)
    return lambda inputs: np.asarray(trees.predict(inputs.astype(np.float32), num_threads=1))
