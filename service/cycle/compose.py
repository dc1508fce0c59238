"""Documents and their lines from what was chosen, picked and read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from sqlmodel import Session

from service.cycle.content import LetterContent, read_content, with_content
from service.cycle.drafted import Drafted, list_lines
from service.cycle.inputs import Inputs
from service.cycle.looks import Looks, needs_of, read_looks
from service.engine.compose import (
    Recipient,
    bought_products,
    choose_reminders,
    compose_documents,
    usual_products,
)
from service.engine.offers.candidates import bought
from service.engine.offers.face_values import face_values
from service.files import layouts
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Around:
    """What is on letters besides their texts: how goods look, and the content."""

    looks: Looks
    content: LetterContent


def read_around(
    session: Session,
    settings: Settings,
    inputs: Inputs,
    household_ids: Sequence[int],
    *,
    gtins: Sequence[int] | None = None,
    general: Collection[int] = (),
) -> Around:
    """What is around the lists of some households; `gtins` are what they bought, None for all.

    Of `general` ones it is not asked where they shop.
    """
    offer_ids = inputs.running.offers["offer_id"].to_list()
    return Around(
        read_looks(session, offer_ids=offer_ids, gtins=gtins),
        read_content(
            session,
            settings,
            as_of=inputs.as_of,
            offer_ids=offer_ids,
            household_ids=household_ids,
            general=general,
        ),
    )


_ON_A_COPY = (
    "face_value_cents", "why", "uses", "reserved_cents", "cell", "expected_redemptions",
    "expected_gain", "kind",
)  # fmt: skip


def compose(
    recipients: Sequence[Recipient],
    *,
    settings: Settings,
    inputs: Inputs,
    purchases: pl.DataFrame,
    scores: pl.DataFrame,
    chosen: pl.DataFrame,
    goods: pl.DataFrame,
    around: Around,
) -> list[Drafted]:
    """The documents of some households and their lines.

    `chosen` are the allocated pairs, in the columns of `candidates`; `goods` is what is known of
    their offers' products, see `store.offers.products.goods_of`; `around` is of the same date and
    households.
    """
    wanted = pl.Series("household_id", [each.household_id for each in recipients], dtype=pl.Int64)
    mine = chosen.filter(pl.col("household_id").is_in(wanted.implode()))
    products = inputs.said.needs.suited(bought_products(purchases), "gtin")
    usual = usual_products(products)
    picked = choose_reminders(
        _printable(scores.filter(pl.col("household_id").is_in(wanted.implode())), usual, inputs),
        _covered(mine, inputs),
        count=settings.reminders_per_list,
        discoveries=settings.discoveries_per_list,
    )
    needs = needs_of(
        mine, running=inputs.running, scores=scores, products=products, catalogue=inputs.catalogue
    )
    looks = around.looks
    made = with_content(
        compose_documents(
            recipients,
            masthead=replace(layouts.masthead(settings, inputs.as_of), logo=looks.logo),
            terms=inputs.terms,
            offers=looks.of_offers(_offer_rows(mine, needs, inputs, goods)),
            reminders=looks.of_reminders(_reminder_rows(picked, usual, inputs)),
        ),
        around.content,
        purchases,
        inputs.said.needs,
    )
    chances = _chances(picked)
    copies = _copies(mine, inputs)
    by_pin = mine.filter(pl.col("pin").is_not_null()).group_by("household_id").agg("offer_id")
    pinned: dict[int, list[int]] = dict(by_pin.iter_rows())
    return [
        Drafted(
            household_id,
            document,
            list_lines(household_id, document, chances, copies),
            frozenset(pinned.get(household_id, ())),
        )
        for household_id, document in made
    ]


def _covered(chosen: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """The items that an offer on the list covers: household_id, item_id."""
    covered = chosen.join(inputs.running.items, on="offer_id")
    return covered.select("household_id", "item_id").unique()


def _printable(scores: pl.DataFrame, usual: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """The scores of items with a usual product to print that is not restricted, and discoveries."""
    free = inputs.catalogue.filter(pl.col("restriction") == "").select("gtin")
    printable = usual.join(free, on="gtin", how="semi")
    known = scores.join(printable, on=["household_id", "item_id"], how="semi")
    return pl.concat([bought(known), scores.filter(pl.col("last_bought_on").is_null())])


def _offer_rows(
    chosen: pl.DataFrame, needs: pl.DataFrame, inputs: Inputs, goods: pl.DataFrame
) -> pl.DataFrame:
    return (
        chosen.select("household_id", "offer_id", "value_cents", "face_value_cents", "uses")
        .join(inputs.running.offers.drop("face_value_cents", "price_cents"), on="offer_id")
        .join(needs, on=["household_id", "offer_id"], how="left")
        .join(goods, on="offer_id", how="left")
        .sort("household_id", "value_cents", "offer_id", descending=[False, True, False])
    )


def _reminder_rows(picked: pl.DataFrame, usual: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    shelf = inputs.catalogue.select(
        "gtin", "item", "category", "department", "price_cents",
        pl.col("description").alias("product"), pl.col("package_size").alias("size"),
    )  # fmt: skip
    known = bought(picked).join(usual, on=["household_id", "item_id"]).join(shelf, on="gtin")
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
