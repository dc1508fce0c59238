"""Small instances for the tests, by hand and by hypothesis."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from service.engine.allocate import ShortfallPrices

CANDIDATES = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "value_cents": pl.Float64,
    "cost_cents": pl.Int64,
    "face_value_cents": pl.Int64,
    "category_id": pl.Int64,
    "conflict_id": pl.Int64,
}
OFFERS = {
    "offer_id": pl.Int64,
    "budget_cents": pl.Int64,
    "circulation_max": pl.Int64,
    "circulation_min": pl.Int64,
}
HOUSEHOLDS = {
    "household_id": pl.Int64,
    "slots": pl.Int64,
    "category_max": pl.Int64,
    "face_value_floor_cents": pl.Int64,
    "face_value_ceiling_cents": pl.Int64,
}
Rows = Sequence[tuple[Any, ...]]
Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def frames(candidates: Rows, offers: Rows, households: Rows) -> Frames:
    """The three frames from rows in the order of the columns."""
    return (
        pl.DataFrame(list(candidates), schema=CANDIDATES, orient="row"),
        pl.DataFrame(list(offers), schema=OFFERS, orient="row"),
        pl.DataFrame(list(households), schema=HOUSEHOLDS, orient="row"),
    )


@st.composite
def instances(draw: st.DrawFn) -> tuple[Frames, ShortfallPrices]:
    """Instances of up to six households and seven deals with every kind of odd limit."""
    deals, homes = draw(st.integers(1, 7)), draw(st.integers(1, 6))
    maybe = st.none() | st.integers(0, 4)
    offers = []
    for o in range(deals):
        most = draw(maybe)
        least = draw(st.none() | st.integers(0, 3 if most is None else most))
        offers.append((o + 1, draw(st.none() | st.integers(0, 500)), most, least))
    households = []
    for h in range(homes):
        floor = draw(st.none() | st.integers(0, 400))
        ceiling = draw(st.none() | st.integers(0, 500))
        slots = draw(st.none() | st.integers(0, 4))
        households.append((h + 1, slots, draw(st.none() | st.integers(0, 2)), floor, ceiling))
    whole = draw(st.booleans())
    value = st.integers(-60, 300) if whole else st.floats(-60, 300, allow_nan=False, width=32)
    level = draw(st.sampled_from([st.just(50), st.sampled_from([10, 20, 30]), value]))
    candidates = []
    for h in range(homes):
        for o in draw(st.lists(st.integers(0, deals - 1), unique=True, max_size=deals)):
            candidates.append(
                (
                    h + 1,
                    o + 1,
                    float(draw(level)),
                    draw(st.integers(0, 200)),
                    draw(st.sampled_from([0, 25, 50, 75, 100]) | st.integers(0, 150)),
                    draw(st.none() | st.integers(1, 3)),
                    draw(st.none() | st.integers(1, 3)),
                )
            )
    built = frames(draw(st.permutations(candidates)), offers, households)
    if whole:
        built = (built[0].with_columns(pl.col("value_cents").cast(pl.Int64)), built[1], built[2])
    terms = ShortfallPrices(
        draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])), draw(st.sampled_from([0.0, 40.0, 1000.0]))
    )
    return built, terms


def tight(seed: int, *, crossing: bool) -> tuple[Frames, ShortfallPrices]:
    """One household whose candidates are much alike, with a floor (and mostly a ceiling) near it.

    With `crossing` every product stands twice, at one value, in categories of its own.
    """
    rng = np.random.default_rng(seed)
    count = 24
    kind = rng.integers(0, 3, count)
    value = rng.integers(3, 9, 3)[kind] * 10.1
    face = rng.integers(1, 12, 3)[kind] * 25
    product = np.arange(count) // 2
    if crossing:
        value, face = value[product], rng.integers(1, 12, count) * 25
    category = rng.integers(0, 9, count)
    floor = int(np.sort(face)[-8:].sum() * rng.uniform(0.4, 0.9))
    ceiling = None if seed % 3 == 0 else floor + 5
    candidates = [
        (1, i, float(value[i]), 0, int(face[i]), int(category[i]), int(p) if crossing else None)
        for i, p in enumerate(product)
    ]
    offers = [(i, None, None, None) for i in range(count)]
    built = frames(candidates, offers, [(1, 8, 2, floor, ceiling)])
    return built, ShortfallPrices(float(rng.choice([0.05, 0.1, 0.3])))


def market(households: int, deals: int, seed: int, *, levels: int = 0) -> Frames:
    """A random instance with scarce deals; `levels` makes values tie."""
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(households), 20)
    offer = np.concatenate([rng.permutation(deals)[:20] for _ in range(households)])
    value = rng.lognormal(4, 0.8, len(home)).round(2)
    if levels:
        value = rng.integers(1, levels + 1, len(home)) * 10.0
    face = rng.integers(2, 20, deals)[offer] * 10
    candidates = pl.DataFrame(
        {
            "household_id": home,
            "offer_id": offer,
            "value_cents": value,
            "cost_cents": face + 5 * (offer % 3) * (home % 2),
            "face_value_cents": face,
            "category_id": offer % 9,
            "conflict_id": offer // 2,
        }
    )
    takers = 12 * households // deals
    offers = pl.DataFrame(
        {
            "offer_id": np.arange(deals),
            "budget_cents": rng.integers(20, 150, deals) * takers,
            "circulation_max": pl.Series([takers // 2 if o % 2 else None for o in range(deals)]),
            "circulation_min": pl.Series(
                [takers // 4 if o % 3 == 0 else None for o in range(deals)]
            ),
        }
    )
    homes = pl.DataFrame(
        {
            "household_id": np.arange(households),
            "slots": 8,
            "category_max": 2,
            "face_value_floor_cents": rng.integers(2, 9, households) * 100,
            "face_value_ceiling_cents": 1000,
        }
    )
    return candidates, offers, homes
