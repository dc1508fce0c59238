"""The features: each number is in the column of its name."""

import numpy as np
import pytest

from service.engine.predict import features as features_module
from service.engine.predict.events import encode
from service.engine.predict.features import NAMES, features, gamma_poisson, log_odds
from service.engine.predict.fitting import item_statistics
from service.engine.predict.moves import learn_moves, pair_moves
from service.engine.predict.pairs import summarise
from tests.engine.predict.households import history_of

DAY = 20_000


def matrix_and_prior(horizon_days: int = 14) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of two items bought weekly, and the log-odds of each pair's prior chance."""
    events = encode(history_of({(1, item): list(range(DAY - 70, DAY, 7)) for item in (1, 2)}))
    pairs, items = summarise(events, DAY), item_statistics(events, DAY)
    affinity = np.array([0.25, 0.75])
    matrix = features(
        pairs,
        items,
        pairs.item,
        horizon_days=horizon_days,
        affinity=affinity,
        moves=(2.0 * affinity, 3.0 * affinity),
    )
    return matrix, log_odds(gamma_poisson(pairs, items, pairs.item, horizon_days))


def test_each_number_is_in_the_column_of_its_name() -> None:
    matrix, prior = matrix_and_prior()
    assert matrix.shape == (2, len(NAMES))
    assert matrix[:, NAMES.index("affinity")].tolist() == [0.25, 0.75]
    assert matrix[:, NAMES.index("moves")].tolist() == [0.5, 1.5]
    assert matrix[:, NAMES.index("recent_moves")].tolist() == [0.75, 2.25]
    assert matrix[:, NAMES.index("gamma_poisson")].tolist() == prior.tolist()
    assert matrix[:, NAMES.index("last")].tolist() == pytest.approx(np.log([7.0, 7.0]))
    assert matrix[:, NAMES.index("once")].tolist() == [0.0, 0.0]


def test_extreme_households_give_finite_numbers() -> None:
    """Such as make a Gram matrix singular, overflow a power or divide by zero in other programs."""
    alike = {(household, item): [DAY - 9, DAY - 2] for household in range(40) for item in (1, 2, 3)}
    daily = {(50, item): list(range(DAY - 700, DAY)) for item in range(1, 30)}
    once = {(60, 1): [DAY - 1], (61, 31): [DAY - 700]}
    pairs = summarise(events := encode(history_of(alike | daily | once)), DAY)
    items, size = item_statistics(events, DAY), len(events.item_ids)
    moves = pair_moves(learn_moves(pairs, pairs.item, size), pairs, pairs.item)
    matrix = features(
        pairs, items, pairs.item, horizon_days=14, affinity=np.zeros(pairs.rows), moves=moves
    )
    assert np.isfinite(matrix).all()
    assert (np.abs(matrix) < 1000.0).all()


@pytest.mark.parametrize("names", [(NAMES[1], NAMES[0], *NAMES[2:]), (*NAMES, "one more")])
def test_an_order_other_than_that_of_the_names_is_no_forecast(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features_module, "NAMES", names)
    with pytest.raises(AssertionError, match="column"):
        matrix_and_prior()
