"""Sums add up: of parts, of chosen variables, in any order."""

import numpy as np
import pytest

from service.engine.lift.moments import moments

_RNG = np.random.default_rng(3)
_VALUES = _RNG.integers(0, 50, (60, 3)).astype(float)
_GROUP = _RNG.integers(0, 4, 60)


def test_means_and_scatter_are_those_of_the_households() -> None:
    found = moments(_VALUES, _GROUP, 5)

    for group in range(4):
        mine = _VALUES[np.equal(_GROUP, group)]
        assert found.count[group] == len(mine)
        np.testing.assert_allclose(found.mean[group], mine.mean(axis=0))
        np.testing.assert_allclose(
            found.scatter[group], (mine - mine.mean(axis=0)).T @ (mine - mine.mean(axis=0))
        )
    assert not found.count[4]
    assert not found.mean[4].any()


def test_sums_of_groups_are_the_sums_of_their_households() -> None:
    merged = moments(_VALUES, _GROUP, 4).merged([0, 1, 0, 1], 2)
    direct = moments(_VALUES, _GROUP % 2, 2)

    np.testing.assert_array_equal(merged.count, direct.count)
    np.testing.assert_array_equal(merged.total, direct.total)
    np.testing.assert_array_equal(merged.product, direct.product)


def test_the_order_of_households_changes_nothing() -> None:
    order = _RNG.permutation(60)

    found, other = moments(_VALUES, _GROUP, 4), moments(_VALUES[order], _GROUP[order], 4)

    np.testing.assert_array_equal(found.product, other.product)


def test_variables_can_be_chosen() -> None:
    found, chosen = moments(_VALUES, _GROUP, 4).of([2, 0]), moments(_VALUES[:, [2, 0]], _GROUP, 4)

    np.testing.assert_array_equal(found.total, chosen.total)
    np.testing.assert_array_equal(found.product, chosen.product)


def test_a_row_without_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its group"):
        moments(_VALUES, _GROUP[:-1], 4)
