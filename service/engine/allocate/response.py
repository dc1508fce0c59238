"""Learn the response model: what copies added, compared with households that were held out.

A cycle stores the copies that were given, and ghosts: copies that households would have been given
if they had not been held out. Households of both buy the deal's products or not. The purchases that
the copies added, divided by those the stated defaults expected, are the factor of a cell. It is
shrunk twice: all cells together towards 1, and every cell towards all cells (a normal model; the
variance between cells is that of DerSimonian and Laird 1986, the prior of all cells has mean 1 and
standard deviation 0.5). Everything is estimated from the whole window each time, so no cycle counts
twice.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.value import CELLS, ResponseModel

EVIDENCE = {
    "cycle_id": pl.Int64,
    "cell": pl.String,
    "exposed": pl.Int64,
    "exposed_buyers": pl.Int64,
    "redeemed": pl.Int64,
    "expected_gain": pl.Float64,
    "expected_uses": pl.Float64,
    "ghosts": pl.Int64,
    "ghost_weight": pl.Float64,
    "ghost_weight_squared": pl.Float64,
    "ghost_buyers": pl.Float64,
}
"""The evidence of one cycle about one cell.

`exposed` copies, how many of them in households that bought the deal's products, and how often they
were `redeemed`; the purchases they should have added and the uses they should have had, by the
stated defaults. `ghosts` count copies held out; each weighs as many given copies as it represents
(`ghost_weight`, the sum of the weights; `ghost_buyers`, of those that bought).
"""

PRIOR_DEVIATION = 0.5
PRIOR_USES = 50.0
LEAST, MOST = 0.1, 3.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """The learned model, and the table it was learned from.

    `cells`: cell, exposed, exposed_rate, ghosts, ghost_rate, expected_gain, seen_gain, error (the
    standard deviation of the gain seen), factor; by cell, those with evidence only.
    """

    model: ResponseModel
    cells: pl.DataFrame


def normal(evidence: pl.DataFrame, model: ResponseModel) -> pl.DataFrame:
    """Evidence as the stated defaults would have expected it, from what `model` expected."""
    factor = pl.col("cell").replace_strict(
        list(model.factors), list(model.factors.values()), return_dtype=pl.Float64
    )
    return evidence.with_columns(
        pl.col("expected_gain") / factor, pl.col("expected_uses") / model.redeemed
    )


def learn(evidence: pl.DataFrame) -> Lesson:
    """The model after some cycles; `evidence` in the columns of `EVIDENCE`, already `normal`.

    Cells without ghosts, or of which nothing was expected, take the factor of all cells. Without
    any evidence the model is the default one.
    """
    sums = (
        evidence.group_by("cell")
        .agg(pl.exclude("cycle_id").sum())
        .filter((pl.col("exposed") > 0) & (pl.col("ghost_weight") > 0))
        .filter(pl.col("expected_gain") > 0)
        .sort("cell")
    )
    redeemed = _redeemed(evidence)
    if sums.is_empty():
        return Lesson(ResponseModel(redeemed=redeemed), _table(sums, *[np.empty(0)] * 3))
    seen, error = _gain(sums)
    expected = sums["expected_gain"].to_numpy()
    overall, cells = _shrunk(seen / expected, (error / expected) ** 2)
    factors = dict.fromkeys(CELLS, _clipped(overall)) | {
        cell: _clipped(factor) for cell, factor in zip(sums["cell"], cells, strict=True)
    }
    model = replace(ResponseModel(), factors=factors, redeemed=redeemed)
    learned = np.array([factors[cell] for cell in sums["cell"]])
    return Lesson(model, _table(sums, seen, error, learned))


def _redeemed(evidence: pl.DataFrame) -> float:
    """Uses made over uses expected; gamma prior of 50 uses at the stated rate."""
    uses, expected = int(evidence["redeemed"].sum()), float(evidence["expected_uses"].sum())
    return _clipped((PRIOR_USES + uses) / (PRIOR_USES + expected))


def _gain(sums: pl.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Purchases added by the copies given, per cell, and the standard deviation of that."""
    given = sums["exposed"].to_numpy().astype(np.float64)
    bought = sums["exposed_buyers"].to_numpy()
    weight = sums["ghost_weight"].to_numpy()
    ghost_rate = sums["ghost_buyers"].to_numpy() / weight
    # The number of equally weighted ghosts with the same information.
    ghosts = weight**2 / sums["ghost_weight_squared"].to_numpy()
    seen = bought - given * ghost_rate
    # Half a buyer and half a non-buyer more: a rate of 0 is never certain.
    rate = (bought + 0.5) / (given + 1)
    other = (ghost_rate * ghosts + 0.5) / (ghosts + 1)
    variance = given**2 * (rate * (1 - rate) / given + other * (1 - other) / ghosts)
    return seen, np.sqrt(variance)


def _shrunk(
    ratio: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """The factor of all cells together, and that of each."""
    weight = 1 / variance
    mean = float(np.sum(weight * ratio) / np.sum(weight))
    spread = float(np.sum(weight * (ratio - mean) ** 2)) - (len(ratio) - 1)
    room = float(np.sum(weight) - np.sum(weight**2) / np.sum(weight))
    between = max(0.0, spread / room) if room > 0 else 0.0
    weight = 1 / (variance + between)
    mean = float(np.sum(weight * ratio) / np.sum(weight))
    trust = 1 / PRIOR_DEVIATION**2
    overall = (trust + mean * float(np.sum(weight))) / (trust + float(np.sum(weight)))
    if not between:
        return overall, np.full(len(ratio), overall)
    cells = (overall / between + ratio / variance) / (1 / between + 1 / variance)
    return overall, cells


def _clipped(factor: float) -> float:
    return round(min(MOST, max(LEAST, float(factor))), 6)


def _table(
    sums: pl.DataFrame,
    seen: NDArray[np.float64],
    error: NDArray[np.float64],
    factors: NDArray[np.float64],
) -> pl.DataFrame:
    return sums.select(
        "cell",
        "exposed",
        (pl.col("exposed_buyers") / pl.col("exposed")).alias("exposed_rate"),
        "ghosts",
        (pl.col("ghost_buyers") / pl.col("ghost_weight")).alias("ghost_rate"),
        "expected_gain",
        pl.Series("seen_gain", seen, dtype=pl.Float64),
        pl.Series("error", error, dtype=pl.Float64),
        pl.Series("factor", factors, dtype=pl.Float64),
    )
