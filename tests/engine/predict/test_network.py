"""The network: that it learns, and that it is no surer than it may be."""

from __future__ import annotations

import numpy as np
import pytest

from service.engine.predict.network import Network, recalibrate, train


@pytest.fixture(scope="module")
def examples() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bought if exactly one of two numbers is high: no line separates these examples."""
    random = np.random.default_rng(2)
    inputs = random.standard_normal((4000, 2))
    bought = ((inputs[:, 0] > 0) != (inputs[:, 1] > 0)).astype(np.float64)
    return inputs, bought, np.zeros(4000, dtype=np.int64)


@pytest.fixture(scope="module")
def network(examples: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Network:
    inputs, bought, rows = examples
    return train(inputs, bought[:, None], rows, items=1, epochs=4, seed=1, hidden=(16, 8))


def test_it_learns_what_no_line_can(
    network: Network, examples: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    inputs, bought, rows = examples
    right = (network.log_odds(inputs, rows)[:, 0] > 0) == (bought > 0)
    assert right.mean() > 0.9


def test_the_unknown_item_is_neutral(network: Network) -> None:
    assert not network.items[1].any()
    assert not network.item_bias[1].any()


def test_what_is_known_beforehand_is_not_learned(
    network: Network, examples: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Half the examples come from days on which everything is likelier by log-odds of two."""
    inputs, _, rows = examples
    random = np.random.default_rng(5)
    known_log_odds = np.where(np.arange(4000) < 2000, 2.0, 0.0)
    odds = inputs[:, 0] - 1.0
    bought = random.random(4000) < 1.0 / (1.0 + np.exp(-odds - known_log_odds))
    learned = train(
        inputs,
        bought[:, None].astype(float),
        rows,
        items=1,
        epochs=4,
        seed=1,
        hidden=(8, 4),
        known_log_odds=known_log_odds,
    )
    assert learned.log_odds(inputs, rows)[:, 0].mean() == pytest.approx(odds.mean(), abs=0.15)


def test_too_sure_is_shrunk_and_the_level_kept(network: Network) -> None:
    random = np.random.default_rng(4)
    truth = random.normal(-2.0, 1.0, 40_000)
    bought = (random.random(40_000) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    overconfident = 1.5 * truth
    recalibrated = recalibrate(
        network,
        validation=(overconfident, bought, np.ones(40_000)),
        training=(overconfident, bought, np.ones(40_000)),
    )
    stretch = float((recalibrated.layers[-3] / network.layers[-3]).mean())
    assert stretch == pytest.approx(1 / 1.5, abs=0.03)
    shift = float(recalibrated.layers[-2][0] - network.layers[-2][0] * stretch)
    level = 1 / (1 + np.exp(-(shift + stretch * overconfident)))
    assert level.mean() == pytest.approx(bought.mean(), abs=1e-4)
