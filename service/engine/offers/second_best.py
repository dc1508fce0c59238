"""What a household's list would be without one of its offers, or with one that it lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from service.engine.allocate import PriceBook, ShortfallPrices, allocate_each

SECOND_BEST: dict[str, Any] = {
    "offer_id": pl.Int64,
    "loss_cents": pl.Float64,
    "instead": pl.List(pl.Int64),
}
_LIMITS = ("slots", "category_max", "face_value_floor_cents", "face_value_ceiling_cents")


def second_best(
    pairs: pl.DataFrame,
    held: Sequence[int],
    free: Sequence[int],
    prices: pl.DataFrame,
    limits: Mapping[str, int | None],
    *,
    terms: ShortfallPrices,
) -> pl.DataFrame:
    """What each offer makes of one household's list, in the columns of `SECOND_BEST`.

    `pairs` are the household's, in the allocator's columns, all `held` on its list among them;
    `prices` has a row for each (offer_id, budget_price, circulation_price_cents); `limits` are the
    household's. All values are in cents less the price of the copy.

    - An offer that is held: how much less the list is worth without it, the others kept, and
      what of the `free` offers would come in its place.
    - Any other: how much less the list is worth with it (below 0: more), and what of the list
      would have to go. The loss is null where it fits on no list at all.
    """
    if pairs.is_empty():
        return pl.DataFrame(schema=SECOND_BEST)
    floor = limits["face_value_floor_cents"] or 0
    price = (
        pl.col("budget_price") * pl.col("cost_cents") + pl.col("circulation_price_cents")
    ).alias("price")
    priced = pairs.join(prices, on="offer_id", maintain_order="left").with_columns(
        (pl.col("value_cents") - price).alias("score")
    )
    # More than all else together, so that what is wanted is on the list wherever it fits.
    most = 1 + float(priced["score"].abs().sum())
    most += terms.floor_shortfall_price * (floor + int(priced["face_value_cents"].sum()))
    homes = pl.DataFrame(
        {"household_id": priced["offer_id"], **{name: limits[name] for name in _LIMITS}},
        schema_overrides=dict.fromkeys(_LIMITS, pl.Int64()),
    )
    chosen = allocate_each(
        _alternatives(priced, held, free, wanted_cents=most).select(pairs.columns),
        PriceBook(prices),
        homes,
        terms=terms,
    )
    return _compared(priced, chosen, held, floor_cents=floor, terms=terms)


def _alternatives(
    priced: pl.DataFrame, held: Sequence[int], free: Sequence[int], *, wanted_cents: float
) -> pl.DataFrame:
    """What each alternative list may hold, under the offer's number as that of a household.

    What it must hold has so much more value.
    """
    parts = []
    for offer_id in priced["offer_id"]:
        if offer_id in held:
            wanted = [each for each in held if each != offer_id]
            others = [each for each in free if each != offer_id]
        else:
            wanted, others = [offer_id], list(held)
        # What is pinned stays, whatever else is wanted.
        stays = pl.col("pin").is_not_null() & pl.col("offer_id").is_in(
            [each for each in held if each != offer_id]
        )
        bonus = (
            pl.when(stays)
            .then(4 * wanted_cents)
            .when(pl.col("offer_id").is_in(wanted))
            .then(wanted_cents)
            .otherwise(0.0)
        )
        parts.append(
            priced.filter(pl.col("offer_id").is_in([*wanted, *others])).with_columns(
                pl.lit(offer_id, pl.Int64).alias("household_id"),
                pl.col("value_cents") + bonus,
            )
        )
    return pl.concat(parts)


def _compared(
    priced: pl.DataFrame,
    chosen: pl.DataFrame,
    held: Sequence[int],
    *,
    floor_cents: int,
    terms: ShortfallPrices,
) -> pl.DataFrame:
    """Each alternative list beside the one there is."""
    scores: dict[int, float] = dict(priced.select("offer_id", "score").iter_rows())
    faces: dict[int, int] = dict(priced.select("offer_id", "face_value_cents").iter_rows())

    def objective(offer_ids: Sequence[int]) -> float:
        missing = max(0, floor_cents - sum(faces[each] for each in offer_ids))
        return sum(scores[each] for each in offer_ids) - terms.floor_shortfall_price * missing

    lists: dict[int, list[int]] = dict(chosen.group_by("household_id").agg("offer_id").iter_rows())
    today = objective(held)
    rows: list[tuple[int, float | None, list[int]]] = []
    for offer_id in scores:
        alternative = sorted(lists.get(offer_id, []))
        if offer_id in held:
            instead = [each for each in alternative if each not in held]
        elif offer_id in alternative:
            instead = [each for each in held if each not in alternative]
        else:
            rows.append((offer_id, None, []))
            continue
        rows.append((offer_id, today - objective(alternative), instead))
    return pl.DataFrame(rows, SECOND_BEST, orient="row")
