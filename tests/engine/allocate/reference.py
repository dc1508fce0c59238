"""The reference for tests: the instance as an integer programme, and a count of broken rules."""

from dataclasses import dataclass, field

import highspy
import polars as pl

from service.engine.allocate import ShortfallPrices


@dataclass(slots=True)
class _Programme:
    solver: highspy.Highs = field(default_factory=highspy.Highs)

    def column(self, cost: float, *, integer: bool) -> int:
        """Add a variable of zero or more (at most one when it is integer); its index."""
        upper = 1.0 if integer else highspy.kHighsInf
        self.solver.addVar(0.0, upper)
        index = int(self.solver.numVariables) - 1
        self.solver.changeColCost(index, cost)
        if integer:
            self.solver.changeColIntegrality(index, highspy.HighsVarType.kInteger)
        return index

    def row(self, low: float | None, high: float | None, terms: dict[int, float]) -> None:
        """Add low <= sum of terms <= high."""
        endless = highspy.kHighsInf
        self.solver.addRow(
            -endless if low is None else low,
            endless if high is None else high,
            len(terms),
            list(terms),
            list(terms.values()),
        )


def optimum(
    candidates: pl.DataFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    terms: ShortfallPrices,
    *,
    seconds: float | None = None,
) -> float:
    """The exact optimum of an instance, by branch and bound over the whole of it.

    With `seconds` the search may end early; the answer is then its bound, above the optimum.
    """
    programme = _Programme()
    if seconds is not None:
        programme.solver.setOptionValue("time_limit", seconds)
    programme.solver.setOptionValue("output_flag", False)
    programme.solver.setOptionValue("mip_rel_gap", 0.0)
    programme.solver.setOptionValue("mip_abs_gap", 1e-7)
    pairs = [
        (row, programme.column(-row["value_cents"], integer=True))
        for row in candidates.iter_rows(named=True)
    ]
    for offer in offers.iter_rows(named=True):
        mine = [(row, x) for row, x in pairs if row["offer_id"] == offer["offer_id"]]
        if offer["budget_cents"] is not None:
            programme.row(None, offer["budget_cents"], {x: row["cost_cents"] for row, x in mine})
        if offer["circulation_max"] is not None:
            programme.row(None, offer["circulation_max"], {x: 1.0 for _, x in mine})
        if offer["circulation_min"]:
            missing = programme.column(terms.minimum_shortfall_price_cents, integer=False)
            programme.row(offer["circulation_min"], None, {x: 1.0 for _, x in mine} | {missing: 1})
    for home in households.iter_rows(named=True):
        mine = [(row, x) for row, x in pairs if row["household_id"] == home["household_id"]]
        _household(programme, home, mine, terms)
    programme.solver.run()
    info = programme.solver.getInfo()
    return -float(info.objective_function_value if seconds is None else info.mip_dual_bound)


def _household(
    programme: _Programme,
    home: dict[str, int | None],
    mine: list[tuple[dict[str, int | None], int]],
    terms: ShortfallPrices,
) -> None:
    faces = {x: float(row["face_value_cents"] or 0) for row, x in mine}
    if home["slots"] is not None:
        programme.row(None, home["slots"], {x: 1.0 for _, x in mine})
    if home["face_value_ceiling_cents"] is not None:
        programme.row(None, home["face_value_ceiling_cents"], faces)
    if home["face_value_floor_cents"]:
        short = programme.column(terms.floor_shortfall_price, integer=False)
        programme.row(home["face_value_floor_cents"], None, faces | {short: 1.0})
    for key, most in (("category_id", home["category_max"]), ("conflict_id", 1)):
        groups = {row[key] for row, _ in mine} - {None}
        if most is not None:
            for group in groups:
                programme.row(None, most, {x: 1.0 for row, x in mine if row[key] == group})


def broken(
    pairs: pl.DataFrame, candidates: pl.DataFrame, offers: pl.DataFrame, households: pl.DataFrame
) -> list[str]:
    """Every hard rule that the chosen `pairs` break, counted from the frames alone."""
    keys = ["household_id", "offer_id"]
    faults: list[str] = []
    if pairs.select(keys).is_duplicated().any():
        faults.append("a pair twice")
    chosen = pairs.select(keys).join(candidates, on=keys, how="inner")
    if len(chosen) != len(pairs):
        faults.append("a pair that is no candidate")

    def check(name: str, frame: pl.DataFrame, used: pl.Expr, limit: str) -> None:
        if frame.filter(used > pl.col(limit)).height:
            faults.append(name)

    deals = chosen.join(offers, on="offer_id").group_by(
        "offer_id", "budget_cents", "circulation_max"
    )
    sums = deals.agg(pl.len().cast(pl.Int64).alias("n"), pl.col("cost_cents").sum())
    check("budget", sums, pl.col("cost_cents"), "budget_cents")
    check("circulation", sums, pl.col("n"), "circulation_max")
    homes = chosen.join(households, on="household_id")
    per_home = homes.group_by("household_id", "slots", "face_value_ceiling_cents").agg(
        pl.len().cast(pl.Int64).alias("n"), pl.col("face_value_cents").sum()
    )
    check("slots", per_home, pl.col("n"), "slots")
    check("ceiling", per_home, pl.col("face_value_cents"), "face_value_ceiling_cents")
    per_category = (
        homes.drop_nulls("category_id")
        .group_by("household_id", "category_id", "category_max")
        .agg(pl.len().cast(pl.Int64).alias("n"))
    )
    check("category", per_category, pl.col("n"), "category_max")
    conflicts = homes.drop_nulls("conflict_id").group_by("household_id", "conflict_id")
    if conflicts.agg(pl.len().alias("n")).filter(pl.col("n") > 1).height:
        faults.append("conflict")
    return faults


def worth(
    pairs: pl.DataFrame,
    candidates: pl.DataFrame,
    offers: pl.DataFrame,
    households: pl.DataFrame,
    terms: ShortfallPrices,
) -> float:
    """The objective of the chosen `pairs`, counted from the frames alone."""
    keys = ["household_id", "offer_id"]
    chosen = pairs.select(keys).join(candidates, on=keys)
    faces = households.join(
        chosen.group_by("household_id").agg(pl.col("face_value_cents").sum()),
        on="household_id",
        how="left",
    )
    floor = pl.col("face_value_floor_cents").fill_null(0)
    short = faces.select((floor - pl.col("face_value_cents").fill_null(0)).clip(0).sum()).item()
    counts = offers.join(
        chosen.group_by("offer_id").agg(pl.len().cast(pl.Int64).alias("n")),
        on="offer_id",
        how="left",
    )
    least = pl.col("circulation_min").fill_null(0)
    missing = counts.select((least - pl.col("n").fill_null(0)).clip(0).sum()).item()
    return (
        float(chosen["value_cents"].sum())
        - terms.floor_shortfall_price * short
        - terms.minimum_shortfall_price_cents * missing
    )
