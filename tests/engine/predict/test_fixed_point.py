"""One row has the same bits alone and among many, on every kind of processor."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.predict import discover, fit
from service.engine.predict.fixed_point import EXACT, WholeNetwork, round_to_unit
from service.engine.predict.scoring import score
from service.engine.predict.taste import affinities, row_affinities
from tests.engine.predict.households import random_history

FEATURES, DEPTH, ITEMS = 52, 8, 20
CLIP = 5.0
AS_OF = date(2026, 5, 1)
# The kernels that a library of matrix products chooses by the processor, and the CPU features that
# NumPy's loops are told not to use: together they simulate other kinds of machine.
KINDS = (
    ("Haswell", ""),
    ("Zen", "X86_V4 AVX512_ICL AVX512_SPR"),
    ("Prescott", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"),
    ("SkylakeX", ""),
)


def random_weights(
    *, outputs: int, widths: tuple[int, ...], size: float = 1.0, seed: int = 1
) -> dict:
    """Random weights of a network, `size` times as large as learned ones."""
    random = np.random.default_rng(seed)
    rows = (FEATURES + DEPTH, *widths)
    layers: list[np.ndarray] = []
    for wide, narrow in itertools.pairwise(rows):
        layers.append(size * random.standard_normal((wide, narrow)) * np.sqrt(2.0 / wide))
        layers.append(size * random.standard_normal(narrow))
    layers.append(random.standard_normal((rows[-1], outputs)))
    layers.append(random.standard_normal(outputs))
    layers.append(random.standard_normal((FEATURES, outputs)))
    return {
        "mean": random.standard_normal(FEATURES).astype(np.float32),
        "scale": np.abs(random.standard_normal(FEATURES)).astype(np.float32) + np.float32(0.1),
        "layers": tuple(layer.astype(np.float32) for layer in layers),
        "items": (0.1 * random.standard_normal((ITEMS, DEPTH))).astype(np.float32),
        "item_bias": random.standard_normal((ITEMS, outputs)).astype(np.float32),
    }


def random_inputs(rows: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return 3.0 * random.standard_normal((FEATURES, rows)).T, random.integers(0, ITEMS, rows)


@cache
def network_and_scores() -> tuple[WholeNetwork, np.ndarray]:
    network = WholeNetwork(**random_weights(outputs=2, widths=(96, 48)), clip=CLIP)
    return network, network.log_odds(*random_inputs(3000))


@given(st.lists(st.integers(0, 2999), min_size=1, max_size=1500))
def test_a_row_has_the_same_bits_wherever_it_stands(places: list[int]) -> None:
    network, all_rows = network_and_scores()
    numbers, items = random_inputs(3000)
    assert np.array_equal(network.log_odds(numbers[places], items[places]), all_rows[places])


@pytest.mark.parametrize("widths", [(96, 48), (24, 12), (4,)])
@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_whole_numbers_cost_no_more_than_the_fourth_digit(
    widths: tuple[int, ...], size: float
) -> None:
    weights = random_weights(outputs=3, widths=widths, size=size)
    numbers, items = random_inputs(500)
    standard = np.clip((numbers - weights["mean"]) / weights["scale"], -CLIP, CLIP)
    *inner, last, base, linear = [layer.astype(np.float64) for layer in weights["layers"]]
    value = np.hstack([standard, weights["items"][items]])
    for weight, bias in zip(inner[::2], inner[1::2], strict=True):
        value = np.maximum(value @ weight + bias, 0.0)
    plain = value @ last + base + standard @ linear + weights["item_bias"][items]
    found = WholeNetwork(**weights, clip=CLIP).log_odds(numbers, items)
    assert np.abs(found - plain).max() < 3e-4 * np.abs(plain).max()


def test_no_rows_have_no_odds() -> None:
    network, _ = network_and_scores()
    assert network.log_odds(*random_inputs(0)).shape == (0, 2)


def test_a_network_too_deep_for_whole_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="too few bits"):
        WholeNetwork(**random_weights(outputs=1, widths=(96, 96, 96, 96)), clip=CLIP)


def test_rounding_keeps_within_its_bound() -> None:
    values = np.array([0.3, -0.3, 0.24, 9.0, -9.0, 0.0])
    assert round_to_unit(values, unit=2.0, most=4.0).tolist() == [1.0, -1.0, 0.0, 8.0, -8.0, 0.0]


def test_an_affinity_is_the_same_in_a_table_and_alone() -> None:
    random = np.random.default_rng(3)
    tastes = 30.0 * random.standard_normal((200, 32))
    vectors = np.linalg.qr(random.standard_normal((90, 32)))[0].astype(np.float32)
    table = affinities(tastes, vectors)
    assert np.abs(table - tastes @ vectors.T).max() < 2e-3
    for household, item in ((0, 0), (7, 89), (199, 3)):
        alone = affinities(tastes[household : household + 1], vectors[item : item + 1])
        pair = row_affinities(tastes[household : household + 1], vectors[item : item + 1])
        assert alone[0, 0] == pair[0] == table[household, item]
    assert EXACT >= 2.0**12 * 2.0**17 * 2.0**18 * 32


CHILD = """
import sys
from datetime import date
import polars as pl
from service.engine.predict import Model, discover
from service.engine.predict.scoring import score
from tests.engine.predict.test_fixed_point import digest
folder, day = sys.argv[1], date.fromisoformat(sys.argv[2])
model = Model.from_json(open(folder + "/model.json").read())
print(digest(model, pl.read_parquet(folder + "/history.parquet"), day))
"""


def digest(model, history: pl.DataFrame, as_of: date) -> str:
    """What is known of a base's households together and alone, bit by bit."""
    alone = history.filter(pl.col("household_id") == 7)
    numbers, items = random_inputs(777)
    log_odds = WholeNetwork(**random_weights(outputs=13, widths=(24, 12)), clip=CLIP).log_odds
    parts = [log_odds(numbers, items).tobytes(), log_odds(numbers[5:9], items[5:9]).tobytes()]
    for some in (history, alone):
        chances = score(model, some, as_of=as_of, horizon_days=14, intervals=True)
        parts.append(chances.write_csv().encode())
        parts.append(discover(model, some, as_of=as_of).write_csv().encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.slow
def test_every_kind_of_processor_scores_the_same(tmp_path: Path) -> None:
    history = random_history(households=80)
    model = fit(history, as_of=AS_OF, horizon_days=14)
    assert model.chance is not None
    (tmp_path / "model.json").write_text(model.to_json())
    history.write_parquet(tmp_path / "history.parquet")
    expected = digest(model, history, AS_OF)
    ran = 0
    for threads, (kernels, without) in enumerate(KINDS, start=1):
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CHILD, str(tmp_path), AS_OF.isoformat()],
            env=os.environ
            | {
                "OPENBLAS_CORETYPE": kernels,
                "OPENBLAS_NUM_THREADS": str(threads),
                "NPY_DISABLE_CPU_FEATURES": without,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode < 0:
            continue  # This processor has not the instructions of these kernels.
        assert child.stdout.strip() == expected, (kernels, child.stderr)
        ran += 1
    assert ran >= 2
