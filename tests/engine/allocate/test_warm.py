"""Compiling ahead leaves nothing to compile."""

import polars as pl
import pytest
from hypothesis import given, settings
from numba.core.dispatcher import Dispatcher

from service.engine.allocate import ShortfallPrices, allocate, arrange
from service.engine.allocate.kernels import arguments, choose, holdings, passes, scan, search
from service.engine.allocate.warm import warm, warm_beside
from tests.engine.allocate.instances import Frames, instances

MODULES = (arrange, arguments, choose, holdings, passes, scan, search)


def compiled() -> dict[str, int]:
    """How many versions of each loop this process has compiled or read from disk."""
    return {
        name: len(loop.signatures)
        for module in MODULES
        for name, loop in vars(module).items()
        if isinstance(loop, Dispatcher)
    }


@pytest.mark.slow
@settings(max_examples=25)
@given(instances())
def test_an_allocation_after_warming_compiles_nothing_more(
    given_: tuple[Frames, ShortfallPrices],
) -> None:
    before = compiled()
    warm_beside()
    warm()
    ready = compiled()
    assert sum(ready.values()) > 0
    (candidates, offers, households), terms = given_
    # The service values pairs in fractions of a cent; whole cents have loops of their own.
    valued = candidates.with_columns(pl.col("value_cents").cast(pl.Float64))
    allocate(valued, offers, households, terms=terms)
    assert compiled() == ready
    # Whole values are kept in 32 bits, others in 64; nothing else is told apart.
    added = {name: count - before[name] for name, count in ready.items()}
    assert {name: count for name, count in added.items() if count > 2} == {}
