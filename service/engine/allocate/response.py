"""Learn the response model: what copies added, compared with households that did not get them.

A cycle stores the copies that were given, and ghosts: copies that households would have been given
if they had not been held out. Households of both buy the deal's products or not. The purchases that
the copies added, divided by those the stated defaults expected, are the factor of a cell. It is
shrunk twice: all cells together towards 1, and every cell towards all cells (a normal model; the
variance between cells is that of DerSimonian and Laird 1986, the prior of all cells has mean 1 and
standard deviation 0.5). Everything is estimated from the whole window each time, so no cycle counts
twice.

Cycles that explore teach from everybody besides. A pair that was picked with the chance p and
bought (Y) more or less than its household was expected to without the copy (m) adds (Z - p)(Y - m),
where Z is whether it was picked: inverse propensity weights, each pair counting for p(1 - p), so
that none explodes where a chance is near 0 or 1 (the overlap weights of Li, Morgan and Zaslavsky
2018; Robins' g-estimation). Divided by the sum of (Z - p) times what a copy really given was
expected to add, it is the factor again, whatever m is. It joins the holdouts' by how certain either
is.

Within a cell, discounts of different depth have factors of their own, shrunk to the cell's in the
same way.
"""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.allocate.value import CELLS, ResponseModel, depth_key

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
    "depth": pl.String,
    "swings": pl.Int64,
    "swing_seen": pl.Float64,
    "swing_expected": pl.Float64,
    "swing_seen_squared": pl.Float64,
    "swing_expected_squared": pl.Float64,
    "swing_product": pl.Float64,
}
"""The evidence of one cycle about one cell and depth of discount (empty where not known).

`exposed` copies, how many of them in households that bought the deal's products, and how often they
were `redeemed`; the purchases they should have added and the uses they should have had, by the
stated defaults. `ghosts` count copies held out; each weighs as many given copies as it represents
(`ghost_weight`, the sum of the weights; `ghost_buyers`, of those that bought). `swings` count pairs
that might have been chosen otherwise: the sum of (Z - p)(Y - m) over them, that of (Z - p) times
what was expected of the copies given, and the sums of their households' squares and products.
"""
_OF_GHOSTS = [name for name in EVIDENCE if name.startswith("ghost")]
_OF_SWINGS = [name for name in EVIDENCE if name.startswith("swing")]
ENOUGH_SWINGS = 30
"""With fewer pairs, their own variance says nothing about how uncertain they are."""

PRIOR_DEVIATION = 0.5
PRIOR_USES = 50.0
LEAST, MOST = 0.1, 3.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """The learned model, and the table it was learned from.

    `overall` is the factor of all cells together and `error` its standard deviation.
    `cells`: cell, exposed, exposed_rate, ghosts, ghost_rate, expected_gain, seen_gain, error (the
    standard deviation of the gain seen), swings, swing_factor and its swing_error (null where they
    say nothing), factor; by cell, those with evidence only. `depths`: cell, depth, exposed,
    ratio (gain seen over gain expected) and its error, factor.
    """

    model: ResponseModel
    cells: pl.DataFrame
    depths: pl.DataFrame
    overall: float = 1.0
    error: float = PRIOR_DEVIATION


def normal(evidence: pl.DataFrame, model: ResponseModel) -> pl.DataFrame:
    """Evidence as the stated defaults would have expected it, from what `model` expected."""
    factor = _factor(model)
    return evidence.with_columns(
        pl.col("expected_gain") / factor,
        pl.col("expected_uses") / model.redeemed,
        pl.col("swing_expected") / factor,
        pl.col("swing_product") / factor,
        pl.col("swing_expected_squared") / factor**2,
    )


def normal_gain(copies: pl.DataFrame, model: ResponseModel) -> pl.DataFrame:
    """Copies (cell, depth, expected_gain) with the gain that the stated defaults expect."""
    return copies.with_columns(pl.col("expected_gain") / _factor(model))


def _factor(model: ResponseModel) -> pl.Expr:
    """By how much a model expects more than the defaults of a cell and depth."""
    factor = pl.col("cell").replace_strict(
        list(model.factors), list(model.factors.values()), return_dtype=pl.Float64
    )
    if not model.depths:
        return factor
    return factor * pl.format("{}:{}", "cell", "depth").replace_strict(
        list(model.depths), list(model.depths.values()), default=1.0, return_dtype=pl.Float64
    )


def learn(evidence: pl.DataFrame) -> Lesson:
    """The model after some cycles; `evidence` in the columns of `EVIDENCE`, already `normal`.

    Cells of which nothing was expected, or that nobody was kept from, take the factor of all cells.
    Without any evidence the model is the default one.
    """
    redeemed = _redeemed(evidence)
    cells = _seen(evidence, ["cell"])
    if cells.is_empty():
        return Lesson(ResponseModel(redeemed=redeemed), _table(cells, {}), _depth_table(cells, []))
    ratio, variance = cells["ratio"].to_numpy(), cells["variance"].to_numpy()
    overall, error, shrunk = _shrunk(ratio, variance)
    factors = dict.fromkeys(CELLS, _clipped(overall)) | {
        cell: _clipped(factor) for cell, factor in zip(cells["cell"], shrunk, strict=True)
    }
    deep = _seen(evidence.filter(pl.col("depth") != ""), ["cell", "depth"])
    of_depth = _of_depths(deep, factors)
    model = replace(
        ResponseModel(),
        factors=factors,
        redeemed=redeemed,
        depths={
            depth_key(cell, depth): round(factor / factors[cell], 6)
            for cell, depth, factor in zip(deep["cell"], deep["depth"], of_depth, strict=True)
        },
    )
    return Lesson(
        model, _table(cells, factors), _depth_table(deep, of_depth), overall=overall, error=error
    )


def _seen(evidence: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Sums by `keys` with `ratio`, the gain seen over that expected, and its `variance`.

    Groups that say nothing are left out.
    """
    sums = (
        evidence.group_by(keys)
        .agg(pl.exclude("cycle_id", "depth", *keys).sum())
        .filter(pl.col("expected_gain") > 0, pl.col("exposed") > 0)
        .sort(keys)
    )
    held, open_ = _of_ghosts(sums), _of_swings(sums)
    weight = 1 / held["held_variance"] + 1 / open_["swing_variance"]
    ratio = (
        held["held_ratio"] / held["held_variance"] + open_["swing_factor"] / open_["swing_variance"]
    ) / weight
    return (
        sums.with_columns(*held, *open_)
        .with_columns(ratio.alias("ratio"), (1 / weight).alias("variance"))
        .filter(pl.col("variance").is_finite())
    )


def _of_ghosts(sums: pl.DataFrame) -> pl.DataFrame:
    """held_ratio, held_variance: against copies held out; infinite variance where there are none.

    Beside them seen_gain and its error, for the table.
    """
    given = sums["exposed"].to_numpy().astype(np.float64)
    bought = sums["exposed_buyers"].to_numpy()
    weight = sums["ghost_weight"].to_numpy()
    known = weight > 0
    some = np.where(known, weight, 1.0)
    ghost_rate = sums["ghost_buyers"].to_numpy() / some
    # The number of equally weighted ghosts with the same information.
    ghosts = some**2 / np.where(known, sums["ghost_weight_squared"].to_numpy(), 1.0)
    seen = bought - given * ghost_rate
    # Half a buyer and half a non-buyer more: a rate of 0 is never certain.
    rate = (bought + 0.5) / (given + 1)
    other = (ghost_rate * ghosts + 0.5) / (ghosts + 1)
    variance = given**2 * (rate * (1 - rate) / given + other * (1 - other) / ghosts)
    expected = sums["expected_gain"].to_numpy()
    return pl.DataFrame(
        {
            "seen_gain": np.where(known, seen, 0.0),
            "error": np.where(known, np.sqrt(variance), np.inf),
            "held_ratio": np.where(known, seen / expected, 0.0),
            "held_variance": np.where(known, variance / expected**2, np.inf),
        },
        schema=dict.fromkeys(("seen_gain", "error", "held_ratio", "held_variance"), pl.Float64),
    )


def _of_swings(sums: pl.DataFrame) -> pl.DataFrame:
    """swing_factor, swing_variance: against the chances; infinite variance where they say nothing.

    The variance is the larger of those at the factor found and at 1: by themselves few pairs may
    look certain.
    """
    columns = [sums[name].cast(pl.Float64).to_numpy() for name in _OF_SWINGS]
    count, seen, expected, seen_squared, expected_squared, product = columns
    known = (count >= ENOUGH_SWINGS) & (expected > 0)
    divisor = np.where(known, expected, 1.0)
    factor = np.where(known, seen / divisor, 0.0)

    def variance(at: NDArray[np.float64] | float) -> NDArray[np.float64]:
        square = seen_squared - 2 * at * product + np.square(at) * expected_squared
        return np.asarray(np.maximum(square, 0.0) / divisor**2)

    wider = np.maximum(variance(factor), variance(1.0))
    known &= wider > 0
    return pl.DataFrame(
        {
            "swing_factor": np.where(known, factor, 0.0),
            "swing_variance": np.where(known, wider, np.inf),
        },
        schema=dict.fromkeys(("swing_factor", "swing_variance"), pl.Float64),
    )


def _of_depths(deep: pl.DataFrame, factors: dict[str, float]) -> list[float]:
    """The factor of each cell and depth: its cell's, and by how much depths are off that.

    What all cells show of a depth together is drawn to 0, what a cell shows of it to that. How much
    depths differ, and how much cells in them, is estimated from all of it.
    """
    if deep.is_empty():
        return []
    centre = np.array([factors[cell] for cell in deep["cell"]])
    off, variance = deep["ratio"].to_numpy() - centre, deep["variance"].to_numpy()
    band = deep["depth"].rank("dense").to_numpy().astype(np.int64) - 1
    weight = np.bincount(band, 1 / variance)
    common = np.bincount(band, off / variance) / weight
    common = _drawn_to_zero(common, 1 / weight)[band]
    own = _drawn_to_zero(off - common, variance)
    return [_clipped(each) for each in centre + common + own]


def _drawn_to_zero(off: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from what is known, by how much they vary beyond their own uncertainty."""
    weight = 1 / variance
    between = max(0.0, float(np.sum(weight * off**2)) - len(off)) / float(np.sum(weight))
    return off * between / (between + variance)


def _redeemed(evidence: pl.DataFrame) -> float:
    """Uses made over uses expected; gamma prior of 50 uses at the stated rate."""
    uses, expected = int(evidence["redeemed"].sum()), float(evidence["expected_uses"].sum())
    return _clipped((PRIOR_USES + uses) / (PRIOR_USES + expected))


def _shrunk(
    ratio: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[float, float, NDArray[np.float64]]:
    """The factor of all cells together, its error, and the factor of each."""
    weight = 1 / variance
    mean = float(np.sum(weight * ratio) / np.sum(weight))
    spread = float(np.sum(weight * (ratio - mean) ** 2)) - (len(ratio) - 1)
    room = float(np.sum(weight) - np.sum(weight**2) / np.sum(weight))
    between = max(0.0, spread / room) if room > 0 else 0.0
    weight = 1 / (variance + between)
    mean = float(np.sum(weight * ratio) / np.sum(weight))
    trust = 1 / PRIOR_DEVIATION**2
    overall = (trust + mean * float(np.sum(weight))) / (trust + float(np.sum(weight)))
    error = sqrt(1 / (trust + float(np.sum(weight))))
    if not between:
        return overall, error, np.full(len(ratio), overall)
    cells = (overall / between + ratio / variance) / (1 / between + 1 / variance)
    return overall, error, cells


def _clipped(factor: float) -> float:
    return round(min(MOST, max(LEAST, float(factor))), 6)


def _table(cells: pl.DataFrame, factors: dict[str, float]) -> pl.DataFrame:
    silent = pl.col("swing_variance").is_infinite()
    return cells.select(
        "cell",
        "exposed",
        (pl.col("exposed_buyers") / pl.col("exposed")).alias("exposed_rate"),
        "ghosts",
        pl.when(pl.col("ghost_weight") > 0)
        .then(pl.col("ghost_buyers") / pl.col("ghost_weight"))
        .alias("ghost_rate"),
        "expected_gain",
        "seen_gain",
        "error",
        "swings",
        pl.when(~silent).then("swing_factor").alias("swing_factor"),
        pl.when(~silent).then(pl.col("swing_variance").sqrt()).alias("swing_error"),
        pl.Series("factor", [factors[cell] for cell in cells["cell"]], dtype=pl.Float64),
    )


def _depth_table(deep: pl.DataFrame, factors: list[float]) -> pl.DataFrame:
    named = deep if "depth" in deep.columns else deep.with_columns(pl.lit("").alias("depth"))
    return named.select(
        "cell",
        "depth",
        "exposed",
        "ratio",
        pl.col("variance").sqrt().alias("error"),
        pl.Series("factor", factors, dtype=pl.Float64),
    )
