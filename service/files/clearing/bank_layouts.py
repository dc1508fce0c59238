"""What the columns of a bank's CSV are called and mean; layouts are data in `templates/banks`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from service.errors import InvalidInput, NotFound
from service.files.dates import Order
from service.files.headers import HeaderRules

FIELDS = (
    "booked_on", "amount", "paid_in", "paid_out", "side", "currency", "payer", "payer_account",
    "text", "more_text", "reference", "end_to_end", "account", "state",
)  # fmt: skip
_KEYS = {
    "about", "columns", "optional", "unused", "decimal_mark", "dates", "credit_says",
    "returns_say", "not_booked_says", "currency_names",
    "balances_say",
}  # fmt: skip
_FOLDER = files("templates") / "banks"


@dataclass(frozen=True, slots=True)
class BankLayout:
    """A kind of CSV of a bank.

    `columns` are the names of each field in the file. Amounts are in `amount`, signed or with the
    words of a credit (`credit_says`) in `side`; or in `paid_in` and `paid_out`. A booking in whose
    text one of `returns_say` occurs takes back a payment; one in whose `state` one of
    `not_booked_says` occurs is not booked yet. `currency_names` are words for codes of ISO 4217.
    A row without an amount in whose text one of `balances_say` occurs is no booking.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    optional: Sequence[str]
    unused: Sequence[str]
    decimal_mark: str
    dates: Order
    credit_says: Sequence[str]
    returns_say: Sequence[str]
    not_booked_says: Sequence[str]
    currency_names: Mapping[str, str]
    balances_say: Sequence[str]

    @property
    def rules(self) -> HeaderRules:
        """What else its headers may mean."""
        return HeaderRules(also=self.columns, unused=self.unused, only_also=self.name != "plain")


def names() -> tuple[str, ...]:
    """The names of the layouts that are shipped."""
    return tuple(sorted(each.name.removesuffix(".json") for each in _FOLDER.iterdir()))


@lru_cache(maxsize=16)
def bank_layout(name: str) -> BankLayout:
    """The layout of that name, or of a JSON file. Raises NotFound and InvalidInput."""
    path = Path(name)
    source = path if path.suffix == ".json" else _FOLDER / f"{name}.json"
    if not source.is_file() or (source is not path and name not in names()):
        raise NotFound(f"there is no layout {name!r}; known are {', '.join(names())}")
    try:
        given: Any = json.loads(source.read_text(encoding="utf-8-sig"))
        return _layout(path.stem, given)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{name} cannot be read as a layout of banks: {error}") from None


def _layout(name: str, given: Any) -> BankLayout:
    columns = given["columns"]
    unknown = sorted({*given} - _KEYS | {*columns} - set(FIELDS))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not known")
    if "booked_on" not in columns or not {"amount", "paid_in"} & {*columns}:
        raise ValueError("columns must name booked_on, and amount or paid_in")
    if given.get("decimal_mark", ".") not in (".", ","):
        raise ValueError("decimal_mark must be . or ,")
    if "side" in columns and not given.get("credit_says"):
        raise ValueError("credit_says must name the words for a credit in side")
    return BankLayout(
        name=name,
        columns=columns,
        optional=given.get("optional", ()),
        unused=given.get("unused", ()),
        decimal_mark=given.get("decimal_mark", "."),
        dates=Order(given.get("dates", Order.ASK)),
        credit_says=given.get("credit_says", ()),
        returns_say=given.get("returns_say", ()),
        not_booked_says=given.get("not_booked_says", ()),
        currency_names=given.get("currency_names", {}),
        balances_say=given.get("balances_say", ()),
    )
