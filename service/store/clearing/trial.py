"""The trial balance: what was posted to each account before and in a span of days."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session

from service.engine.ledger import Account
from service.store.tables.types import UtcMoment


class Balance(NamedTuple):
    """An account: what stood on it before, and what was posted to either side; debit positive."""

    account: Account
    opening_cents: int
    debit_cents: int
    credit_cents: int

    @property
    def closing_cents(self) -> int:
        """What stands on it after."""
        return self.opening_cents + self.debit_cents - self.credit_cents


def trial_balance(session: Session, first: date, last: date) -> list[Balance]:
    """Every account that anything was posted to up to a day (UTC), in the order of accounts."""
    statement = text(
        """SELECT account,
               sum(CASE WHEN posted_at < :start THEN amount_cents ELSE 0 END),
               sum(CASE WHEN posted_at >= :start AND amount_cents > 0
                        THEN amount_cents ELSE 0 END),
               -sum(CASE WHEN posted_at >= :start AND amount_cents < 0
                         THEN amount_cents ELSE 0 END)
           FROM ledger_entry WHERE posted_at < :end GROUP BY account"""
    ).bindparams(*[bindparam(each, type_=UtcMoment()) for each in ("start", "end")])
    values = {
        "start": datetime.combine(first, time(), UTC),
        "end": datetime.combine(last + timedelta(days=1), time(), UTC),
    }
    found = {name: tuple(map(int, sums)) for name, *sums in session.execute(statement, values)}
    return [Balance(each, *found[each]) for each in Account if each in found]
