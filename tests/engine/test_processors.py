"""What is learned and allocated is the same with the matrix products of any processor."""

import hashlib
import os
import subprocess
import sys
from datetime import date

from service.engine.allocate import allocate
from service.engine.predict import fit
from tests.engine.allocate.instances import market
from tests.engine.allocate.test_invariance import TERMS
from tests.engine.predict.households import random_history

KERNELS = "Prescott"
"""The loops that a library of matrix products has for any processor."""
CHILD = "from tests.engine.test_processors import digest; print(digest())"


def digest() -> str:
    """Of a model and of an allocation, bit by bit."""
    model = fit(random_history(households=40), as_of=date(2026, 5, 1), horizon_days=14)
    assert model.chance is not None
    found = allocate(*market(80, 25, 4), terms=TERMS)
    parts = model.to_json(), found.prices.write_csv(), found.pairs.write_csv(), found.certificate
    return hashlib.sha256("".join(map(str, parts)).encode()).hexdigest()


def test_the_oldest_matrix_products_give_the_model_and_allocation_of_this_processor_s() -> None:
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD],
        env=os.environ | {"OPENBLAS_CORETYPE": KERNELS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == digest()
