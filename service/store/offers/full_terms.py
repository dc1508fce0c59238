"""Queries on what deals were agreed to be, as stored with each revision."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from service.store.offers.goods import counting
from service.store.tables.offer import Offer


def revisions(session: Session, offer_ids: Sequence[int]) -> dict[int, Offer]:
    """Some revisions of deals by their number."""
    statement = select(Offer).where(col(Offer.id).in_(offer_ids))
    return {offer.id: offer for offer in session.exec(statement)}


def product_sets(session: Session, offer_id: int) -> list[list[int]]:
    """The GTINs of each set of products of a revision, as they count now, in order."""
    own = f"SELECT CAST({int(offer_id)} AS bigint) AS offer_id"
    rows = session.execute(
        text(f"SELECT set_number, gtin FROM ({counting(own)}) g ORDER BY set_number, gtin")
    )
    found: dict[int, list[int]] = {}
    for number, gtin in rows:
        found.setdefault(number, []).append(gtin)
    return list(found.values())
