"""Queries on loading deals: what stands, what a file adds, and what became of each deal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import and_, func, text
from sqlmodel import Session, col, select

from service.engine.lifecycle import Act, DealState
from service.store.bulk import append, read_integers, stage
from service.store.tables.catalogue import Category, Supplier
from service.store.tables.offer import Offer, OfferEvent, Upload
from service.store.tables.types import UtcMoment

_COLUMNS = (
    "supplier_id", "deal_ref", "revision", "state", "upload_id", "digest", "title", "category_id",
    "terms", "private_label", "price_cents", "face_value_cents", "limit_per_household",
    "funding_share", "control_share", "handling_fee_cents", "budget_cents", "circulation_max",
    "circulation_min", "mail_from", "mail_to", "redeem_from", "redeem_to", "legal", "kind",
    "funding_cap_cents", "copy_fee_cents", "value_text", "texts", "face_values", "targets", "given",
)  # fmt: skip


class Standing(NamedTuple):
    """A revision that was not replaced."""

    id: int
    supplier_id: int
    deal_ref: str
    revision: int
    state: DealState
    digest: str
    category_id: int
    private_label: bool
    price_cents: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a deal: who loaded it when and from which file, and what the row said."""

    revision: int
    state: str
    loaded_at: datetime
    loaded_by: str
    file: str
    given: str


def standing(session: Session) -> Iterator[Standing]:
    """Every revision that was not replaced, the older of a deal first."""
    statement = (
        select(  # type: ignore[call-overload]
            Offer.id,
            Offer.supplier_id,
            Offer.deal_ref,
            Offer.revision,
            Offer.state,
            Offer.digest,
            Offer.category_id,
            Offer.private_label,
            Offer.price_cents,
        )
        .where(Offer.state != DealState.REPLACED)
        .order_by(Offer.supplier_id, Offer.deal_ref, Offer.revision)
    )
    for row in session.execute(statement):
        yield Standing._make([*row[:4], DealState(row[4]), *row[5:]])


def add(session: Session, offers: pl.DataFrame, members: pl.DataFrame) -> None:
    """Add revisions with their products, and the event of each in the audit trail.

    `offers`: the columns of an offer; `follows`, the id of the revision whose stop it inherits, or
    null; `actor`, `detail` and `happened_at` of the event; `place`, a number of the row. `members`:
    place, set_number, gtin.
    """
    stage(session, "staged_deal", offers)
    columns = ", ".join(_COLUMNS)
    session.execute(
        text(
            f"""INSERT INTO offer ({columns}, stopped_at)
                SELECT {columns}, (SELECT e.stopped_at FROM offer e WHERE e.id = s.follows)
                FROM staged_deal s ORDER BY s.place"""
        )
    )
    ids = read_integers(
        session,
        """SELECT s.place, o.id FROM staged_deal s
           JOIN offer o ON o.supplier_id = s.supplier_id AND o.deal_ref = s.deal_ref
               AND o.revision = s.revision""",
        ("place", "offer_id"),
    )
    products = members.join(ids, on="place", how="left", maintain_order="left")
    append(session, "offer_product", products.select("offer_id", "set_number", "gtin"))
    session.execute(
        text(
            """INSERT INTO offer_event (offer_id, act, from_state, to_state, actor, detail,
                                        happened_at)
               SELECT o.id, 'load', '', o.state, s.actor, s.detail, s.happened_at
               FROM staged_deal s
               JOIN offer o ON o.supplier_id = s.supplier_id AND o.deal_ref = s.deal_ref
                   AND o.revision = s.revision
               ORDER BY s.place"""
        )
    )


def replace(session: Session, replaced: pl.DataFrame) -> None:
    """Newer revisions stand; lists already printed keep pointing at these.

    `replaced`: offer_id, actor, detail, happened_at.
    """
    stage(session, "staged_replaced", replaced)
    session.execute(
        text(
            """INSERT INTO offer_event (offer_id, act, from_state, to_state, actor, detail,
                                        happened_at)
               SELECT o.id, 'replace', o.state, 'replaced', s.actor, s.detail, s.happened_at
               FROM staged_replaced s JOIN offer o ON o.id = s.offer_id ORDER BY o.id"""
        )
    )
    session.execute(
        text(
            """UPDATE offer SET state = 'replaced'
               WHERE id IN (SELECT offer_id FROM staged_replaced)"""
        )
    )


def ensure_suppliers(session: Session, names: list[str]) -> dict[str, int]:
    """The ids of suppliers by name; those not known yet are added."""
    for name in names:
        session.execute(
            text("INSERT INTO supplier (name) VALUES (:name) ON CONFLICT (name) DO NOTHING"),
            {"name": name},
        )
    statement = select(Supplier.name, Supplier.id).where(col(Supplier.name).in_(names))
    return {name: key for name, key in session.exec(statement).all() if key is not None}


def ensure_category(session: Session, name: str) -> int:
    """The id of a category without goods, its own department; added when it is not there."""
    session.execute(
        text(
            """INSERT INTO category (name, department) VALUES (:name, :name)
               ON CONFLICT (name) DO NOTHING"""
        ),
        {"name": name},
    )
    found = session.exec(select(Category.id).where(Category.name == name)).one()
    assert found is not None
    return found


def revisions(session: Session, supplier: str, deal_ref: str) -> list[Revision]:
    """The revisions of a deal, oldest first."""
    statement = (
        select(  # type: ignore[call-overload]
            Offer.revision,
            Offer.state,
            func.coalesce(OfferEvent.happened_at, Upload.uploaded_at, type_=UtcMoment),
            func.coalesce(OfferEvent.actor, Upload.uploaded_by),
            Upload.name,
            Offer.given,
        )
        .join(Upload, col(Upload.id) == col(Offer.upload_id))
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .outerjoin(
            OfferEvent,
            and_(col(OfferEvent.offer_id) == col(Offer.id), col(OfferEvent.act) == Act.LOAD),
        )
        .where(Supplier.name == supplier, Offer.deal_ref == deal_ref)
        .order_by(col(Offer.revision))
    )
    return [Revision(*row) for row in session.execute(statement)]
