"""Queries on the offers that a cycle may give."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.engine.lifecycle import ISSUABLE
from service.engine.offers.running import USED
from service.engine.records import DealKind
from service.store import lists
from service.store.bulk import day_value, stage
from service.store.tables.catalogue import Supplier
from service.store.tables.offer import Offer

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


def running(session: Session, *, on: date, redeemable_to: date) -> pl.DataFrame:
    """Offers that may be mailed on a day and redeemed from it through another, by offer_id.

    Offers with nothing left of their budget are included; the caller checks what is left.
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


def partners(session: Session) -> list[tuple[int, str, str]]:
    """The offers that are partners' slots: (id, the payer's name, the deal's id in its file)."""
    statement = (
        select(Offer.id, Supplier.name, Offer.deal_ref)
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .where(Offer.kind == DealKind.PARTNER)
        .order_by(col(Offer.id))
    )
    return list(session.exec(statement).all())


def committed(session: Session, *, ended_before: date | None = None) -> pl.DataFrame:
    """What is committed of each offer that may be issued: offer_id, spent_cents, issued.

    `spent_cents` is reserved or spent of the budget, `issued` the copies on issued lists; both
    over all revisions of the deal, so that a new revision does not restore the budget. Lists whose
    last day was before `ended_before` reserve nothing, as if they were closed.
    """
    rows = session.execute(
        text(
            f"""WITH money AS (
                   SELECT o.supplier_id, o.deal_ref, sum(e.amount_cents) AS cents
                   FROM ledger_entry e JOIN offer o ON o.id = e.offer_id
                   WHERE e.account IN ('offer_reserved', 'offer_spent')
                   GROUP BY o.supplier_id, o.deal_ref),
               copies AS (
                   SELECT o.supplier_id, o.deal_ref, count(*) AS issued
                   FROM list_line l JOIN shopping_list s ON s.id = l.list_id
                   JOIN offer o ON o.id = l.offer_id
                   WHERE s.state IN ('issued', 'expired')
                   GROUP BY o.supplier_id, o.deal_ref),
               ended AS (
                   SELECT o.supplier_id, o.deal_ref, sum(e.cents) AS cents
                   FROM ({lists.RESERVED_BY_ENDED}) e JOIN offer o ON o.id = e.offer_id
                   GROUP BY o.supplier_id, o.deal_ref)
               SELECT o.id, coalesce(m.cents, 0) - coalesce(d.cents, 0), coalesce(c.issued, 0)
               FROM offer o
               LEFT JOIN money m ON m.supplier_id = o.supplier_id AND m.deal_ref = o.deal_ref
               LEFT JOIN copies c ON c.supplier_id = o.supplier_id AND c.deal_ref = o.deal_ref
               LEFT JOIN ended d ON d.supplier_id = o.supplier_id AND d.deal_ref = o.deal_ref
               WHERE o.state IN ('approved', 'running', 'exhausted') ORDER BY o.id"""
        ),
        {"ended_before": day_value(session, ended_before or date.min)},
    )
    schema = {"offer_id": pl.Int64, "spent_cents": pl.Int64, "issued": pl.Int64}
    records = [(offer_id, int(cents), int(copies)) for offer_id, cents, copies in rows]
    return pl.DataFrame(records, schema=schema, orient="row")


def payers(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """Who pays for some offers: offer_id, supplier_id."""
    rows = session.exec(select(Offer.id, Offer.supplier_id).where(col(Offer.id).in_(offer_ids)))
    schema = {"offer_id": pl.Int64, "supplier_id": pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema, orient="row")


def used(
    session: Session, offer_ids: Sequence[int], *, household_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """How often households have used the deals of some offers: household_id, offer_id, used.

    Over all lists of a household and all revisions of the deal; of `household_ids`, or all.
    """
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    some = ""
    if household_ids is not None:
        stage(session, "staged_key", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
        some = "JOIN staged_key k ON k.key = r.household_id"
    rows = session.execute(
        text(
            f"""SELECT r.household_id, o.id, sum(r.uses)
                FROM staged_offer s JOIN offer o ON o.id = s.offer_id
                JOIN redemption_line r ON r.deal_id = coalesce(o.deal_id, o.id) {some}
                WHERE r.live GROUP BY r.household_id, o.id ORDER BY r.household_id, o.id"""
        )
    )
    records = [(household_id, offer_id, int(uses)) for household_id, offer_id, uses in rows]
    return pl.DataFrame(records, schema=USED, orient="row")


def limits(session: Session) -> pl.DataFrame:
    """The limits of each offer that may be issued: offer_id, budget_cents, circulation_max."""
    rows = session.exec(
        select(Offer.id, Offer.budget_cents, Offer.circulation_max)
        .where(col(Offer.state).in_(ISSUABLE))
        .order_by(col(Offer.id))
    ).all()
    schema = {"offer_id": pl.Int64, "budget_cents": pl.Int64, "circulation_max": pl.Int64}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
