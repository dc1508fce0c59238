"""The tables, one module a noun. Importing this package registers them all."""

from service.store.tables import (
    access,
    audit,
    basket,
    catalogue,
    cycle,
    goodwill,
    guess,
    household,
    household_opening,
    ledger,
    mailing,
    money_conversion,
    offer,
    person,
    redemption,
    shopping_list,
    work,
)
from service.store.tables.types import metadata

__all__ = [
    "access",
    "audit",
    "basket",
    "catalogue",
    "cycle",
    "goodwill",
    "guess",
    "household",
    "household_opening",
    "ledger",
    "mailing",
    "metadata",
    "money_conversion",
    "offer",
    "person",
    "redemption",
    "shopping_list",
    "work",
]
