"""What a supplier owes and paid: what is open by age, its agreement, and its credit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.engine.clearing.ageing import AccountAges, OwedClaim, ages
from service.engine.clearing.claim import Agreement, SupplierAccount
from service.store.clearing import accounts, agreements, owed, payments
from service.store.clearing.payments import Payment
from service.store.session import Database
from service.suppliers.scope import Scope


@dataclass(frozen=True, slots=True)
class Credit:
    """Of an account with a limit: what it may owe at most, and what is left of that.

    What it owes counts, claimed or not, and what copies that are out may still cost.
    """

    limit_cents: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Who an account is and what it agreed to, the newest first; `credit` without a limit is None.

    Agreements are the revisions in force, of which the credit is that of today's.
    """

    account: SupplierAccount
    agreements: Sequence[Agreement]
    credit: Credit | None


@dataclass(frozen=True, slots=True)
class Open:
    """What is open of an account's claims, one by one and by age; None when nothing is."""

    claims: Sequence[OwedClaim]
    ages: AccountAges | None


def own_terms(database: Database, scope: Scope, *, on: date) -> Terms:
    """The agreement and the credit of an account. Raises NotFound while nothing is agreed."""
    account_id = scope.require_account()
    with database.read() as session:
        row = accounts.get(session, account_id)
        assert row is not None, "its scope was made from it"
        rows = agreements.in_force(session, [account_id])
        records = agreements.get(session, [each.id for each in rows])
        credit = agreements.credit(session, on=on)
    found = [records[each.id] for each in reversed(rows)]
    limits = [
        each.credit_limit_cents
        for each in found
        if each.credit_limit_cents is not None and each.valid_from <= on <= each.valid_to
    ]
    left = credit.filter(credit["account_id"] == account_id)["left_cents"].to_list()
    return Terms(
        accounts.record(row, scope.names),
        found,
        Credit(max(limits), left[0]) if limits and left else None,
    )


def own_open(database: Database, scope: Scope, *, as_of: date) -> Open:
    """What is open by age. Nothing while nothing is agreed."""
    if scope.account_id is None:
        return Open((), None)
    with database.read() as session:
        found = owed.owed(session, account_id=scope.account_id)
    aged = ages(found, as_of)
    return Open(found, aged[0] if aged else None)


def own_payments(
    database: Database, scope: Scope, *, before_id: int | None = None, limit: int = 50
) -> list[Payment]:
    """What made its claims smaller, the newest first: money, what was set off, credits."""
    if scope.account_id is None:
        return []
    with database.read() as session:
        return payments.page(session, scope.account_id, before_id=before_id, limit=limit)
