"""Documents and their lines from what was chosen, picked and read."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from service.cycle.drafted import Drafted, list_lines
from service.cycle.inputs import Inputs
from service.engine.compose import (
    Recipient,
    choose_reminders,
    compose_documents,
    usual_products,
)
from service.engine.offers.candidates import bought
from service.engine.offers.face_values import face_values
from service.files import layouts
from service.settings import Settings

_ON_A_COPY = (
    "face_value_cents", "why", "uses", "reserved_cents", "cell", "expected_redemptions",
    "expected_gain", "kind",
)  # fmt: skip


def compose(
    recipients: list[Recipient],
    *,
    settings: Settings,
    inputs: Inputs,
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    chosen: pl.DataFrame,
    goods: pl.DataFrame,
) -> list[Drafted]:
    """The documents of some households and their lines.

    `chosen` are the allocated pairs, in the columns of `candidates`; `goods` is what is known of
    their offers' products, see `store.offers.products.goods_of`.
    """
    wanted = pl.Series("household_id", [each.household_id for each in recipients], dtype=pl.Int64)
    mine = chosen.filter(pl.col("household_id").is_in(wanted.implode()))
    picked = choose_reminders(
        _printable(
            scores.filter(pl.col("household_id").is_in(wanted.implode())), purchases, inputs
        ),
        _covered(mine, inputs),
        count=settings.reminders_per_list,
        discoveries=settings.discoveries_per_list,
    )
    made = compose_documents(
        recipients,
        masthead=layouts.masthead(settings, inputs.as_of),
        terms=inputs.terms,
        offers=_offer_rows(mine, inputs, goods),
        reminders=_reminder_rows(picked, purchases, inputs),
    )
    chances = _chances(picked)
    copies = _copies(mine, inputs)
    return [
        Drafted(household_id, document, list_lines(household_id, document, chances, copies))
        for household_id, document in made
    ]


def _covered(chosen: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """The items that an offer on the list covers: household_id, item_id."""
    covered = chosen.join(inputs.running.items, on="offer_id")
    return covered.select("household_id", "item_id").unique()


def _printable(scores: pl.DataFrame, purchases: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """The scores of items with a usual product to print that is not restricted, and discoveries."""
    free = inputs.catalogue.filter(pl.col("restriction") == "").select("gtin")
    printable = usual_products(purchases).join(free, on="gtin", how="semi")
    known = scores.join(printable, on=["household_id", "item_id"], how="semi")
    return pl.concat([bought(known), scores.filter(pl.col("last_bought_on").is_null())])


def _offer_rows(chosen: pl.DataFrame, inputs: Inputs, goods: pl.DataFrame) -> pl.DataFrame:
    return (
        chosen.select("household_id", "offer_id", "value_cents", "face_value_cents", "uses")
        .join(inputs.running.offers.drop("face_value_cents"), on="offer_id")
        .join(goods, on="offer_id", how="left")
        .sort("household_id", "value_cents", "offer_id", descending=[False, True, False])
    )


def _reminder_rows(picked: pl.DataFrame, purchases: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    shelf = inputs.catalogue.select(
        "gtin", "item", "department", "price_cents", pl.col("description").alias("product")
    )
    known = (
        bought(picked)
        .join(usual_products(purchases), on=["household_id", "item_id"])
        .join(shelf, on="gtin")
    )
    proposed = (
        picked.filter(pl.col("last_bought_on").is_null())
        .join(inputs.items, on="item_id")
        .with_columns(pl.lit("").alias("product"))
    )
    return pl.concat([known, proposed], how="diagonal").sort(
        "household_id", "p_purchase", "item_id", descending=[False, True, False]
    )


def _chances(picked: pl.DataFrame) -> dict[tuple[int, int], float]:
    """What is reminded of by household and item, with the chance that it is bought."""
    keyed = picked.select("household_id", "item_id", "p_purchase")
    return {(household_id, item_id): chance for household_id, item_id, chance in keyed.iter_rows()}


def _copies(chosen: pl.DataFrame, inputs: Inputs) -> dict[tuple[int, int], dict[str, Any]]:
    """The chosen pairs by household and offer, with terms of their own where the cell has them."""
    by_cell = {
        offer_id
        for offer_id in face_values(inputs.running.offers)["offer_id"].unique()
        if inputs.terms[offer_id].benefit.face_value_cents is not None
    }
    return {
        (copy["household_id"], copy["offer_id"]): copy
        | {"terms": _own_terms(copy, inputs) if copy["offer_id"] in by_cell else None}
        for copy in chosen.select("household_id", "offer_id", *_ON_A_COPY).iter_rows(named=True)
    }


def _own_terms(copy: Mapping[str, Any], inputs: Inputs) -> str:
    """The terms of a copy whose amount is that of its cell, as they are stored."""
    return inputs.terms[copy["offer_id"]].at_face_value(copy["face_value_cents"]).to_json()
