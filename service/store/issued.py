"""Queries on what each cycle issued of each deal, which is counted once, when it is issued."""

from typing import Any, NamedTuple

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


class InAll(NamedTuple):
    """What all copies of a cycle come to."""

    copies: int
    face_value_cents: int
    expected_uses: float


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
    session.execute(
        text(
            """INSERT INTO cycle_supplier (cycle_id, supplier_id, kind, deals, copies,
                                           face_value_cents, reserved_cents, expected_uses)
               SELECT i.cycle_id, o.supplier_id, o.kind, count(*), sum(i.copies),
                      sum(i.face_value_cents), sum(i.reserved_cents), sum(i.expected_uses)
               FROM staged_issued i JOIN offer o ON o.id = i.offer_id
               GROUP BY i.cycle_id, o.supplier_id, o.kind"""
        )
    )


def in_all(session: Session, cycle_id: int) -> InAll:
    """What a cycle issued, partners' slots left out."""
    copies, face_value_cents, expected = session.execute(
        text(
            """SELECT coalesce(sum(copies), 0), coalesce(sum(face_value_cents), 0),
                      coalesce(sum(expected_uses), 0)
               FROM cycle_supplier WHERE cycle_id = :cycle AND kind = 'product'"""
        ),
        {"cycle": cycle_id},
    ).one()
    return InAll(int(copies), int(face_value_cents), float(expected))


def by_deal(session: Session, cycle_id: int, *, most: int) -> pl.DataFrame:
    """The deals of a cycle with most copies, most first, with the columns of `BY_OFFER`.

    Also: title, deal_id, supplier.
    """
    rows = session.execute(
        text(
            """SELECT c.offer_id, o.title, o.deal_ref, s.name, c.copies, c.face_value_cents,
                      c.reserved_cents, c.expected_uses
               FROM (SELECT * FROM cycle_offer WHERE cycle_id = :cycle
                     ORDER BY copies DESC, offer_id LIMIT :most) c
               JOIN offer o ON o.id = c.offer_id JOIN supplier s ON s.id = o.supplier_id
               ORDER BY c.copies DESC, c.offer_id"""
        ),
        {"cycle": cycle_id, "most": most},
    )
    return pl.DataFrame([tuple(row) for row in rows], _DEALS, orient="row")


def by_supplier(session: Session, cycle_id: int, *, most: int) -> pl.DataFrame:
    """The sums of the suppliers with most copies, most first; `deals` counts their deals."""
    rows = session.execute(
        text(
            """SELECT s.name, sum(c.deals), sum(c.copies), sum(c.face_value_cents),
                      sum(c.reserved_cents), sum(c.expected_uses)
               FROM cycle_supplier c JOIN supplier s ON s.id = c.supplier_id
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
