"""Learning from holdouts: the truth of a simulation is found, and little data moves little."""

import numpy as np
import polars as pl
import pytest

from service.engine.allocate.response import EVIDENCE, LEAST, MOST, learn, normal
from service.engine.allocate.value import CELLS, ResponseModel


def evidence(**columns: object) -> pl.DataFrame:
    """One row of one cell, with these columns instead of its own."""
    row: dict[str, object] = {
        "cycle_id": 1,
        "cell": "switcher_heavy",
        "exposed": 10_000,
        "exposed_buyers": 3000,
        "redeemed": 0,
        "expected_gain": 1000.0,
        "expected_uses": 0.0,
        "ghosts": 1000,
        "ghost_weight": 10_000.0,
        "ghost_weight_squared": 100_000.0,
        "ghost_buyers": 1500.0,
    }
    return pl.DataFrame([row | columns], schema=EVIDENCE)


def simulated(factors: dict[str, float], *, copies: int, seed: int) -> pl.DataFrame:
    """Six cycles of a world where copies add `factors` times what the defaults expect."""
    rng = np.random.default_rng(seed)
    rows = []
    for cycle in range(6):
        for cell in CELLS:
            ghosts = copies // 10
            base, gain = 0.2, 0.08
            rows.append(
                {
                    "cycle_id": cycle,
                    "cell": cell,
                    "exposed": copies,
                    "exposed_buyers": int(rng.binomial(copies, base + gain * factors[cell])),
                    "redeemed": int(rng.binomial(copies, 0.05)),
                    "expected_gain": copies * gain,
                    "expected_uses": copies * 0.1,
                    "ghosts": ghosts,
                    "ghost_weight": float(copies),
                    "ghost_weight_squared": 10.0 * copies,
                    "ghost_buyers": 10.0 * rng.binomial(ghosts, base),
                }
            )
    return pl.DataFrame(rows, schema=EVIDENCE)


def test_the_truth_of_a_simulation_is_recovered() -> None:
    truth = dict(zip(CELLS, np.linspace(0.4, 2.0, 9), strict=True))
    found = learn(simulated(truth, copies=40_000, seed=1)).model
    errors = [abs(found.factors[cell] - truth[cell]) for cell in CELLS]
    assert max(errors) < 0.12
    assert found.redeemed == pytest.approx(0.5, abs=0.01)


def test_little_data_is_shrunk_and_so_errs_less_than_it_would_as_it_stands() -> None:
    truth = dict(zip(CELLS, np.linspace(0.8, 1.2, 9), strict=True))
    shrunk, raw = [], []
    for seed in range(20):
        lesson = learn(simulated(truth, copies=500, seed=seed))
        wanted = np.array([truth[cell] for cell in lesson.cells["cell"]])
        ratio = (lesson.cells["seen_gain"] / lesson.cells["expected_gain"]).to_numpy()
        shrunk.append(np.mean((lesson.cells["factor"].to_numpy() - wanted) ** 2))
        raw.append(np.mean((ratio - wanted) ** 2))
    assert np.mean(shrunk) < 0.4 * np.mean(raw)


def test_without_evidence_the_stated_defaults_stand() -> None:
    lesson = learn(pl.DataFrame(schema=EVIDENCE))
    assert lesson.model == ResponseModel()
    assert lesson.cells.is_empty()
    no_ghosts = evidence(ghosts=0, ghost_weight=0.0, ghost_weight_squared=0.0, ghost_buyers=0.0)
    assert learn(no_ghosts).model == ResponseModel()


def test_one_cell_alone_is_weighed_against_the_prior() -> None:
    """15 % against 30 %: 1,500 added where 1,000 were expected; checked by hand."""
    rate, other = 3000.5 / 10_001, 150.5 / 1001
    variance = 10_000**2 * (rate * (1 - rate) / 10_000 + other * (1 - other) / 1000) / 1000**2
    factor = (4 * 1 + 1.5 / variance) / (4 + 1 / variance)
    lesson = learn(evidence())
    assert lesson.cells.row(0, named=True) == {
        "cell": "switcher_heavy",
        "exposed": 10_000,
        "exposed_rate": 0.3,
        "ghosts": 1000,
        "ghost_rate": 0.15,
        "expected_gain": 1000.0,
        "seen_gain": 1500.0,
        "error": pytest.approx(1000 * variance**0.5),
        "factor": pytest.approx(factor, abs=1e-6),
    }
    # Cells that nothing was seen of take what all cells together show.
    assert lesson.model.factors == dict.fromkeys(CELLS, round(factor, 6))


def test_a_factor_never_leaves_its_bounds() -> None:
    big = {"exposed": 10_000_000, "ghosts": 1_000_000, "ghost_weight": 1e7}
    squares = {"ghost_weight_squared": 1e8}
    harmful = evidence(**big, **squares, exposed_buyers=1_000_000, ghost_buyers=3e6)
    assert set(learn(harmful).model.factors.values()) == {LEAST}
    wonder = evidence(**big, **squares, exposed_buyers=9_000_000, ghost_buyers=1e6)
    assert set(learn(wonder).model.factors.values()) == {MOST}


def test_what_a_learned_model_expected_is_brought_back_to_the_defaults() -> None:
    model = ResponseModel(factors=dict.fromkeys(CELLS, 2.0), redeemed=0.5)
    row = normal(evidence(expected_uses=30.0), model).row(0, named=True)
    assert (row["expected_gain"], row["expected_uses"]) == (500.0, 60.0)
