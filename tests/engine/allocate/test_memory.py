"""What counting an allocation needs beside its candidates."""

import tracemalloc

import numpy as np
import pytest

from service.engine.allocate import certificate
from service.engine.allocate.certificate import tally
from service.engine.allocate.instance import build
from service.engine.allocate.kernels.arguments import HELD
from tests.engine.allocate.instances import market


def test_the_pairs_chosen_are_never_in_memory_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = build(*market(6_000, 30, 4))
    state = np.full(instance.size, HELD, np.uint8)
    monkeypatch.setattr(certificate, "BLOCK", 1 << 10)
    tracemalloc.start()
    try:
        counted = tally(instance, state)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (counted.rows == np.arange(instance.size)).all()
    assert most < 1.5 * counted.rows.nbytes
