"""Queries on the printed copies of offers: on which lists they are, and who holds them."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import bindparam, text
from sqlmodel import Session

_BY_CELL = {"cell": pl.String, "copies": pl.Int64, "face_value_cents": pl.Int64}
_ON_LIST: dict[str, Any] = {
    "offer_id": pl.Int64,
    "line": pl.Int64,
    "face_value_cents": pl.Int64,
}
_NAMES: dict[str, Any] = {
    "offer_id": pl.Int64,
    "deal_id": pl.String,
    "supplier": pl.String,
    "title": pl.String,
}
_HOLDERS: dict[str, Any] = {
    "offer_id": pl.Int64,
    "household_id": pl.Int64,
    "cell": pl.String,
    "worth_decile": pl.Int64,
    "tier": pl.String,
}


def worth_by_cell(session: Session, cycle_id: int) -> pl.DataFrame:
    """What a cycle printed by cell: cell, copies, face_value_cents (of all copies)."""
    rows = session.execute(
        text(
            """SELECT l.cell, count(*), sum(l.face_value_cents)
               FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               WHERE s.cycle_id = :cycle AND l.cell IS NOT NULL
               GROUP BY l.cell ORDER BY l.cell"""
        ),
        {"cycle": cycle_id},
    )
    return pl.DataFrame([tuple(row) for row in rows], _BY_CELL, orient="row")


def names(session: Session, offer_ids: Sequence[int]) -> pl.DataFrame:
    """What people call some offers, by offer: offer_id, deal_id, supplier, title."""
    rows = session.execute(
        text(
            """SELECT o.id, o.deal_ref, s.name, o.title
               FROM offer o JOIN supplier s ON s.id = o.supplier_id
               WHERE o.id IN :offers ORDER BY o.id"""
        ).bindparams(bindparam("offers", expanding=True)),
        {"offers": list(offer_ids)},
    )
    return pl.DataFrame([tuple(row) for row in rows], _NAMES, orient="row")


def of_household(session: Session, cycle_id: int, household_id: int) -> pl.DataFrame | None:
    """The offers on the list a household got in a cycle, by line; None for one without a list.

    Columns: offer_id, line, face_value_cents.
    """
    list_id = session.execute(
        text(
            """SELECT id FROM shopping_list
               WHERE cycle_id = :cycle AND household_id = :household AND state <> 'draft'
               ORDER BY id DESC LIMIT 1"""
        ),
        {"cycle": cycle_id, "household": household_id},
    ).scalar_one_or_none()
    if list_id is None:
        return None
    rows = session.execute(
        text(
            """SELECT offer_id, line, face_value_cents FROM list_line
               WHERE list_id = :list AND offer_id IS NOT NULL ORDER BY line"""
        ),
        {"list": list_id},
    )
    return pl.DataFrame([tuple(row) for row in rows], _ON_LIST, orient="row")


def holders(session: Session, cycle_id: int, offer_ids: Sequence[int]) -> pl.DataFrame:
    """Who got copies of some offers in a cycle, by offer and household.

    Columns: offer_id, household_id, cell (null for a partner's slot), worth_decile, tier.
    """
    rows = session.execute(
        text(
            """SELECT l.offer_id, s.household_id, l.cell, h.worth_decile, h.tier
               FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               JOIN cycle_household h
                 ON h.cycle_id = s.cycle_id AND h.household_id = s.household_id
               WHERE s.cycle_id = :cycle AND l.offer_id IN :offers
               ORDER BY l.offer_id, s.household_id"""
        ).bindparams(bindparam("offers", expanding=True)),
        {"cycle": cycle_id, "offers": list(offer_ids)},
    )
    return pl.DataFrame([tuple(row) for row in rows], _HOLDERS, orient="row")
