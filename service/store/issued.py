"""Queries on what each cycle issued of each deal, which is counted once, when it is issued."""

from typing import Any

import polars as pl
from sqlalchemy import text
from sqlmodel import Session

from service.store.bulk import stage

BY_OFFER: dict[str, Any] = {
    "offer_id": pl.Int64,
    "copies": pl.Int64,
    "face_value_cents": pl.Int64,
    "reserved_cents": pl.Int64,
    "expected_uses": pl.Float64,
}
"""What is kept of a deal: money is that of all its copies, a partner's fees among the reserved."""

_DEALS: dict[str, Any] = {
    "offer_id": pl.Int64,
    "title": pl.String,
    "deal_id": pl.String,
    "supplier": pl.String,
    **{name: kind for name, kind in BY_OFFER.items() if name != "offer_id"},
}
_SUPPLIERS: dict[str, Any] = {
    "supplier": pl.String,
    "deals": pl.Int64,
    **{name: kind for name, kind in BY_OFFER.items() if name != "offer_id"},
}


def add(session: Session, cycle_id: int, by_offer: pl.DataFrame) -> None:
    """Keep what a cycle issued: the columns of `BY_OFFER`."""
    stage(
        session,
        "staged_issued",
        by_offer.select(pl.lit(cycle_id, pl.Int64).alias("cycle_id"), *BY_OFFER),
    )
    columns = f"cycle_id, {', '.join(BY_OFFER)}"
    session.execute(
        text(f"INSERT INTO cycle_offer ({columns}) SELECT {columns} FROM staged_issued")
    )


def by_deal(session: Session, cycle_id: int, *, most: int) -> pl.DataFrame:
    """The deals of a cycle with most copies, most first, with the columns of `BY_OFFER`.

    Also: title, deal_id, supplier.
    """
    rows = session.execute(
        text(
            """SELECT c.offer_id, o.title, o.deal_ref, s.name, c.copies, c.face_value_cents,
                      c.reserved_cents, c.expected_uses
               FROM cycle_offer c JOIN offer o ON o.id = c.offer_id
               JOIN supplier s ON s.id = o.supplier_id
               WHERE c.cycle_id = :cycle ORDER BY c.copies DESC, c.offer_id LIMIT :most"""
        ),
        {"cycle": cycle_id, "most": most},
    )
    return pl.DataFrame([tuple(row) for row in rows], _DEALS, orient="row")


def by_supplier(session: Session, cycle_id: int, *, most: int) -> pl.DataFrame:
    """The sums of the suppliers with most copies, most first; `deals` counts their deals."""
    rows = session.execute(
        text(
            """SELECT s.name, count(*), sum(c.copies), sum(c.face_value_cents),
                      sum(c.reserved_cents), sum(c.expected_uses)
               FROM cycle_offer c JOIN offer o ON o.id = c.offer_id
               JOIN supplier s ON s.id = o.supplier_id
               WHERE c.cycle_id = :cycle GROUP BY s.name ORDER BY sum(c.copies) DESC, s.name
               LIMIT :most"""
        ),
        {"cycle": cycle_id, "most": most},
    )
    found = [
        (name, int(deals), int(copies), int(face), int(reserved), float(uses))
        for name, deals, copies, face, reserved, uses in rows
    ]
    return pl.DataFrame(found, _SUPPLIERS, orient="row")
