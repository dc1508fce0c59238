"""What the columns of a file of baskets are called and mean; layouts are data in `templates/`."""

import json
import re
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
    "household_id", "basket_id", "store_id", "terminal", "purchased_at", "day", "time",
    "day_number", "order_number", "days_since_prior", "line", "gtin", "item_number", "quantity",
    "unit", "amount_cents", "amount", "unit_price",
)  # fmt: skip
_KEYS = {
    "about", "columns", "optional", "unused", "assumed", "store", "returns_begin_with", "dates",
    "adds_households",
}  # fmt: skip
_FOLDER = files("templates") / "baskets"
_LOST = re.compile(r"void\w*|storn\w*|cancel\w*|training|suspend\w*|annul\w*")
_ASKS = re.compile(
    r"\b(return\w*|refund\w*|discount\w*|rabatt\w*|remise|coupon\w*|tax\w*|vat|mwst|currency|sign|"
    r"type|status|net|gross)\b"
)


@dataclass(frozen=True, slots=True)
class BasketLayout:
    """A kind of file of baskets.

    `columns` are the names of each field in the file, besides its own; a field that is not among
    them is not in the file, and what stands for it is in `docs/loading.md`. Codes in `item_number`
    are the shop's own: they are no GTINs. `assumed` is said on every load. Without a column of
    stores all is of the `store`.
    """

    name: str
    columns: Mapping[str, Sequence[str]]
    optional: Sequence[str] = ()
    unused: Sequence[str] = ()
    assumed: Sequence[str] = ()
    store: str = ""
    returns_begin_with: str = ""
    dates: Order = Order.ASK
    adds_households: bool = False

    @property
    def rules(self) -> HeaderRules:
        """What else its headers may mean."""
        return HeaderRules(
            also=self.columns,
            limits=_LOST,
            remedy="leave out the rows that it marks, and remove the column",
            asks=_ASKS,
            unused=self.unused,
            only_also=self.name != "plain",
        )


PLAIN_LAYOUT = BasketLayout(
    "plain",
    {
        "household_id": ("household", "household number", "household key"),
        "basket_id": ("receipt", "receipt number", "transaction id", "transaction number"),
        "store_id": ("store", "store number"),
        "terminal": ("till", "register", "workstation"),
        "purchased_at": ("timestamp",),
        "line": ("line number", "line no"),
        "gtin": ("ean", "upc", "barcode"),
        "quantity": ("qty",),
        "unit": ("unit of measure", "uom"),
        "amount_cents": (),
    },
    optional=("household_id", "terminal", "unit"),
)


def names() -> tuple[str, ...]:
    """The names of the layouts that are shipped."""
    found = (each.name.removesuffix(".json") for each in _FOLDER.iterdir())
    return tuple(sorted(name for name in found if not name.startswith("_")))


@lru_cache(maxsize=16)
def layout_of(name: str) -> BasketLayout:
    """The layout of that name, or of a JSON file. Raises NotFound and InvalidInput."""
    path = Path(name)
    source = path if path.suffix == ".json" else _FOLDER / f"{name}.json"
    if not source.is_file() or (source is not path and name not in names()):
        raise NotFound(f"there is no layout {name!r}; known are {', '.join(names())}")
    try:
        given: Any = json.loads(source.read_text(encoding="utf-8-sig"))
        unknown = sorted({*given, *given["columns"]} - _KEYS - set(FIELDS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is not known")
        return BasketLayout(
            name=path.stem,
            columns=given["columns"],
            optional=given.get("optional", ()),
            unused=given.get("unused", ()),
            assumed=given.get("assumed", ()),
            store=given.get("store", ""),
            returns_begin_with=given.get("returns_begin_with", ""),
            dates=Order(given.get("dates", Order.ASK)),
            adds_households=bool(given.get("adds_households", False)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{name} cannot be read as a layout of baskets: {error}") from None
