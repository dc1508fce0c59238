"""What all households say about an item, and where its id stands."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from service.engine.predict.events import encode
from service.engine.predict.fitting import survey
from service.engine.predict.items import FEW_IDS, Book
from tests.engine.predict.households import history_of


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
def test_a_book_tells_where_each_id_stands(kind: type[pl.DataType]) -> None:
    """A few texts are looked up, many are searched, numbers always searched: all alike."""
    book = Book(pl.Series("item_id", [10, 20, 30]).cast(kind))
    few = pl.Series("item_id", [30, 25, 10, 99]).cast(kind)
    assert book.rows_of(few).tolist() == [2, 3, 0, 3]
    many = pl.concat([few] * FEW_IDS)
    assert book.rows_of(many).tolist() == [2, 3, 0, 3] * FEW_IDS


def test_an_id_of_another_type_is_unknown() -> None:
    book = Book(pl.Series("item_id", [10, 20]))
    assert book.rows_of(pl.Series("item_id", ["10", "20"])).tolist() == [2, 2]
    assert Book(pl.Series("item_id", [], dtype=pl.String)).rows_of(book.ids).tolist() == [0, 0]


def test_how_many_came_back_and_how_much_is_bought() -> None:
    """Item 7: four buyers, of whom one twice; item 8: one buyer, once. Four live households."""
    events = encode(
        history_of({(1, 7): [80, 99], (2, 7): [99], (3, 7): [99], (4, 7): [99], (4, 8): [71]})
    )
    items = survey(events, 100)
    assert np.exp(items.repeat) == pytest.approx([1.8 / 6.0, 0.8 / 3.0, 0.4])
    month = [4 * 2 ** (-1 / 28) + 2 ** (-20 / 28), 2 ** (-29 / 28), 0.0]
    assert items.popular == pytest.approx([math.log((s + 0.5) / 5.0) for s in month])
