"""Garbage collection while lists are drawn."""

import gc
from io import BytesIO

import pytest

from service.engine.render import render_batch
from service.engine.render.collecting import collection_paused
from service.errors import InvalidInput
from service.files import layouts
from tests.engine.render.lists import piece


@pytest.fixture(autouse=True)
def enabled():
    """Collection is on before and after each test."""
    gc.enable()
    yield
    gc.enable()


def _left_by(pieces: int) -> int:
    """The objects that only a collection frees after so many letters were printed."""
    given = [piece(number) for number in range(1, pieces + 1)]
    gc.collect()
    with collection_paused():
        render_batch(given, layouts.load("compact-letter"), BytesIO(), title="Lists", language="en")
        return gc.collect()


def test_drawing_leaves_no_garbage_that_grows_with_the_lists():
    _left_by(2)
    assert _left_by(130) == _left_by(260)


def test_collection_goes_on_afterwards_also_after_an_error():
    with collection_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(InvalidInput):
        render_batch(
            [piece(1, title="Sharp cheddar of the oldest and finest dairies " * 4)],
            layouts.load("compact-letter"),
            BytesIO(),
            title="Lists",
            language="en",
        )
    assert gc.isenabled()


def test_who_collects_nothing_goes_on_so():
    gc.disable()
    with collection_paused():
        pass
    assert not gc.isenabled()
