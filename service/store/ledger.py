"""Queries on the ledger. Entries are only ever added."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import func, or_, text
from sqlmodel import Session, col, select

from service.engine.ledger import CHARGING, CLAIMABLE, Account, Entry, EntryKind, Payer, Posting
from service.store.bulk import is_sqlite
from service.store.tables.ledger import LedgerEntry
from service.store.tables.offer import Offer
from service.store.tables.redemption import TillReturn
from service.store.till.rows import from_array, json_of, names, postgresql_types, sqlite_values


class _Row(NamedTuple):
    """A row of the ledger, but for its number."""

    posting: str
    kind: EntryKind
    posted_at: datetime
    store_id: str | None
    business_date: date | None
    account: Account
    offer_id: int | None
    supplier_id: int | None
    amount_cents: int
    uses: int
    discount_cents: int


_CHARGING = ", ".join([f"'{kind}'" for kind in CHARGING])
_COLUMNS = names(_Row)
_POST_SQLITE = f"""INSERT INTO ledger_entry ({_COLUMNS})
    SELECT {from_array(_Row)} FROM json_each(:rows)"""
_POST_POSTGRESQL = f"""INSERT INTO ledger_entry ({_COLUMNS})
    SELECT * FROM unnest({
    ", ".join([f"CAST(:{name} AS {kind}[])" for name, kind in postgresql_types(_Row)])
})"""


def post(session: Session, *postings: Posting) -> None:
    """Add the entries of some postings, by one statement: PostgreSQL checks each that it balances.

    Raises ValueError for an entry on a receivable without a supplier, which nobody would be asked
    for.
    """
    rows = [
        _Row(
            posting.name, posting.kind, posting.at, posting.store_id, posting.business_date, *entry
        )
        for posting in postings
        for entry in posting.entries
    ]
    if any(row.account in CLAIMABLE and row.supplier_id is None for row in rows):
        raise ValueError("what is owed must name its supplier")
    if not rows:
        return
    if is_sqlite(session):
        written = json_of([[*sqlite_values(row).values()] for row in rows])
        session.execute(text(_POST_SQLITE), {"rows": written})
    else:
        columns = zip(*rows, strict=True)
        session.execute(
            text(_POST_POSTGRESQL), dict(zip(_Row._fields, map(list, columns), strict=True))
        )


def post_by_offer(
    session: Session,
    name: str,
    kind: EntryKind,
    cents: Iterable[tuple[int, int]],
    movement: Callable[[Payer, int], list[Entry]],
    *,
    at: datetime,
) -> None:
    """Post one movement of so many cents for each offer: (offer, cents)."""
    by_offer = dict(cents)
    statement = select(Offer.id, Offer.supplier_id).where(col(Offer.id).in_(by_offer))
    payers = {row[0]: Payer(*row) for row in session.execute(statement)}
    entries = [
        entry for offer_id, moved in by_offer.items() for entry in movement(payers[offer_id], moved)
    ]
    post(session, Posting(name, kind, at, tuple(entries)))


def sale_postings(
    session: Session, redemption_id: str
) -> dict[tuple[str | None, date | None], list[Entry]]:
    """The entries of a sale, its returns and their voids, summed by store and business date."""
    of_sale = TillReturn.redemption_id == redemption_id
    returns = select(TillReturn.id).where(of_sale)
    voids = select(col(TillReturn.id) + "-void").where(of_sale)
    place = (col(LedgerEntry.store_id), col(LedgerEntry.business_date))
    payer = (col(LedgerEntry.offer_id), col(LedgerEntry.supplier_id))
    statement = (
        select(  # type: ignore[call-overload]
            *place,
            LedgerEntry.account,
            *payer,
            func.sum(LedgerEntry.amount_cents),
            func.sum(LedgerEntry.uses),
            func.sum(LedgerEntry.discount_cents),
        )
        .where(
            or_(
                col(LedgerEntry.posting) == redemption_id,
                col(LedgerEntry.posting).in_(returns),
                col(LedgerEntry.posting).in_(voids),
            )
        )
        .group_by(*place, col(LedgerEntry.account), *payer)
        .order_by(*place, *payer, col(LedgerEntry.account))
    )
    found: dict[tuple[str | None, date | None], list[Entry]] = {}
    for store_id, day, account, offer_id, supplier_id, *sums in session.execute(statement):
        entry = Entry(Account(account), offer_id, supplier_id, *map(int, sums))
        found.setdefault((store_id, day), []).append(entry)
    return found


def entries_of(session: Session, postings: Collection[str]) -> list[Entry]:
    """The entries of some postings."""
    statement = (
        select(  # type: ignore[call-overload]
            LedgerEntry.account,
            LedgerEntry.offer_id,
            LedgerEntry.supplier_id,
            LedgerEntry.amount_cents,
            LedgerEntry.uses,
            LedgerEntry.discount_cents,
        )
        .where(col(LedgerEntry.posting).in_(list(postings)))
        .order_by(col(LedgerEntry.id))
    )
    return [Entry(Account(account), *others) for account, *others in session.execute(statement)]


def imbalance(session: Session) -> list[tuple[str, int]]:
    """Postings whose entries do not sum to zero; there must be none."""
    rows = session.execute(
        text(
            """SELECT posting, sum(amount_cents) FROM ledger_entry
               GROUP BY posting HAVING sum(amount_cents) <> 0"""
        )
    )
    return [(posting, int(cents)) for posting, cents in rows]


def uncharged(session: Session) -> list[tuple[int, int]]:
    """Offers whose spending differs from what was charged for them, and by how many cents more.

    There must be none.
    """
    rows = session.execute(
        text(
            f"""SELECT offer_id, sum(CASE WHEN account = 'offer_spent' THEN amount_cents
                                         ELSE -amount_cents END) AS more
               FROM ledger_entry WHERE account IN ('offer_spent', 'supplier_receivable')
                 AND offer_id IS NOT NULL AND kind IN ({_CHARGING})
               GROUP BY offer_id
               HAVING sum(CASE WHEN account = 'offer_spent' THEN amount_cents
                               ELSE -amount_cents END) <> 0 ORDER BY offer_id"""
        )
    )
    return [(offer_id, int(cents)) for offer_id, cents in rows]


def balances(session: Session) -> pl.DataFrame:
    """The balance of every account of every supplier: supplier, account, amount_cents."""
    rows = session.execute(
        text(
            """SELECT u.name, e.account, sum(e.amount_cents) FROM ledger_entry e
               JOIN supplier u ON u.id = e.supplier_id
               GROUP BY u.name, e.account ORDER BY u.name, e.account"""
        )
    )
    schema = {"supplier": pl.String, "account": pl.String, "amount_cents": pl.Int64}
    return pl.DataFrame(
        [(name, account, int(cents)) for name, account, cents in rows], schema=schema, orient="row"
    )
