"""The value of a deal to a household: the response model.

A deal is worth what it changes. A household that notices the deal buys the brand with probability
`p_with`, otherwise with `p_without`; the difference, times what such a household buys, times the
margin, is gained. A discount given to somebody who would have bought anyway is waste and counts
against the deal, so a loyal heavy buyer of the brand gets none, and a heavy switcher or a heavy
buyer of a rival is worth the most. All defaults are stated here and in docs/allocation.md;
`response` corrects the factors per cell by what the holdouts of earlier cycles show.
"""

import json
from dataclasses import asdict, dataclass, field

import polars as pl

from service.engine.segment import HEAVY, LIGHT, MEDIUM, NATIONAL, STORE, SWITCHER
from service.errors import InvalidInput, Problem

BRANDS = (NATIONAL, STORE, SWITCHER)
USAGES = (LIGHT, MEDIUM, HEAVY)
CELLS = tuple(f"{brand}_{usage}" for brand in BRANDS for usage in USAGES)
"""The nine cells in order; a cell may also be given as its number, 1 to 9."""
DEPTHS = (("up_to_10", 10), ("up_to_20", 20), ("up_to_35", 35), ("over_35", 100))
"""Bands of the discount in per cent of the price, each with its upper end."""

REQUIRED = (
    "household_id",
    "offer_id",
    "category_id",
    "conflict_id",
    "p_purchase",
    "cell",
    "margin_cents",
    "supplier_share",
    "handling_fee_cents",
    "face_value_cents",
)


@dataclass(frozen=True, slots=True)
class ResponseModel:
    """How households respond to a deal, by cell.

    `notice`: chance that a deal on the list is seen. `share`: share of the category's purchases
    that go to the deal's brand without it, by brand kind and usage (used where the pair brings no
    `own_share`). `switch`: share of the other purchases that a noticed deal of 100 cents draws
    over. `trial`: chance that such a deal makes somebody buy who would not have. `units`:
    purchases that one changed purchase represents. `waste`: the weight of a cent of the supplier's
    money that changes nothing. `half_face_cents`: face value at which the pull is half of
    its most. `factors`: correction of the pull by cell, `depths` of that by cell and depth of the
    discount (keys as `depth_key` makes them), `redeemed` of the redemptions expected; all learned
    (see `response`), 1 where nothing was.
    """

    notice: float = 0.6
    share: dict[str, float] = field(
        default_factory=lambda: dict(
            zip(CELLS, (0.60, 0.70, 0.85, 0.15, 0.10, 0.05, 0.35, 0.40, 0.40), strict=True)
        )
    )
    switch: dict[str, float] = field(
        default_factory=lambda: {NATIONAL: 0.35, STORE: 0.20, SWITCHER: 0.45}
    )
    trial: dict[str, float] = field(default_factory=lambda: dict.fromkeys(USAGES, 0.03))
    units: dict[str, float] = field(default_factory=lambda: {LIGHT: 1.0, MEDIUM: 1.5, HEAVY: 2.5})
    waste: float = 0.25
    half_face_cents: float = 100.0
    factors: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CELLS, 1.0))
    redeemed: float = 1.0
    depths: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """The model as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "ResponseModel":
        """A model from what `to_json` wrote."""
        return ResponseModel(**json.loads(text))


def depth_band(percent: float | None) -> str:
    """The band of a discount; empty for one that is not known."""
    if percent is None:
        return ""
    return next((name for name, most in DEPTHS if percent <= most), DEPTHS[-1][0])


def depth_key(cell: str, band: str) -> str:
    """The key of a cell and a band of depth in `ResponseModel.depths`."""
    return f"{cell}:{band}"


def depth_percent() -> pl.Expr:
    """The discount in whole per cent of the price (face_value_cents, price_cents), or null."""
    share = 100 * pl.col("face_value_cents") / pl.col("price_cents")
    return pl.when(pl.col("price_cents") > 0).then(share.round(0).clip(0, 100)).cast(pl.Int64)


def value(pairs: pl.DataFrame, *, model: ResponseModel | None = None) -> pl.DataFrame:
    """Candidates for `allocate` from pairs of household and deal.

    `pairs` has `household_id, offer_id, category_id, conflict_id, p_purchase` (chance that the
    household buys in the category in the window), `cell` (name or number 1-9), `margin_cents`
    (per unit at full price), `supplier_share` (0-1, of the face value), `handling_fee_cents`,
    `face_value_cents`; and optionally `own_share` (share of the household's purchases in the
    category that were the deal's brand), `private_label` (the deal is for the store brand),
    `limit_per_household` (uses, 1) and `price_cents` (of a unit, for the depth of the discount).
    Null in an optional column means not known.

    Returns the columns of candidates (`value_cents` Float64; `cost_cents` all that one copy can
    cost the supplier) with `p_without`, `p_with`, `expected_gain` (purchases added) and
    `expected_redemptions` beside them. Raises InvalidInput for a missing column, an unknown cell
    or a null.
    """
    model = model or ResponseModel()
    frame = _answered(_checked(pairs), model)
    face, notice = pl.col("face_value_cents"), model.notice
    gain = notice * (pl.col("p_with") - pl.col("p_without"))
    per_use = face * pl.col("supplier_share") + pl.col("handling_fee_cents")
    own_cost = face * (1 - pl.col("supplier_share")) - pl.col("handling_fee_cents")
    wasted = model.waste * notice * pl.col("p_without") * face * pl.col("supplier_share")
    redemptions = (notice * model.redeemed * pl.col("p_with")).clip(0, 1)
    worth = gain * pl.col("_units") * pl.col("margin_cents") - redemptions * own_cost - wasted
    cost = (per_use * pl.col("limit_per_household") - 1e-9).ceil()
    return frame.select(
        "household_id",
        "offer_id",
        worth.cast(pl.Float64).alias("value_cents"),
        cost.cast(pl.Int64).alias("cost_cents"),
        "face_value_cents",
        "category_id",
        "conflict_id",
        "p_without",
        "p_with",
        gain.alias("expected_gain"),
        redemptions.alias("expected_redemptions"),
    )


def reasons(pairs: pl.DataFrame) -> pl.Series:
    """One line per pair: why the deal is on the list. Columns as `value` takes them."""
    frame = _checked(pairs)
    usage, brand = pl.col("_usage"), pl.col("_brand")
    percent = (pl.col("p_purchase") * 100).round(0).cast(pl.Int64)
    how = (
        pl.when(usage == HEAVY)
        .then(pl.lit("buys a lot of this category"))
        .when(usage == MEDIUM)
        .then(pl.lit("buys this category now and then"))
        .otherwise(pl.lit("buys little of this category"))
    )
    what = (
        pl.when(pl.col("own_share") >= 2 / 3)
        .then(pl.lit("mostly this brand"))
        .when(pl.col("own_share") <= 1 / 3)
        .then(pl.lit("mostly other brands"))
        .when(brand == SWITCHER)
        .then(pl.lit("changes between brands"))
        .when((brand == STORE) != pl.col("private_label"))
        .then(pl.lit("mostly the other kind of brand"))
        .otherwise(pl.lit("mostly this kind of brand"))
    )
    return frame.select(
        pl.format("{}, {}; {} % likely to buy in the window", how, what, percent).alias("reason")
    )["reason"]


def _cell(frame: pl.DataFrame) -> pl.Expr:
    """The `cell` column as its name."""
    if frame.schema["cell"].is_integer():
        return pl.col("cell").replace_strict(
            list(range(1, 10)), list(CELLS), default=None, return_dtype=pl.String
        )
    return pl.col("cell").cast(pl.String)


def _checked(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs with every optional column present; faults are refused by column or row."""
    missing = [column for column in REQUIRED if column not in pairs.columns]
    if missing:
        raise InvalidInput(
            f"pairs: no column {', '.join(missing)}",
            [Problem(f"pairs.{c}", "column missing", "add it") for c in missing],
        )
    optional = {
        "own_share": pl.Float64,
        "private_label": pl.Boolean,
        "limit_per_household": pl.Int64,
        "price_cents": pl.Int64,
    }
    frame = pairs.with_columns(
        pl.lit(None, kind).alias(c) for c, kind in optional.items() if c not in pairs.columns
    ).with_columns(
        _cell(pairs).alias("cell"),
        pl.col("private_label").fill_null(False),
        pl.col("limit_per_household").fill_null(1),
    )
    faults = [
        Problem(f"pairs row {row + 1}, {column}", detail, remedy)
        for column, bad, detail, remedy in (
            ("cell", ~pl.col("cell").is_in(CELLS).fill_null(False), "no such cell", "1 to 9"),
            ("p_purchase", _outside("p_purchase"), "is no probability", "0 to 1"),
            ("supplier_share", _outside("supplier_share"), "is no share", "0 to 1"),
            ("margin_cents", pl.col("margin_cents").is_null(), "is empty", "give cents"),
            ("handling_fee_cents", pl.col("handling_fee_cents").is_null(), "is empty", "or 0"),
            ("face_value_cents", ~(pl.col("face_value_cents") >= 0).fill_null(False),
             "is empty or negative", "give cents"),
        )
        for row in frame.select(bad.arg_true()).to_series().head(3)
    ]  # fmt: skip
    if faults:
        raise InvalidInput(f"pairs cannot be valued: {faults[0]}", faults)
    return frame.with_columns(
        pl.col("cell").str.replace("_(light|medium|heavy)$", "").alias("_brand"),
        pl.col("cell").str.extract("_(light|medium|heavy)$").alias("_usage"),
    )


def _outside(column: str) -> pl.Expr:
    return ~pl.col(column).is_between(0, 1).fill_null(False)


def _answered(frame: pl.DataFrame, model: ResponseModel) -> pl.DataFrame:
    """Adds `p_without`, `p_with` and `_units`.

    For a store-brand deal the national and the store cells change places: what counts is whether
    the household already buys the kind of brand the deal is for.
    """
    mirrored = pl.col("_brand").replace({NATIONAL: STORE, STORE: NATIONAL})
    brand = pl.when("private_label").then(mirrored).otherwise(pl.col("_brand"))
    seen = pl.format("{}_{}", brand, pl.col("_usage"))
    pull = 2 * pl.col("face_value_cents") / (pl.col("face_value_cents") + model.half_face_cents)
    strength = pull * _look(pl.col("cell"), model.factors) * _at_depth(model.depths)
    share = pl.coalesce(pl.col("own_share").clip(0, 1), _look(seen, model.share))
    drawn = (strength * _look(brand, model.switch)).clip(0, 0.95)
    tried = (strength * _look(pl.col("_usage"), model.trial)).clip(0, 0.95)
    p = pl.col("p_purchase")
    return frame.with_columns(
        (p * share).alias("p_without"),
        (p * (share + drawn * (1 - share)) + (1 - p) * tried).alias("p_with"),
        _look(pl.col("_usage"), model.units).alias("_units"),
    )


def _at_depth(depths: dict[str, float]) -> pl.Expr:
    """The correction of a pair by its cell and the depth of its discount."""
    if not depths:
        return pl.lit(1.0)
    band = pl.lit(DEPTHS[-1][0])
    for name, most in reversed(DEPTHS[:-1]):
        band = pl.when(depth_percent() <= most).then(pl.lit(name)).otherwise(band)
    key = pl.when(depth_percent().is_not_null()).then(pl.format("{}:{}", pl.col("cell"), band))
    known, factors = list(depths), list(depths.values())
    return key.replace_strict(known, factors, default=1.0, return_dtype=pl.Float64)


def _look(key: pl.Expr, table: dict[str, float]) -> pl.Expr:
    return key.replace_strict(list(table), list(table.values()), return_dtype=pl.Float64)
