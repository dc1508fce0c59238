"""Learn the response model: what copies added, compared with households that did not get them.

A cycle stores the copies that were given, and ghosts: copies that households would have been given
if they had not been held out. Households of both buy the deal's products or not. The purchases that
the copies added, divided by those the stated defaults expected, are the factor of a cell. It is
shrunk twice: all cells together towards 1, and every cell towards all cells (a normal model; the
variance between cells is that of DerSimonian and Laird 1986, the prior of all cells has mean 1 and
standard deviation 0.5). Everything is estimated from the whole window each time, so no cycle counts
twice.

How certain a cell is follows from its sizes and from what both of its sides buy anyway, at the
factor that the sums of all cells show. By its own purchases a cell that happened to show few would
look the most certain, and weigh the most (Shuster 2010, "Empirical vs natural weighting in random
effects meta-analysis").

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
    common = _common(evidence)
    cells = _seen(evidence, ["cell"], at=common)
    if cells.is_empty():
        return Lesson(ResponseModel(redeemed=redeemed), _table(cells, {}), _depth_table(cells, []))
    ratio, variance = cells["ratio"].to_numpy(), cells["variance"].to_numpy()
    overall, error, shrunk = _shrunk(ratio, variance)
    factors = dict.fromkeys(CELLS, _clipped(overall)) | {
        cell: _clipped(factor) for cell, factor in zip(cells["cell"], shrunk, strict=True)
    }
    deep = _seen(evidence.filter(pl.col("depth") != ""), ["cell", "depth"], at=common)
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


def _sums(evidence: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The counts by `keys`, of which something was expected."""
    return (
        evidence.group_by(keys)
        .agg(pl.exclude("cycle_id", "depth", *keys).sum())
        .filter(pl.col("expected_gain") > 0, pl.col("exposed") > 0)
        .sort(keys)
    )


def _common(evidence: pl.DataFrame) -> float:
    """The factor that all cells show by their sums: no cell weighs more for what it showed."""
    sums = _sums(evidence, ["cell"]).filter(pl.col("ghost_weight") > 0)
    if sums.is_empty():
        return 1.0
    usual = pl.col("exposed") * pl.col("ghost_buyers") / pl.col("ghost_weight")
    seen, expected = sums.select(
        (pl.col("exposed_buyers") - usual).sum(), pl.col("expected_gain").sum()
    ).row(0)
    return _clipped(seen / expected)


def _seen(evidence: pl.DataFrame, keys: list[str], *, at: float) -> pl.DataFrame:
    """Sums by `keys` with `ratio`, the gain seen over that expected, and its `variance`.

    Variances are those at the factor `at`. Groups that say nothing are left out.
    """
    sums = _sums(evidence, keys)
    held, open_ = _of_ghosts(sums, at=at), _of_swings(sums, at=at)
    weight = 1 / held["held_variance"] + 1 / open_["swing_variance"]
    ratio = (
        held["held_ratio"] / held["held_variance"] + open_["swing_factor"] / open_["swing_variance"]
    ) / weight
    return (
        sums.with_columns(*held, *open_)
        .with_columns(ratio.alias("ratio"), (1 / weight).alias("variance"))
        .filter(pl.col("variance").is_finite())
    )


def _of_ghosts(sums: pl.DataFrame, *, at: float) -> pl.DataFrame:
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
    expected = sums["expected_gain"].to_numpy()
    of_each, of_ghost = np.ones_like(given), np.ones_like(given)
    for _ in range(2):
        # What both sides buy anyway, each by how certain it is: that says nothing of how far they
        # are apart. Half a buyer and half a non-buyer more: a rate of 0 is never certain.
        copies, held = given / of_each, ghosts / of_ghost
        anyway = (bought - at * expected) / given * copies + ghost_rate * held
        other = (np.clip(anyway, 0.0, copies + held) + 0.5) / (copies + held + 1)
        rate = np.clip(other + at * expected / given, 0.0, 1 - 0.5 / (given + 1))
        of_each, of_ghost = rate * (1 - rate), other * (1 - other)
    variance = given**2 * (of_each / given + of_ghost / ghosts)
    return pl.DataFrame(
        {
            "seen_gain": np.where(known, seen, 0.0),
            "error": np.where(known, np.sqrt(variance), np.inf),
            "held_ratio": np.where(known, seen / expected, 0.0),
            "held_variance": np.where(known, variance / expected**2, np.inf),
        },
        schema=dict.fromkeys(("seen_gain", "error", "held_ratio", "held_variance"), pl.Float64),
    )


def _of_swings(sums: pl.DataFrame, *, at: float) -> pl.DataFrame:
    """swing_factor, swing_variance: against the chances; infinite variance where they say nothing.

    The variance is the larger of those at the factor found and at `at`: by themselves few pairs may
    look certain.
    """
    columns = [sums[name].cast(pl.Float64).to_numpy() for name in _OF_SWINGS]
    count, seen, expected, seen_squared, expected_squared, product = columns
    known = (count >= ENOUGH_SWINGS) & (expected > 0)
    divisor = np.where(known, expected, 1.0)
    factor = np.where(known, seen / divisor, 0.0)

    def variance(held: NDArray[np.float64] | float) -> NDArray[np.float64]:
        square = seen_squared - 2 * held * product + np.square(held) * expected_squared
        return np.asarray(np.maximum(square, 0.0) / divisor**2)

    wider = np.maximum(variance(factor), variance(at))
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
