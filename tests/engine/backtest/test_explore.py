"""Scores of new items counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from service.engine.backtest.explore import Proposals, explore


def test_new_items_are_scored_apart() -> None:
    found = explore(
        [
            Proposals(
                household=np.array([0, 0, 0, 1, 1, 2]),
                chance=np.array([0.3, 0.2, 0.1, 0.2, 0.1, 0.4]),
                bought=np.array([True, False, True, False, False, True]),
                truths=np.array([4, 0, 1]),
                known_truths=np.array([3, 2, 0]),
            )
        ]
    )
    assert found is not None
    assert found.share_new == pytest.approx(5 / 10)
    assert found.proposed == 5
    assert found.taken_up == pytest.approx(2 / 5)
    assert found.forecast == pytest.approx((0.3 + 0.2 + 0.2 + 0.1 + 0.4) / 5)
    assert found.recall == pytest.approx((2 / 4 + 1 / 1) / 2)


def test_nothing_proposed_is_no_score() -> None:
    none = np.zeros(0)
    empty = Proposals(none.astype(int), none, none.astype(bool), np.array([1]), np.array([0]))
    assert explore([empty]) is None
