"""The stages from purchases to documents, as functions on frames.

A cycle calls them with a shard of households, the next list of one household with that one: there
is no second implementation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from service.cycle.basis import Basis
from service.engine.allocate.value import reasons, value
from service.engine.compose import (
    Masthead,
    Recipient,
    documents,
    reminders,
    usual_products,
)
from service.engine.lift import held_out
from service.engine.predict import Model, score
from service.engine.records import ListDocument
from service.engine.reserve import reservation_cents
from service.engine.segment import LIGHT, SWITCHER, cells
from service.settings import Settings

# Purchases this far back say which brands a household takes of an item.
LOYALTY_WEEKS = 26
_CATEGORIES = 1 << 24


@dataclass(frozen=True, slots=True)
class Drafted:
    """A list before it is stored: whose, what is printed, and its lines for the till."""

    household_id: int
    document: ListDocument
    lines: list[dict[str, Any]]


def score_households(
    purchases: pl.DataFrame, model: Model, basis: Basis, *, horizon_days: int
) -> pl.DataFrame:
    """Chance and date of every item each household has bought."""
    return score(model, purchases, as_of=basis.as_of, horizon_days=horizon_days)


def candidates(
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    basis: Basis,
    *,
    bounds: pl.DataFrame,
    margin_percent: int,
    seed: int,
) -> pl.DataFrame:
    """The offers worth considering for each household, valued, in the allocator's columns.

    An offer is considered for a household that has bought one of its items, of whatever brand, and
    that is not in the offer's control share. A list has one offer of a supplier in a category.
    `bounds` are the usage bounds of all households. `why` is a line on each pair.
    """
    pairs = (
        scores.join(basis.offer_items, on="item_id")
        .group_by("household_id", "offer_id")
        .agg((1 - (1 - pl.col("p_purchase")).product()).clip(0, 1).round(9).alias("p_purchase"))
        .join(_loyalty(purchases, basis), on=["household_id", "offer_id"], how="left")
        .join(basis.offers, on="offer_id")
        .join(
            cells(purchases, as_of=basis.as_of, weeks=LOYALTY_WEEKS, bounds=bounds).select(
                "household_id", "category_id", "cell"
            ),
            on=["household_id", "category_id"],
            how="left",
        )
        .with_columns(
            pl.col("cell").fill_null(f"{SWITCHER}_{LIGHT}"),
            (pl.col("price_cents") * margin_percent / 100).alias("margin_cents"),
            (pl.col("funding_share") / 100).alias("supplier_share"),
            (pl.col("supplier_id") * _CATEGORIES + pl.col("category_id")).alias("conflict_id"),
        )
        .sort("household_id", "offer_id")
    )
    salts = pl.format("offer:{}:{}", "offer_id", pl.lit(seed))
    held = held_out(
        pairs["household_id"], pairs["control_share"], salt=pairs.select(salts).to_series()
    )
    pairs = pairs.filter(~held)
    # What a copy costs a budget is what issuing it reserves, to the cent.
    reserved = {offer: uses * cents for offer, (uses, cents) in _reservations(basis).items()}
    cost = pl.col("offer_id").replace_strict(reserved, default=0, return_dtype=pl.Int64)
    return value(pairs).with_columns(cost.alias("cost_cents"), reasons(pairs).alias("why"))


def _loyalty(purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """Per household and offer: the share of its products among what was bought of its items."""
    day = pl.col("purchased_at").cast(pl.Date)
    recent = purchases.filter(
        (day >= basis.as_of - timedelta(weeks=LOYALTY_WEEKS)) & (pl.col("quantity") > 0)
    ).select("household_id", "item_id", "gtin", pl.col("amount_cents"))
    own = basis.members.with_columns(pl.lit(True).alias("own"))
    return (
        recent.join(basis.offer_items, on="item_id")
        .join(own, on=["offer_id", "gtin"], how="left")
        .group_by("household_id", "offer_id")
        .agg(
            pl.col("own").fill_null(False).mean().alias("own_share"),
        )
    )


def compose(
    recipients: list[Recipient],
    *,
    settings: Settings,
    basis: Basis,
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    chosen: pl.DataFrame,
) -> list[Drafted]:
    """The documents of some households and their lines.

    `chosen` are the allocated pairs: household_id, offer_id, value_cents, why.
    """
    wanted = pl.Series("household_id", [each.household_id for each in recipients], dtype=pl.Int64)
    mine = chosen.filter(pl.col("household_id").is_in(wanted.implode()))
    scores = scores.filter(pl.col("household_id").is_in(wanted.implode()))
    covered = mine.join(basis.offer_items, on="offer_id").select("household_id", "item_id").unique()
    printable = _printable(scores, purchases, basis)
    picked = reminders(printable, covered, count=settings.reminders_per_list)
    made = documents(
        recipients,
        masthead=Masthead(
            retailer=settings.retailer,
            currency=settings.currency,
            issued_on=basis.as_of,
            valid_from=basis.valid_from,
            valid_to=basis.valid_to,
        ),
        terms=basis.terms,
        offers=_offer_rows(mine, basis),
        reminders=_reminder_rows(picked, purchases, basis),
    )
    chances = {
        (household_id, item_id): chance
        for household_id, item_id, chance in picked.select(
            "household_id", "item_id", "p_purchase"
        ).iter_rows()
    }
    why = {
        (household_id, offer_id): text
        for household_id, offer_id, text in mine.select(
            "household_id", "offer_id", "why"
        ).iter_rows()
    }
    reserved = _reservations(basis)
    return [
        Drafted(household_id, document, _lines(household_id, document, chances, why, reserved))
        for household_id, document in made
    ]


def _printable(scores: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    """The scores of items with a usual product to print that is not restricted."""
    free = basis.catalogue.filter(pl.col("restriction") == "").select("gtin")
    printable = usual_products(purchases).join(free, on="gtin", how="semi")
    return scores.join(printable, on=["household_id", "item_id"], how="semi")


def _offer_rows(chosen: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    return (
        chosen.select("household_id", "offer_id", "value_cents")
        .join(basis.offers, on="offer_id")
        .sort("household_id", "value_cents", "offer_id", descending=[False, True, False])
    )


def _reminder_rows(picked: pl.DataFrame, purchases: pl.DataFrame, basis: Basis) -> pl.DataFrame:
    shelf = basis.catalogue.select(
        "gtin", "item", "department", "price_cents", pl.col("description").alias("product")
    )
    return (
        picked.join(usual_products(purchases), on=["household_id", "item_id"])
        .join(shelf, on="gtin")
        .with_columns(pl.coalesce("price_cents", "paid_cents"))
        .sort("household_id", "p_purchase", "item_id", descending=[False, True, False])
    )


def _reservations(basis: Basis) -> Mapping[int, tuple[int, int]]:
    """Per offer: the uses a copy allows, and what one use may cost."""
    columns = (
        "offer_id",
        "limit_per_household",
        "face_value_cents",
        "funding_share",
        "handling_fee_cents",
    )
    return {
        offer_id: (
            limit,
            reservation_cents(face, funding_share=share, handling_fee_cents=fee),
        )
        for offer_id, limit, face, share, fee in basis.offers.select(columns).iter_rows()
    }


def _lines(
    household_id: int,
    document: ListDocument,
    chances: Mapping[tuple[int, int], float],
    why: Mapping[tuple[int, int], str],
    reserved: Mapping[int, tuple[int, int]],
) -> list[dict[str, Any]]:
    offers = [
        {
            "line": line.line,
            "kind": "offer",
            "item_id": None,
            "offer_id": line.offer_id,
            "text": f"{line.title}: {line.value_text}",
            "reason": why[household_id, line.offer_id],
            "face_value_cents": line.face_value_cents,
            "uses": reserved[line.offer_id][0],
            "reserved_cents": reserved[line.offer_id][1],
            "p_purchase": None,
        }
        for line in document.offers
    ]
    reminded = [
        {
            "line": line.line,
            "kind": "reminder",
            "item_id": line.item_id,
            "offer_id": None,
            "text": line.item,
            "reason": line.reason,
            "face_value_cents": 0,
            "uses": 0,
            "reserved_cents": 0,
            "p_purchase": chances[household_id, line.item_id],
        }
        for line in document.reminders
    ]
    return [*offers, *reminded]
