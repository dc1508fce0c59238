"""Queries on what households say of items, brands and deals."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.engine.wishes import WISHES
from service.store.bulk import stage
from service.store.tables.catalogue import Item, Product
from service.store.tables.offer import Offer
from service.store.tables.wish import Wish

_NEWEST = """SELECT max(id) FROM wish WHERE {of} IS NOT NULL {some} GROUP BY household_id, {of}"""
_STAGED = "AND household_id IN (SELECT key FROM staged_teller)"
# An offer is refused by its brand where all that counts for it is of that brand.
_REFUSED = """SELECT w.household_id, o.id FROM wish w
    JOIN offer o ON coalesce(o.deal_id, o.id) = w.deal_id
    JOIN staged_offer s ON s.offer_id = o.id
    WHERE w.act = 'never' AND w.id IN ({deals})
    UNION
    SELECT w.household_id, b.offer_id FROM wish w
    JOIN (SELECT p.offer_id, min(g.brand) AS brand FROM offer_product p
          JOIN staged_offer s ON s.offer_id = p.offer_id
          JOIN product g ON g.gtin = p.gtin
          GROUP BY p.offer_id HAVING min(g.brand) = max(g.brand)) b ON b.brand = w.brand
    WHERE w.act = 'never' AND w.id IN ({brands})
    ORDER BY 1, 2"""


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


def of_items(session: Session, household_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """What all households, or some, say of items now, in the columns of `WISHES`."""
    some = _stage_tellers(session, household_ids)
    newest = _NEWEST.format(of="item_id", some=some)
    rows = session.execute(
        text(
            f"""SELECT household_id, item_id, act, said_on, until FROM wish
                WHERE id IN ({newest}) AND act <> 'anything' ORDER BY household_id, item_id"""
        ).columns(Wish.household_id, Wish.item_id, Wish.act, Wish.said_on, Wish.until)  # type: ignore[arg-type]
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=WISHES, orient="row")


def refused_offers(
    session: Session, offer_ids: Sequence[int], household_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """The offers whose deal, or only brand, a household never wants: household_id, offer_id."""
    some = _stage_tellers(session, household_ids)
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    query = _REFUSED.format(
        deals=_NEWEST.format(of="deal_id", some=some), brands=_NEWEST.format(of="brand", some=some)
    )
    rows = [tuple(row) for row in session.execute(text(query))]
    schema = {"household_id": pl.Int64, "offer_id": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _stage_tellers(session: Session, household_ids: Sequence[int] | None) -> str:
    if household_ids is None:
        return ""
    stage(session, "staged_teller", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
    return _STAGED
