"""What claims would hold if they were drawn now: nothing is frozen, nothing is written."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from service.engine.ledger import Account
from service.store.bulk import day_value
from service.store.clearing.checks import covered, newest_agreements
from service.store.clearing.drawing import entry_day, unclaimed


class Ahead(NamedTuple):
    """The claim that an agreement would get: its entries, what they come to, and their days."""

    account: str
    legal_name: str
    agreement: str
    entries: int
    total_cents: int
    first_day: date
    last_day: date


def outlook(session: Session, drawn_to: date, *, account_id: int | None = None) -> list[Ahead]:
    """The claims of every account, or of one, up to a day, by account and agreement."""
    day = entry_day(session)
    chosen = "" if account_id is None else "AND s.account_id = :account"
    found = session.execute(
        text(
            f"""WITH f AS ({newest_agreements()}), open AS (
                SELECT e.*, s.account_id FROM supplier s
                LEFT JOIN claim_mark m ON m.supplier_id = s.id
                JOIN ledger_entry e ON e.supplier_id = s.id AND e.id >= coalesce(m.next_id, 0)
                WHERE {unclaimed()} AND s.account_id IS NOT NULL {chosen}
                UNION ALL
                SELECT e.*, s.account_id FROM supplier s
                JOIN claim_mark m ON m.supplier_id = s.id
                JOIN waiting_entry w ON w.supplier_id = s.id AND w.entry_id < m.next_id
                JOIN ledger_entry e ON e.id = w.entry_id
                WHERE {unclaimed()} AND s.account_id IS NOT NULL {chosen})
            SELECT a.number, a.legal_name, f.ref, count(*),
                   sum(CASE WHEN e.account = '{Account.SUPPLIER_RECEIVABLE}'
                            THEN e.amount_cents ELSE 0 END), min({day}), max({day})
            FROM open e JOIN f ON f.account_id = e.account_id AND {covered(day)}
            JOIN supplier_account a ON a.id = e.account_id
            WHERE {day} <= :drawn_to GROUP BY a.number, a.legal_name, f.ref
            ORDER BY a.number, f.ref"""
        ),
        {
            "drawn_to": day_value(session, drawn_to),
            **({} if account_id is None else {"account": account_id}),
        },
    )
    return [
        Ahead(number, name, ref, int(entries), int(cents), _day(first), _day(last))
        for number, name, ref, entries, cents, first, last in found
    ]


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
