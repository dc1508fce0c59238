"""Queries on postings for a general ledger: sums by day and kind, or each posting by itself."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.engine.clearing.posted import PostedSum
from service.engine.ledger import Account
from service.store.bulk import is_sqlite
from service.store.tables.types import UtcMoment


def sums(session: Session, first: date, last: date, *, each: bool) -> list[PostedSum]:
    """What was posted from one day to another (UTC), by account and supplier account.

    The entries of a day and kind are summed, or with `each` those of every posting. Days are those
    of posting, not of sales: what was exported once never changes.
    """
    if is_sqlite(session):
        day = "date(e.posted_at / 1000000, 'unixepoch')"
    else:
        day = "(e.posted_at AT TIME ZONE 'UTC')::date"
    name = "e.posting" if each else f"{day} || ' ' || e.kind"
    statement = text(
        f"""SELECT {name} AS named, e.kind, {day} AS day, e.account,
                   coalesce(a.number, '') AS number, sum(e.amount_cents), count(*)
            FROM ledger_entry e LEFT JOIN supplier s ON s.id = e.supplier_id
            LEFT JOIN supplier_account a ON a.id = s.account_id
            WHERE e.posted_at >= :start AND e.posted_at < :end
            GROUP BY named, e.kind, day, e.account, number
            HAVING sum(e.amount_cents) <> 0
            ORDER BY day, named, e.account, number"""
    ).bindparams(*[bindparam(each, type_=UtcMoment()) for each in ("start", "end")])
    values = {
        "start": datetime.combine(first, time(), UTC),
        "end": datetime.combine(last + timedelta(days=1), time(), UTC),
    }
    return [
        PostedSum(
            posting=posting,
            kind=kind,
            day=date.fromisoformat(str(posted_on)),
            account=Account(account),
            supplier_account=number,
            amount_cents=int(cents),
            entries=int(count),
        )
        for posting, kind, posted_on, account, number, cents, count in session.execute(
            statement, values
        )
    ]
