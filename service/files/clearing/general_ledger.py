"""Exports postings for a retailer's general ledger, with its own numbers of accounts.

The mapping is a JSON object: each account of Larder's ledger to an account number of the general
ledger, or to null where it is left out. Accounts of budgets count what deals may spend; they are no
money, balance among themselves, and are left out unless they are mapped.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from service.currencies import minor_digits
from service.engine.clearing.posted import PostedSum
from service.engine.ledger import Account
from service.errors import InvalidInput, NotFound, Problem
from service.files.csv_cells import to_csv

BUDGETS = (Account.BUDGET, Account.RESERVED, Account.SPENT)
COLUMNS = (
    "posting", "kind", "date", "account", "account_name", "debit", "credit", "currency",
    "supplier_account", "entries",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountMap:
    """The general ledger's accounts; None for one that is left out on purpose."""

    numbers: Mapping[Account, str | None]


def read_account_map(path: Path) -> AccountMap:
    """The mapping in a file. Raises NotFound, and InvalidInput with what is wrong in it."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"{path} is no object of accounts.")
    problems = [
        Problem(f"{path}, {name}", "is no account of the ledger", "see docs/ledger.md")
        for name in given
        if name not in {*Account}
    ]
    problems += [
        Problem(f"{path}, {name}", "has no number", 'write a text such as "1200", or null')
        for name, number in given.items()
        if not (number is None or (isinstance(number, str) and number.strip()))
    ]
    if problems:
        raise InvalidInput(f"{path} cannot be used as a mapping of accounts.", problems)
    return AccountMap({Account(name): number for name, number in given.items()})


def export_postings(
    sums: Iterable[PostedSum], accounts: AccountMap, *, currency: str
) -> tuple[bytes, int]:
    """The export as CSV, and how many lines it has; debits and credits of each posting are equal.

    Raises InvalidInput for an account that is not mapped, and for one that is left out so that
    what remains does not balance.
    """
    kept: list[PostedSum] = []
    unmapped: dict[Account, int] = {}
    left: dict[str, int] = {}
    for each in sums:
        if each.account not in accounts.numbers and each.account not in BUDGETS:
            unmapped[each.account] = unmapped.get(each.account, 0) + 1
        elif accounts.numbers.get(each.account) is not None:
            kept.append(each)
            left[each.posting] = left.get(each.posting, 0) + each.amount_cents
    problems = [
        Problem(f"account {account}", f"is not mapped and has {count} sums", "map it, or to null")
        for account, count in sorted(unmapped.items())
    ]
    problems += [
        Problem(f"posting {posting}", f"is {cents} minor units apart", "map what is left out")
        for posting, cents in sorted(left.items())
        if cents and not unmapped
    ][:20]
    if problems:
        raise InvalidInput("The postings were not exported.", problems)
    return to_csv(_frame(kept, accounts, currency), bom=True), len(kept)


def _frame(kept: Sequence[PostedSum], accounts: AccountMap, currency: str) -> pl.DataFrame:
    digits = minor_digits(currency)

    def side(sign: int) -> list[Decimal | None]:
        return [
            Decimal(sign * each.amount_cents).scaleb(-digits)
            if sign * each.amount_cents > 0
            else None
            for each in kept
        ]

    values: dict[str, Sequence[object]] = {
        "posting": [each.posting for each in kept],
        "kind": [each.kind for each in kept],
        "date": [each.day for each in kept],
        "account": [accounts.numbers[each.account] for each in kept],
        "account_name": [str(each.account) for each in kept],
        "debit": side(1),
        "credit": side(-1),
        "currency": [currency for _ in kept],
        "supplier_account": [each.supplier_account for each in kept],
        "entries": [each.entries for each in kept],
    }
    kinds: dict[str, pl.DataType] = {
        "date": pl.Date(),
        "debit": pl.Decimal(24, digits),
        "credit": pl.Decimal(24, digits),
        "entries": pl.Int64(),
    }
    return pl.DataFrame(
        [pl.Series(name, values[name], dtype=kinds.get(name, pl.String())) for name in COLUMNS]
    )
