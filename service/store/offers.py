"""Queries on offers, their products and the files they came in."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import insert, text, update
from sqlmodel import Session, col, select

from service.engine.lifecycle import ISSUABLE, PENDING
from service.store.bulk import stage
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer, OfferProduct, OfferState, Upload

_OFFER_COLUMNS = {
    "offer_id": pl.Int64,
    "supplier_id": pl.Int64,
    "title": pl.String,
    "category_id": pl.Int64,
    "department": pl.String,
    "terms": pl.String,
    "private_label": pl.Boolean,
    "price_cents": pl.Int64,
    "face_value_cents": pl.Int64,
    "limit_per_household": pl.Int64,
    "funding_share": pl.Int64,
    "control_share": pl.Int64,
    "funding_cap_cents": pl.Int64,
    "handling_fee_cents": pl.Int64,
    "budget_cents": pl.Int64,
    "circulation_max": pl.Int64,
    "circulation_min": pl.Int64,
    "legal": pl.String,
    "kind": pl.String,
    "copy_fee_cents": pl.Int64,
    "value_text": pl.String,
    "texts": pl.String,
    "face_values": pl.String,
    "targets": pl.String,
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
    """The newest revision of every deal, by supplier and deal reference."""
    statement = (
        select(Offer).where(Offer.state != OfferState.REPLACED).order_by(col(Offer.revision))
    )
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


def replace(session: Session, offer_id: int, *, with_approval: bool = False) -> None:
    """A newer revision stands; lists already printed keep pointing at the earlier ones.

    Where it waits for approval, only earlier ones that wait too are replaced: what runs goes on.
    """
    deal = select(Offer.supplier_id, Offer.deal_ref).where(Offer.id == offer_id)
    supplier_id, deal_ref = session.exec(deal).one()
    statement = update(Offer).where(
        col(Offer.supplier_id) == supplier_id,
        col(Offer.deal_ref) == deal_ref,
        col(Offer.state) != OfferState.REPLACED,
    )
    if with_approval:
        statement = statement.where(col(Offer.state).in_(PENDING))
    session.execute(statement.values(state=OfferState.REPLACED))


def running(session: Session, *, on: date, redeemable_to: date) -> pl.DataFrame:
    """Offers that may be mailed on a day and redeemed from it through another, by offer_id.

    Those with nothing left of their budget are among them: the room is for the caller to see.
    """
    rows = session.execute(
        text(
            """SELECT o.id, o.supplier_id, o.title, o.category_id, c.department, o.terms,
                      o.private_label, o.price_cents, o.face_value_cents,
                      o.limit_per_household, o.funding_share, o.control_share,
                      o.funding_cap_cents, o.handling_fee_cents, o.budget_cents,
                      o.circulation_max, o.circulation_min,
                      o.legal, o.kind, o.copy_fee_cents, o.value_text, o.texts, o.face_values,
                      o.targets
               FROM offer o JOIN category c ON c.id = o.category_id
               WHERE o.state IN ('approved', 'running', 'exhausted')
                 AND o.mail_from <= :day AND o.mail_to >= :day
                 AND o.redeem_from <= :day AND o.redeem_to >= :redeemable_to
               ORDER BY o.id"""
        ),
        {"day": day_value(session, on), "redeemable_to": day_value(session, redeemable_to)},
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=_OFFER_COLUMNS, orient="row")


def committed(session: Session) -> pl.DataFrame:
    """What is promised of each offer that may be issued: offer_id, spent_cents, issued.

    `spent_cents` is reserved or spent of the budget, `issued` the copies on issued lists; both
    over all revisions of the deal, so that a revision does not open the budget anew.
    """
    rows = session.execute(
        text(
            """WITH money AS (
                   SELECT o.supplier_id, o.deal_ref, sum(e.amount_cents) AS cents
                   FROM ledger_entry e JOIN offer o ON o.id = e.offer_id
                   WHERE e.account IN ('offer_reserved', 'offer_spent')
                   GROUP BY o.supplier_id, o.deal_ref),
               copies AS (
                   SELECT o.supplier_id, o.deal_ref, count(*) AS issued
                   FROM list_line l JOIN shopping_list s ON s.id = l.list_id
                   JOIN offer o ON o.id = l.offer_id
                   WHERE s.state IN ('issued', 'expired')
                   GROUP BY o.supplier_id, o.deal_ref)
               SELECT o.id, coalesce(m.cents, 0), coalesce(c.issued, 0)
               FROM offer o
               LEFT JOIN money m ON m.supplier_id = o.supplier_id AND m.deal_ref = o.deal_ref
               LEFT JOIN copies c ON c.supplier_id = o.supplier_id AND c.deal_ref = o.deal_ref
               WHERE o.state IN ('approved', 'running', 'exhausted') ORDER BY o.id"""
        )
    )
    schema = {"offer_id": pl.Int64, "spent_cents": pl.Int64, "issued": pl.Int64}
    records = [(offer_id, int(cents), int(copies)) for offer_id, cents, copies in rows]
    return pl.DataFrame(records, schema=schema, orient="row")


def limits(session: Session) -> pl.DataFrame:
    """The limits of each offer that may be issued: offer_id, budget_cents, circulation_max."""
    rows = session.exec(
        select(Offer.id, Offer.budget_cents, Offer.circulation_max)
        .where(col(Offer.state).in_(ISSUABLE))
        .order_by(col(Offer.id))
    ).all()
    schema = {"offer_id": pl.Int64, "budget_cents": pl.Int64, "circulation_max": pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def day_value(session: Session, day: date) -> date | str:
    """A date as a bound parameter of plain SQL."""
    return day.isoformat() if session.get_bind().dialect.name == "sqlite" else day


def items_of(
    session: Session, offer_ids: Sequence[int], *, item_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """The items of some offers' products, or those among `item_ids`: offer_id, item_id."""
    return _members(session, "q.item_id", offer_ids, item_ids)


def products_of(
    session: Session, offer_ids: Sequence[int], *, gtins: Sequence[int] | None = None
) -> pl.DataFrame:
    """The products of some offers, or those among `gtins`: offer_id, gtin."""
    return _members(session, "q.gtin", offer_ids, gtins)


def costs_of(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """Price and cost of what some offers are on: offer_id, price_cents, cost_cents.

    A row a product of the first set, null where not known. Empty in a shop that knows no costs.
    """
    schema = {"offer_id": pl.Int64, "price_cents": pl.Int64, "cost_cents": pl.Int64}
    known = session.execute(
        text("SELECT gtin FROM product WHERE cost_cents IS NOT NULL ORDER BY gtin LIMIT 1")
    )
    if known.first() is None:
        return pl.DataFrame(schema=schema)
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    rows = session.execute(
        text(
            """SELECT p.offer_id, q.price_cents, q.cost_cents FROM offer_product p
               JOIN staged_offer s ON s.offer_id = p.offer_id
               JOIN product q ON q.gtin = p.gtin
               WHERE p.set_number = 0 ORDER BY p.offer_id, q.gtin"""
        )
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def _members(
    session: Session, column: str, offer_ids: Sequence[int], chosen: Sequence[int] | None
) -> pl.DataFrame:
    name = column.removeprefix("q.")
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    some = ""
    if chosen is not None:
        stage(session, "staged_key", pl.DataFrame({"key": chosen}, {"key": pl.Int64}))
        some = f"JOIN staged_key k ON k.key = {column}"
    rows = session.execute(
        text(
            f"""SELECT DISTINCT p.offer_id, {column} FROM offer_product p
                JOIN staged_offer s ON s.offer_id = p.offer_id
                JOIN product q ON q.gtin = p.gtin {some}
                ORDER BY p.offer_id, {column}"""
        )
    )
    schema = {"offer_id": pl.Int64, name: pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
