"""Many deals at once."""

from math import nan

import numpy as np
import pytest

from service.engine.lift.several import discoveries, pool


def test_discoveries_are_those_of_the_published_example() -> None:
    """Benjamini and Hochberg 1995, section 4: fifteen tests at 5 %, four are found."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip

    assert discoveries(p, rate=0.05) == [True] * 4 + [False] * 11
    assert discoveries(p[::-1], rate=0.05) == [False] * 11 + [True] * 4


def test_a_test_without_a_p_value_is_never_found_and_counts() -> None:
    assert discoveries([0.02, nan], rate=0.05) == [True, False]
    assert discoveries([0.03, nan], rate=0.05) == [False, False]
    assert discoveries([]) == []


def test_alike_effects_are_drawn_together() -> None:
    pooled = pool([1.0, 1.1, 0.9], [0.5, 0.5, 0.5])

    assert pooled is not None
    assert pooled.between == 0
    assert pooled.shrunken == pytest.approx([1.0] * 3)
    assert pooled.interval.low < 1 < pooled.interval.high


def test_effects_far_apart_stay_apart() -> None:
    pooled = pool([1.0, 5.0, -3.0], [0.1, 0.1, 0.1])

    assert pooled is not None
    # Of equal errors the true variance is what the sample shows less the error's.
    assert pooled.between == pytest.approx(16 - 0.01)
    assert pooled.shrunken == pytest.approx([1.0, 5.0, -3.0], abs=0.01)


def test_an_uncertain_effect_moves_most() -> None:
    pooled = pool([0.0, 0.0, 2.0, 2.0], [0.2, 0.2, 0.2, 3.0])

    assert pooled is not None
    assert pooled.shrunken[2] > pooled.shrunken[3]
    assert pooled.errors[3] < 3.0


def test_the_order_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    effects, errors = rng.normal(size=20), rng.uniform(0.2, 2, 20)

    there, back = pool(effects, errors), pool(effects[::-1], errors[::-1])

    assert there is not None
    assert back is not None
    assert there.mean == pytest.approx(back.mean)
    assert there.shrunken == pytest.approx(back.shrunken[::-1])


def test_one_deal_is_not_pooled_and_an_error_of_nothing_is_refused() -> None:
    assert pool([1.0], [1.0]) is None
    with pytest.raises(ValueError, match="without error"):
        pool([1.0, 2.0], [1.0, 0.0])
