"""Postings as a general ledger takes them."""

from datetime import date
from typing import NamedTuple

from service.engine.ledger import Account


class PostedSum(NamedTuple):
    """The entries of one posting on one account for one supplier account, summed.

    `supplier_account` is the number of the account that the supplier belongs to, or empty.
    """

    posting: str
    kind: str
    day: date
    account: Account
    supplier_account: str
    amount_cents: int
    entries: int
