"""Queries on offers, their products and the files they came in."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import insert, text, update
from sqlmodel import Session, col, select

from service.store.bulk import stage
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer, OfferProduct, OfferState, Upload

_OFFER_COLUMNS = {
    "offer_id": pl.Int64,
    "supplier_id": pl.Int64,
    "supplier": pl.String,
    "title": pl.String,
    "category_id": pl.Int64,
    "terms": pl.String,
    "face_value_cents": pl.Int64,
    "limit_per_household": pl.Int64,
    "funding_share": pl.Int64,
    "control_share": pl.Int64,
    "handling_fee_cents": pl.Int64,
    "budget_cents": pl.Int64,
    "circulation_max": pl.Int64,
    "circulation_min": pl.Int64,
    "redeem_to": pl.Date,
    "legal": pl.String,
    "spent_cents": pl.Int64,
    "issued": pl.Int64,
}


def upload_with(session: Session, sha256: str) -> Upload | None:
    """The upload of a file with exactly these bytes."""
    return session.exec(select(Upload).where(Upload.sha256 == sha256)).first()


def add_upload(session: Session, upload: Upload) -> int:
    """Note a file; its id."""
    session.add(upload)
    session.flush()
    assert upload.id is not None
    return upload.id


def supplier_ids(session: Session) -> dict[str, int]:
    """Every supplier's id by name."""
    rows = session.exec(select(Supplier.name, Supplier.id)).all()
    return {name: key for name, key in rows if key is not None}


def newest_revisions(session: Session) -> dict[tuple[int, str], Offer]:
    """The running revision of every deal, by supplier and deal reference."""
    statement = select(Offer).where(Offer.state == OfferState.RUNNING)
    return {(offer.supplier_id, offer.deal_ref): offer for offer in session.exec(statement)}


def add_offer(session: Session, offer: Offer, products: Sequence[tuple[int, int]]) -> int:
    """Add a revision of a deal with its (set number, GTIN) pairs; its id."""
    session.add(offer)
    session.flush()
    assert offer.id is not None
    session.execute(
        insert(OfferProduct),
        [{"offer_id": offer.id, "set_number": number, "gtin": gtin} for number, gtin in products],
    )
    return offer.id


def replace(session: Session, offer_id: int) -> None:
    """A newer revision stands; lists already printed keep pointing at this one."""
    session.execute(
        update(Offer).where(col(Offer.id) == offer_id).values(state=OfferState.REPLACED)
    )


def running(session: Session, *, on: date, redeemable_to: date) -> pl.DataFrame:
    """Offers that may be mailed on a day and redeemed through another, by offer_id.

    Columns: the terms as stored, and over all revisions of the same deal `spent_cents` (what is
    reserved or spent of the budget) and `issued` (copies on issued lists).
    """
    rows = session.execute(
        text(
            """SELECT o.id, o.supplier_id, u.name, o.title, o.category_id, o.terms,
                      o.face_value_cents, o.limit_per_household, o.funding_share,
                      o.control_share, o.handling_fee_cents, o.budget_cents,
                      o.circulation_max, o.circulation_min, o.redeem_to, o.legal,
                      coalesce((SELECT sum(e.amount_cents) FROM ledger_entry e
                                JOIN offer r ON r.id = e.offer_id
                                WHERE r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref
                                  AND e.account IN ('offer_reserved', 'offer_spent')), 0),
                      (SELECT count(*) FROM list_line l
                       JOIN shopping_list s ON s.id = l.list_id AND s.state IN ('issued', 'expired')
                       JOIN offer r ON r.id = l.offer_id
                       WHERE r.supplier_id = o.supplier_id AND r.deal_ref = o.deal_ref)
               FROM offer o JOIN supplier u ON u.id = o.supplier_id
               WHERE o.state = 'running' AND o.mail_from <= :day AND o.mail_to >= :day
                 AND o.redeem_from <= :redeemable_to AND o.redeem_to >= :redeemable_to
               ORDER BY o.id"""
        ),
        {"day": day_value(session, on), "redeemable_to": day_value(session, redeemable_to)},
    )
    records: list[tuple[Any, ...]] = []
    for row in rows:
        values = list(row)
        if isinstance(values[14], str):
            values[14] = date.fromisoformat(values[14])
        records.append((*values[:16], int(values[16]), int(values[17])))
    return pl.DataFrame(records, schema=_OFFER_COLUMNS, orient="row")


def day_value(session: Session, day: date) -> date | str:
    """A date as a bound parameter of plain SQL."""
    return day.isoformat() if session.get_bind().dialect.name == "sqlite" else day


def products_of(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """The products of some offers: offer_id, set_number, gtin."""
    schema = {"offer_id": pl.Int64, "set_number": pl.Int64, "gtin": pl.Int64}
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    rows = session.execute(
        text(
            """SELECT p.offer_id, p.set_number, p.gtin FROM offer_product p
               JOIN staged_offer s ON s.offer_id = p.offer_id
               ORDER BY p.offer_id, p.set_number, p.gtin"""
        )
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
