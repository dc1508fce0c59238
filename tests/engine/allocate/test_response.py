"""Learning from holdouts: the truth of a simulation is found, and little data moves little."""

import numpy as np
import polars as pl
import pytest

from service.engine.allocate.response import EVIDENCE, LEAST, MOST, PRIOR_DEVIATION, learn, normal
from service.engine.allocate.value import CELLS, ResponseModel, value

NO_SWINGS: dict[str, object] = {"depth": ""} | {
    name: 0 for name in EVIDENCE if name.startswith("swing")
}


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
        **NO_SWINGS,
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
                    **NO_SWINGS,
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


@pytest.mark.parametrize("truth", [0.5, 1.0, 1.3, 1.8, 3.0])
def test_what_happened_to_be_bought_makes_no_cell_more_certain(truth: float) -> None:
    """Few copies of cells that differ: on average the truth, drawn to 1 by how little is known."""
    lessons = [learn(rare(truth, seed=seed)) for seed in range(40)]
    trust = np.mean([each.error**2 for each in lessons]) / PRIOR_DEVIATION**2
    found = np.array([each.overall for each in lessons])
    assert found.mean() == pytest.approx(
        truth + trust * (1 - truth), abs=2.5 * found.std() / 40**0.5
    )


def rare(truth: float, *, seed: int) -> pl.DataFrame:
    """A cycle with 60 to 180 copies a cell, of goods that 3 to 9 % of households buy anyway."""
    rng = np.random.default_rng(seed)
    cells = []
    for place, cell in enumerate(CELLS):
        copies, anyway, gain = 60 * (1 + place % 3), 0.03 * (1 + place // 3), 0.04 * (1 + place % 3)
        cells.append(
            evidence(
                cell=cell, exposed=copies, expected_gain=copies * gain, ghosts=copies // 3,
                exposed_buyers=int(rng.binomial(copies, anyway + gain * truth)),
                ghost_weight=float(copies), ghost_weight_squared=3.0 * copies,
                ghost_buyers=3.0 * rng.binomial(copies // 3, anyway),
            )
        )  # fmt: skip
    return pl.concat(cells)


def test_without_evidence_the_stated_defaults_stand() -> None:
    lesson = learn(pl.DataFrame(schema=EVIDENCE))
    assert lesson.model == ResponseModel()
    assert lesson.cells.is_empty()
    no_ghosts = evidence(ghosts=0, ghost_weight=0.0, ghost_weight_squared=0.0, ghost_buyers=0.0)
    assert learn(no_ghosts).model == ResponseModel()


def test_one_cell_alone_is_weighed_against_the_prior() -> None:
    """15 % against 30 %: 1,500 added where 1,000 were expected; checked by hand."""
    rate, other = 0.3, 0.15
    for _ in range(2):
        copies, held = (10_000 / (rate * (1 - rate)), 1000 / (other * (1 - other)))
        other = (0.15 * (copies + held) + 0.5) / (copies + held + 1)
        rate = other + 0.15
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
        "swings": 0,
        "swing_factor": None,
        "swing_error": None,
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


def swung(truth: float, *, pairs: int, seed: int, off: float = 0.0) -> pl.DataFrame:
    """A cycle's pairs with chances of their own, of which one in eight was not printed as picked.

    Copies add `truth` times the 0.08 expected; households buy `off` more often than was expected
    without a copy.
    """
    rng = np.random.default_rng(seed)
    chance = rng.integers(1, 32, pairs) / 32
    picked = rng.random(pairs) < chance
    given = picked & (rng.random(pairs) < 7 / 8)
    bought = rng.random(pairs) < 0.2 + off + 0.08 * truth * given
    seen = (picked - chance) * (bought - 0.2)
    expected = (picked - chance) * given * 0.08
    return evidence(
        exposed=int(given.sum()),
        exposed_buyers=int((bought & given).sum()),
        ghosts=0,
        ghost_weight=0.0,
        ghost_weight_squared=0.0,
        ghost_buyers=0.0,
        swings=pairs,
        swing_seen=seen.sum(),
        swing_expected=expected.sum(),
        swing_seen_squared=(seen**2).sum(),
        swing_expected_squared=(expected**2).sum(),
        swing_product=(seen * expected).sum(),
    )


@pytest.mark.parametrize("off", [0.0, 0.15])
def test_chances_alone_find_the_truth_whatever_was_expected_without_a_copy(off: float) -> None:
    found = [
        learn(swung(1.6, pairs=4000, seed=seed, off=off)).cells.row(0, named=True)
        for seed in range(200)
    ]
    factors = np.array([row["swing_factor"] for row in found])
    errors = np.array([row["swing_error"] for row in found])
    # The mean of 200 draws, within four of its own errors.
    assert abs(factors.mean() - 1.6) < 4 * factors.std() / 200**0.5
    assert errors.mean() == pytest.approx(factors.std(), rel=0.15)
    held = np.abs(factors - 1.6) <= 1.96 * errors
    assert 0.91 <= held.mean() <= 0.99


def test_chances_join_the_holdouts_by_how_certain_each_is() -> None:
    # Without the copies themselves, so that only the chances are new.
    chances = swung(1.5, pairs=100_000, seed=3).with_columns(
        pl.lit(0, pl.Int64).alias("exposed"),
        pl.lit(0, pl.Int64).alias("exposed_buyers"),
        pl.lit(0.0).alias("expected_gain"),
    )
    both = pl.concat([simulated(dict.fromkeys(CELLS, 1.5), copies=2000, seed=3), chances])
    without = both.with_columns(pl.lit(0, pl.Int64).alias("swings"))
    row = learn(both).cells.filter(pl.col("cell") == "switcher_heavy").row(0, named=True)
    alone = learn(without).cells.filter(pl.col("cell") == "switcher_heavy").row(0, named=True)
    assert abs(row["factor"] - 1.5) < abs(alone["factor"] - 1.5) < 0.5


def test_few_chances_say_nothing() -> None:
    few = swung(3.0, pairs=29, seed=1)
    assert learn(few).model == ResponseModel()


def test_what_depths_of_discount_add_is_found_and_little_data_stays_at_the_cells() -> None:
    """Deep discounts pull twice what the curve says, shallow ones half; the cells are right."""
    truth = {"up_to_10": 0.5, "up_to_20": 1.0, "up_to_35": 1.0, "over_35": 2.0}

    def cycles(copies: int, seed: int) -> pl.DataFrame:
        return pl.concat(
            simulated(dict.fromkeys(CELLS, factor), copies=copies, seed=seed + n).with_columns(
                pl.lit(depth).alias("depth")
            )
            for n, (depth, factor) in enumerate(truth.items())
        )

    lesson = learn(cycles(40_000, 1))
    found = {
        (cell, depth): factor
        for cell, depth, factor in lesson.depths.select("cell", "depth", "factor").iter_rows()
    }
    assert len(found) == len(CELLS) * len(truth)
    assert max(abs(found[cell, depth] - truth[depth]) for cell, depth in found) < 0.12
    model = lesson.model
    for cell, depth in found:
        ratio = model.depths[f"{cell}:{depth}"]
        assert model.factors[cell] * ratio == pytest.approx(found[cell, depth], abs=1e-5)
    # A hundredth of it: the truth is still nearer than what each depth shows by itself.
    shrunk, raw = [], []
    for seed in range(0, 40, 4):
        few = learn(cycles(400, seed)).depths
        wanted = few["depth"].replace_strict(truth, return_dtype=pl.Float64)
        shrunk.append(((few["factor"] - wanted) ** 2).mean())
        raw.append(((few["ratio"] - wanted) ** 2).mean())
    assert np.mean(shrunk) < 0.5 * np.mean(raw)


def test_depths_are_used_kept_and_brought_back() -> None:
    pairs = pl.DataFrame(
        {
            "household_id": 1, "offer_id": [1, 2, 3], "category_id": 1, "conflict_id": None,
            "p_purchase": 0.5, "cell": "switcher_heavy", "margin_cents": 100.0,
            "supplier_share": 1.0, "handling_fee_cents": 0, "face_value_cents": 100,
            "price_cents": [200, 600, None],
        }
    )  # fmt: skip
    model = ResponseModel(depths={"switcher_heavy:over_35": 0.5})
    plain, deep = value(pairs)["expected_gain"], value(pairs, model=model)["expected_gain"]
    assert deep.to_list() == pytest.approx([plain[0] / 2, plain[1], plain[2]])
    assert ResponseModel.from_json(model.to_json()) == model
    expected = normal(evidence(depth="over_35"), model)["expected_gain"]
    assert expected.to_list() == [2000.0]
