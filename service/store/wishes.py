"""Queries on what households say of items, brands and deals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.engine.offers.asked import BRANDS
from service.engine.segment import NATIONAL, STORE, SWITCHER
from service.engine.wishes import WISHES, WishAct
from service.store.bulk import stage
from service.store.offers.goods import stage_goods
from service.store.tables.catalogue import Item, Product
from service.store.tables.offer import Offer
from service.store.tables.wish import Wish

_NEWEST = """SELECT household_id, item_id, brand, deal_id, act, said_on, until FROM wish
    WHERE id IN (SELECT max(id) FROM wish {some} GROUP BY household_id, item_id, brand, deal_id)
    AND act <> 'anything' ORDER BY household_id, id"""
_STAGED = "WHERE household_id IN (SELECT key FROM staged_teller)"
# What is said of a brand is of the offers of which all that counts is of that brand.
_ONLY_BRAND = """SELECT p.offer_id, min(g.brand) FROM staged_goods p
    JOIN product g ON g.gtin = p.gtin
    GROUP BY p.offer_id HAVING min(g.brand) = max(g.brand) ORDER BY 1"""
_DEALS = """SELECT o.id, coalesce(o.deal_id, o.id) FROM offer o
    JOIN staged_offer s ON s.offer_id = o.id ORDER BY 1"""
_KINDS = "SELECT DISTINCT brand, category_id, private_label FROM product WHERE brand <> ''"
_OF_OFFERS: dict[str, Any] = {"household_id": pl.Int64, "offer_id": pl.Int64, "act": pl.String}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What households say now: of `items` (`WISHES`), and of `brands` and `deals` (household_id,
    the brand or deal_id, act).
    """

    items: pl.DataFrame
    brands: pl.DataFrame
    deals: pl.DataFrame


class SaidOf(NamedTuple):
    """What a household says of something now, by the name of what it is of."""

    row: Wish
    item: str
    deal: str


def add(session: Session, row: Wish) -> Wish:
    """Add what a household says."""
    session.add(row)
    session.flush()
    return row


def item_id(session: Session, name: str) -> int | None:
    """The item with this name."""
    return session.exec(select(Item.id).where(Item.name == name)).first()


def offer(session: Session, offer_id: int) -> Offer | None:
    """An offer: a revision of a deal."""
    return session.get(Offer, offer_id)


def knows_brand(session: Session, name: str) -> bool:
    """Whether a product is of this brand."""
    return (
        session.exec(select(Product.gtin).where(Product.brand == name).limit(1)).first() is not None
    )


def current(session: Session, household_id: int) -> list[SaidOf]:
    """The newest that a household said of each item, brand and deal, the newest first."""
    statement = (
        select(Wish, Item.name, Offer.deal_ref)
        .join(Item, col(Item.id) == col(Wish.item_id), isouter=True)
        .join(Offer, col(Offer.id) == col(Wish.deal_id), isouter=True)
        .where(Wish.household_id == household_id)
        .order_by(col(Wish.id).desc())
    )
    found: dict[tuple[int | None, str | None, int | None], SaidOf] = {}
    for row, item, deal in session.exec(statement):
        found.setdefault((row.item_id, row.brand, row.deal_id), SaidOf(row, item or "", deal or ""))
    return list(found.values())


def read(session: Session, household_ids: Sequence[int] | None = None) -> Wishes:
    """What all households, or some, say of everything now."""
    some = ""
    if household_ids is not None:
        stage(session, "staged_teller", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
        some = _STAGED
    rows = session.execute(
        text(_NEWEST.format(some=some)).columns(
            *(getattr(Wish, name) for name in ("household_id", "item_id", "brand", "deal_id")),
            *(getattr(Wish, name) for name in ("act", "said_on", "until")),
        )
    )
    items, brands, deals = [], [], []
    for household, item, brand, deal, act, said_on, until in rows:
        if item is not None:
            items.append((household, item, act, said_on, until))
        elif brand is not None:
            brands.append((household, brand, act))
        else:
            deals.append((household, deal, act))
    of_brand = {"household_id": pl.Int64, "brand": pl.String, "act": pl.String}
    of_deal = {"household_id": pl.Int64, "deal_id": pl.Int64, "act": pl.String}
    return Wishes(
        items=pl.DataFrame(sorted(items, key=lambda row: row[:2]), WISHES, orient="row"),
        brands=pl.DataFrame(brands, of_brand, orient="row"),
        deals=pl.DataFrame(deals, of_deal, orient="row"),
    )


def of_offers(session: Session, said: Wishes, offer_ids: Sequence[int]) -> pl.DataFrame:
    """What is said of the offers' deals, or of their only brand: household_id, offer_id, act."""
    if said.deals.is_empty() and said.brands.is_empty():
        return pl.DataFrame(schema=_OF_OFFERS)
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    found = [pl.DataFrame(schema=_OF_OFFERS)]
    for rows, query, key in (
        (said.deals, _DEALS, "deal_id"),
        (said.brands, _ONLY_BRAND, "brand"),
    ):
        if rows.is_empty():
            continue
        if query == _ONLY_BRAND:
            stage_goods(session, offer_ids)
        offers = pl.DataFrame(
            [tuple(row) for row in session.execute(text(query))],
            schema={"offer_id": pl.Int64, key: rows.schema[key]},
            orient="row",
        )
        found.append(rows.join(offers, on=key).select(*_OF_OFFERS))
    return pl.concat(found).unique().sort("household_id", "offer_id", "act")


def of_categories(session: Session, said: Wishes) -> pl.DataFrame:
    """The kind of brand that households say they take in a category (`offers.asked.BRANDS`).

    Who prefers a brand of the retailer takes those, who prefers another or never wants one of the
    retailer takes the others; who says both changes between them.
    """
    telling = said.brands
    if telling.is_empty():
        return pl.DataFrame(schema=BRANDS)
    schema = {"brand": pl.String, "category_id": pl.Int64, "own": pl.Boolean}
    kinds = pl.DataFrame(
        [
            (brand, category_id, bool(own))
            for brand, category_id, own in session.execute(text(_KINDS))
        ],
        schema=schema,
        orient="row",
    )
    prefers = pl.col("act") == WishAct.PREFER
    return (
        telling.join(kinds, on="brand")
        .filter(prefers | pl.col("own"))
        .group_by("household_id", "category_id")
        .agg(
            (prefers & pl.col("own")).any().alias("store"),
            (prefers != pl.col("own")).any().alias("national"),
        )
        .with_columns(
            pl.when(pl.col("store") & pl.col("national")).then(pl.lit(SWITCHER))
            .when("store").then(pl.lit(STORE)).otherwise(pl.lit(NATIONAL)).alias("brand")
        )
        .select(*BRANDS)
        .sort("household_id", "category_id")
    )  # fmt: skip
