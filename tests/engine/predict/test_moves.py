"""What goes with what."""

from __future__ import annotations

import numpy as np

from service.engine.predict.events import encode
from service.engine.predict.moves import MOVE_UNIT, learn_moves
from service.engine.predict.pairs import PairSummaries, summarise
from tests.engine.predict.households import history_of


def pairs_of_two_kinds() -> PairSummaries:
    """Half the households buy items 1 and 2, the others 3 and 4; one in ten has all."""
    bought = {}
    for household in range(100):
        items = (1, 2) if household % 2 else (3, 4)
        for item in (1, 2, 3, 4) if household % 10 == 0 else items:
            bought[household, item] = [10, 20 + household % 7, 40]
    return summarise(encode(history_of(bought)), 50)


def test_items_of_the_same_households_speak_for_each_other() -> None:
    pairs = pairs_of_two_kinds()
    moves = learn_moves(pairs, pairs.item, 4)
    for item, partner in ((0, 1), (1, 0), (2, 3), (3, 2)):
        assert moves.targets[item, 0] == partner
        assert moves.strengths[item, 0] > 0.3 * MOVE_UNIT
        assert (moves.strengths[item, 1:] < 0.1 * MOVE_UNIT).all()
        own = moves.strengths[item][moves.targets[item] == item]
        assert (own == 0.0).all()


def test_sums_are_the_same_in_any_order_and_for_one_household() -> None:
    pairs = pairs_of_two_kinds()
    moves = learn_moves(pairs, pairs.item, 4)
    weights = np.random.default_rng(1).uniform(0.0, 5.0, pairs.rows)
    total = moves.sums(pairs.household, pairs.item, weights, 100)
    order = np.random.default_rng(2).permutation(pairs.rows)
    shuffled = moves.sums(pairs.household[order], pairs.item[order], weights[order], 100)
    assert shuffled.tobytes() == total.tobytes()
    own = pairs.household == 20
    alone = moves.sums(pairs.household[own] - 20, pairs.item[own], weights[own], 1)
    assert alone.tobytes() == total[20:21].tobytes()


def test_an_item_without_a_vector_has_no_moves() -> None:
    pairs = pairs_of_two_kinds()
    moves = learn_moves(pairs, np.where(pairs.item == 3, 3, pairs.item), 3)
    assert moves.targets.shape == (3, 3)
    assert (moves.targets < 3).all()
