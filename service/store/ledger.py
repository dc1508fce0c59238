"""Queries on the ledger. Entries are only ever added."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import insert, text
from sqlmodel import Session

from service.store.tables.ledger import LedgerEntry


def post(session: Session, entries: Sequence[dict[str, Any]]) -> None:
    """Add entries: posting, kind, account, offer_id, amount_cents, posted_at."""
    if entries:
        session.execute(insert(LedgerEntry), list(entries))


def imbalance(session: Session) -> list[tuple[str, int]]:
    """Postings whose entries do not sum to zero; there must be none."""
    rows = session.execute(
        text(
            """SELECT posting, sum(amount_cents) FROM ledger_entry
               GROUP BY posting HAVING sum(amount_cents) <> 0"""
        )
    )
    return [(posting, int(cents)) for posting, cents in rows]


def balances(session: Session) -> pl.DataFrame:
    """The balance of every account of every supplier: supplier, account, amount_cents."""
    rows = session.execute(
        text(
            """SELECT u.name, e.account, sum(e.amount_cents) FROM ledger_entry e
               JOIN offer o ON o.id = e.offer_id JOIN supplier u ON u.id = o.supplier_id
               GROUP BY u.name, e.account ORDER BY u.name, e.account"""
        )
    )
    schema = {"supplier": pl.String, "account": pl.String, "amount_cents": pl.Int64}
    return pl.DataFrame(
        [(name, account, int(cents)) for name, account, cents in rows], schema=schema, orient="row"
    )
