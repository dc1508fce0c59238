"""Reads the sums of deals: what is kept, and what came after it, as of one moment."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import polars as pl
from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.store import sum_rows, sums
from service.store.sum_rows import DEAL, MONEY, RESERVED, SPENT
from service.store.sums import Mark

T = TypeVar("T")

AFTER = f"""SELECT {DEAL} AS deal_id, CAST(sum({RESERVED}) AS bigint) AS reserved_cents,
           CAST(sum({SPENT}) AS bigint) AS spent_cents
    FROM ledger_entry e JOIN offer o ON o.id = e.offer_id
    WHERE e.id > :entry_mark AND {MONEY} GROUP BY {DEAL}"""
"""SQL: what deals' budgets moved after the mark, by deal; it needs `values` of the mark."""

COME_TO = {
    "deal_id": pl.Int64,
    "uses": pl.Int64,
    "discount_cents": pl.Int64,
    "open_uses": pl.Int64,
    "open_expected_cents": pl.Float64,
}
"""The columns of `came_to`."""

PARTS = {
    "part": pl.String,
    "name": pl.String,
    "uses": pl.Int64,
    "discount_cents": pl.Int64,
    "spent_cents": pl.Int64,
}
"""The columns of `by_part`."""

CELLS = {"cell": pl.String, "copies": pl.Int64}
"""The columns of `by_cell`."""


def at_one_moment(session: Session, read: Callable[[Mark], T]) -> T:
    """What `read` reads of sums and of the rows after their mark, read again if that moved."""
    while True:
        mark = sums.read_mark(session)
        found = read(mark)
        if sums.read_mark(session) == mark:
            return found


def values(mark: Mark) -> dict[str, int]:
    """The parameters of SQL that reads what came after the mark."""
    return {"line_mark": mark.redemption_line_id, "entry_mark": mark.ledger_entry_id}


def came_to(session: Session, deal_ids: Sequence[int]) -> pl.DataFrame:
    """What deals came to, by deal; see `COME_TO`. `open_uses` can still be made.

    `open_expected_cents` is the cost that was expected of these uses when they were issued.
    """
    if not deal_ids:
        return pl.DataFrame(schema=COME_TO)
    chosen = f"IN ({', '.join(map(str, map(int, deal_ids)))})"
    after = sum_rows.totals(uses=f"r.id > :line_mark AND {DEAL} {chosen}")
    statement = text(
        f"""SELECT deal_id, sum(uses), sum(discount_cents), sum(open_uses), sum(open_cents) FROM (
                SELECT deal_id, 0 AS uses, 0 AS discount_cents, open_uses,
                       open_expected_cents AS open_cents
                FROM deal_copies WHERE deal_id {chosen}
                UNION ALL SELECT deal_id, uses, discount_cents, -open_uses, -open_expected_cents
                FROM deal_total WHERE deal_id {chosen}
                UNION ALL SELECT deal_id, uses, discount_cents, -open_uses, -open_expected_cents
                FROM ({after}) AS newer
            ) AS whole GROUP BY deal_id ORDER BY deal_id"""
    )
    rows = at_one_moment(session, lambda mark: session.execute(statement, values(mark)).all())
    found = [(deal, int(u), int(d), int(left), float(cents)) for deal, u, d, left, cents in rows]
    return pl.DataFrame(found, COME_TO, orient="row")


def deals_of(session: Session, offer_ids: Sequence[int]) -> Sequence[int]:
    """The deals of some offers, each once, as sums number them."""
    rows = session.execute(
        text(f"SELECT DISTINCT {DEAL} FROM offer o WHERE o.id IN :offers").bindparams(
            bindparam("offers", expanding=True)
        ),
        {"offers": list(offer_ids)},
    )
    return sorted(deal_id for (deal_id,) in rows)


def by_part(session: Session, deal_id: int) -> pl.DataFrame:
    """What a deal came to by cell, store and business day, most uses first; see `PARTS`."""
    mine = f"{DEAL} = :deal"
    after = sum_rows.parts(
        uses=f"r.id > :line_mark AND {mine}", entries=f"e.id > :entry_mark AND {mine}"
    )
    statement = text(
        f"""SELECT part, name, sum(uses) AS uses, sum(discount_cents), sum(spent_cents) FROM (
                SELECT part, name, uses, discount_cents, spent_cents
                FROM deal_part WHERE deal_id = :deal
                UNION ALL SELECT part, name, uses, discount_cents, spent_cents
                FROM ({after}) AS newer
            ) AS whole GROUP BY part, name ORDER BY sum(uses) DESC, part, name"""
    )
    rows = at_one_moment(
        session,
        lambda mark: session.execute(statement, {"deal": deal_id, **values(mark)}).all(),
    )
    found = [(part, name, int(u), int(d), int(s)) for part, name, u, d, s in rows]
    return pl.DataFrame(found, PARTS, orient="row")


def deal_of_each(session: Session, offer_ids: Sequence[int]) -> dict[int, int]:
    """The deal of each of some offers, as sums number them."""
    rows = session.execute(
        text(f"SELECT o.id, {DEAL} FROM offer o WHERE o.id IN :offers").bindparams(
            bindparam("offers", expanding=True)
        ),
        {"offers": list(offer_ids)},
    )
    return {int(offer_id): int(deal_id) for offer_id, deal_id in rows}


def spent_by_day(session: Session, deal_ids: Sequence[int]) -> dict[int, dict[date, int]]:
    """What the budgets of deals spent by business day, returns taken off, by deal."""
    if not deal_ids:
        return {}
    chosen = f"IN ({', '.join(map(str, map(int, deal_ids)))})"
    after = sum_rows.parts(entries=f"e.id > :entry_mark AND {DEAL} {chosen}")
    statement = text(
        f"""SELECT deal_id, name, sum(spent_cents) FROM (
                SELECT deal_id, name, spent_cents FROM deal_part
                WHERE deal_id {chosen} AND part = 'day'
                UNION ALL SELECT deal_id, name, spent_cents FROM ({after}) AS newer
                WHERE part = 'day'
            ) AS whole GROUP BY deal_id, name ORDER BY deal_id, name"""
    )
    rows = at_one_moment(
        session,
        lambda mark: session.execute(statement, {"entry_mark": mark.ledger_entry_id}).all(),
    )
    found: dict[int, dict[date, int]] = {}
    for deal_id, day, cents in rows:
        if cents:
            found.setdefault(deal_id, {})[date.fromisoformat(day)] = int(cents)
    return found


def by_cell(session: Session, deal_id: int) -> pl.DataFrame:
    """A deal's copies by cell, empty for a partner's slot; see `CELLS`."""
    rows = session.execute(
        text(
            """SELECT cell, copies FROM deal_copies WHERE deal_id = :deal AND copies <> 0
               ORDER BY cell"""
        ),
        {"deal": deal_id},
    )
    return pl.DataFrame([tuple(row) for row in rows], CELLS, orient="row")
