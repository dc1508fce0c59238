"""Statistics of an item over all households, and the position of its id."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from service.engine.predict.events import encode
from service.engine.predict.fitting import item_statistics
from service.engine.predict.items import FEW_IDS, IdIndex
from tests.engine.predict.households import history_of


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
def test_an_index_gives_the_position_of_each_id(kind: type[pl.DataType]) -> None:
    """A few texts are looked up; many texts, and numbers, are searched: with the same result."""
    index = IdIndex(pl.Series("item_id", [10, 20, 30]).cast(kind))
    few = pl.Series("item_id", [30, 25, 10, 99]).cast(kind)
    assert index.rows_of(few).tolist() == [2, 3, 0, 3]
    many = pl.concat([few] * FEW_IDS)
    assert index.rows_of(many).tolist() == [2, 3, 0, 3] * FEW_IDS


def test_an_id_of_another_type_is_unknown() -> None:
    index = IdIndex(pl.Series("item_id", [10, 20]))
    assert index.rows_of(pl.Series("item_id", ["10", "20"])).tolist() == [2, 2]
    assert IdIndex(pl.Series("item_id", [], dtype=pl.String)).rows_of(index.ids).tolist() == [0, 0]


def test_how_many_came_back_and_how_much_is_bought() -> None:
    """Item 7: four buyers, of whom one twice; item 8: one buyer, once. Four live households."""
    events = encode(
        history_of({(1, 7): [80, 99], (2, 7): [99], (3, 7): [99], (4, 7): [99], (4, 8): [71]})
    )
    items = item_statistics(events, 100)
    assert np.exp(items.repeat) == pytest.approx([1.8 / 6.0, 0.8 / 3.0, 0.4])
    month = [4 * 2 ** (-1 / 28) + 2 ** (-20 / 28), 2 ** (-29 / 28), 0.0]
    assert items.popular == pytest.approx([math.log((s + 0.5) / 5.0) for s in month])
