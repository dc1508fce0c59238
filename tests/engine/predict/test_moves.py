"""What goes with what."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from service.engine.predict.events import encode
from service.engine.predict.moves import MOVE_UNIT, learn_moves, no_moves, pair_moves
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
        mates = moves.targets[item] == partner
        assert (moves.strengths[item][mates] > 0.3 * MOVE_UNIT).tolist() == [True]
        assert (moves.strengths[item][~mates] < 0.1 * MOVE_UNIT).all()
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


def test_a_pair_is_spoken_for_by_the_other_items_of_its_household() -> None:
    pairs = pairs_of_two_kinds()
    moves = learn_moves(pairs, pairs.item, 4)
    all_items, recent = pair_moves(moves, pairs, pairs.item)
    own = (pairs.household == 1) & (pairs.item == 0)
    partner = (pairs.household == 1) & (pairs.item == 1)
    for found, k in ((all_items, 3), (recent, 0)):
        weight = np.log1p(2.0 * pairs.counts[:, k])
        length = np.hypot(weight[own], weight[partner]) + 1e-3
        strength = moves.strengths[1][moves.targets[1] == 0] / MOVE_UNIT
        assert found[own].tolist() == pytest.approx(
            (weight[partner] * strength / length).tolist(), rel=1e-3
        )
        assert found[own][0] > 0.2


def test_a_pair_gets_the_same_bits_alone_and_nothing_without_a_row() -> None:
    history = history_of(
        {(h, i): [10 + (h * i) % 30] for h in range(300) for i in range(h % 5 + 1)}
    )
    events = encode(history)
    pairs = summarise(events, 50)
    rows = np.where(pairs.item == 4, 4, pairs.item)
    moves = learn_moves(pairs, rows, 4)
    together = pair_moves(moves, pairs, rows)
    assert (together[0][pairs.item == 4] == 0.0).all()
    assert len(np.unique(together[0])) > 20
    for household in (4, 255, 256, 299):
        alone = summarise(encode(history.filter(pl.col("household_id") == household)), 50)
        found = pair_moves(moves, alone, np.where(alone.item == 4, 4, alone.item))
        own = pairs.household == household
        for one, among in zip(found, together, strict=True):
            assert one.tobytes() == among[own].tobytes()
    for none in pair_moves(no_moves(), pairs, np.zeros(pairs.rows, dtype=np.int64)):
        assert not none.any()
