"""Queries on overrides: deals that are pinned to households, or banned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import text, update
from sqlmodel import Session, col, func, select

from service.engine.lifecycle import DealState
from service.engine.offers.overrides import OVERRIDES, OverrideAct
from service.store.actor import Actor
from service.store.bulk import stage
from service.store.tables.catalogue import Supplier
from service.store.tables.household import Household
from service.store.tables.offer import Offer
from service.store.tables.override import Override


@dataclass(frozen=True, slots=True)
class NamedOverride:
    """An override with the deal's supplier, id and title, and the retailer's own household number.

    `household` is empty for one of a cell or of all.
    """

    override: Override
    supplier: str
    deal_ref: str
    title: str
    household: str


def add(session: Session, row: Override) -> int:
    """Write one; its number. One of the same deal and households that is open collides."""
    session.add(row)
    session.flush()
    return row.id


def held(
    session: Session, deal_id: int, *, household_id: int | None, cell: str | None
) -> Override | None:
    """What is open of a deal for just these households."""
    statement = select(Override).where(
        Override.deal_id == deal_id,
        col(Override.household_id).is_not_distinct_from(household_id),
        col(Override.cell).is_not_distinct_from(cell),
        col(Override.ended_at).is_(None),
    )
    return session.exec(statement).first()


def end(session: Session, number: int, *, by: Actor, at: datetime) -> bool:
    """End one, by one statement; whether it was open."""
    found = session.exec(
        update(Override)
        .where(col(Override.id) == number, col(Override.ended_at).is_(None))
        .values(ended_at=at, ended_by=by.name, ended_person_id=by.person_id)
    )
    return found.rowcount > 0


def end_pins_of_ended(session: Session, *, by: Actor, at: datetime) -> list[int]:
    """End the pins of deals of which every revision ended or was replaced; their numbers."""
    runs_on = (
        select(Offer.id)
        .where(
            func.coalesce(Offer.deal_id, Offer.id) == Override.deal_id,
            col(Offer.state).not_in((DealState.ENDED, DealState.REPLACED)),
        )
        .exists()
    )
    ended = session.execute(
        update(Override)
        .where(col(Override.act) == OverrideAct.PIN, col(Override.ended_at).is_(None), ~runs_on)
        .values(ended_at=at, ended_by=by.name, ended_person_id=by.person_id)
        .returning(col(Override.id))
        .execution_options(synchronize_session=False)
    )
    return sorted(number for (number,) in ended)


def of_offers(
    session: Session, offer_ids: Sequence[int], *, household_ids: Sequence[int] | None = None
) -> pl.DataFrame:
    """What is open of some offers, in the columns of `OVERRIDES`, by number.

    With `household_ids` those of other households are left aside.
    """
    stage(session, "staged_offer", pl.DataFrame({"offer_id": offer_ids}, {"offer_id": pl.Int64}))
    some = ""
    if household_ids is not None:
        stage(session, "staged_key", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
        some = """AND (d.household_id IS NULL
                       OR d.household_id IN (SELECT key FROM staged_key))"""
    rows = session.execute(
        text(
            f"""SELECT d.id, o.id, d.act, d.household_id, d.cell
                FROM staged_offer s JOIN offer o ON o.id = s.offer_id
                JOIN deal_override d ON d.deal_id = coalesce(o.deal_id, o.id)
                WHERE d.ended_at IS NULL {some} ORDER BY d.id, o.id"""
        )
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=OVERRIDES, orient="row")


def any_pins(session: Session) -> bool:
    """Whether anything is pinned."""
    statement = select(Override.id).where(
        Override.act == OverrideAct.PIN, col(Override.ended_at).is_(None)
    )
    return session.exec(statement.limit(1)).first() is not None


def named(
    session: Session,
    *,
    number: int | None = None,
    deal_id: int | None = None,
    household_id: int | None = None,
    is_open: bool | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[NamedOverride]:
    """Overrides with what they are of, the newest first; every filter that is given must match.

    `before` is a number: only those made earlier.
    """
    statement = (
        select(Override, Offer, Supplier.name, Household.ref)
        .join(Offer, col(Offer.id) == col(Override.deal_id))
        .join(Supplier, col(Supplier.id) == col(Offer.supplier_id))
        .join(Household, col(Household.id) == col(Override.household_id), isouter=True)
        .order_by(col(Override.id).desc())
        .limit(limit)
    )
    for column, value in (
        (Override.id, number),
        (Override.deal_id, deal_id),
        (Override.household_id, household_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if is_open is not None:
        ended = col(Override.ended_at)
        statement = statement.where(ended.is_(None) if is_open else ended.is_not(None))
    if before is not None:
        statement = statement.where(col(Override.id) < before)
    return [
        NamedOverride(row, supplier, offer.deal_ref, offer.title, ref or "")
        for row, offer, supplier, ref in session.exec(statement).all()
    ]


def count_open(session: Session) -> int:
    """How many are open."""
    statement = select(func.count()).where(col(Override.ended_at).is_(None))
    return session.exec(statement).one()
