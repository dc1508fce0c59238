"""What households must not or will not eat, beside what is known of products.

A need is an allergen that a product must be free of, or a diet that it must suit. A product breaks
a need only where something is known of it; what nothing is known of is marked where people look.
This is no medical advice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl


class Allergen(StrEnum):
    """What must be named on food: Regulation (EU) No 1169/2011, annex II."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOYBEANS = "soybeans"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"


class Diet(StrEnum):
    """Ways of eating that a product suits or does not."""

    VEGETARIAN = "vegetarian"
    VEGAN = "vegan"
    HALAL = "halal"
    KOSHER = "kosher"
    LACTOSE_FREE = "lactose_free"


NONE = "none"
"""How a file says that a product has no allergen, or suits no diet."""

_NEEDS: dict[str, Any] = {"household_id": pl.Int64, "need": pl.String}
_GOODS: dict[str, Any] = {"gtin": pl.Int64, "need": pl.String}
_ITEMS: dict[str, Any] = {"item_id": pl.Int64, "need": pl.String}
_OFFERS: dict[str, Any] = {"offer_id": pl.Int64, "need": pl.String}


@dataclass(frozen=True, slots=True)
class Needs:
    """What some households need (household_id, need), and what breaks which need.

    `products` (gtin, need) are known to break it; `items` (item_id, need) and `offers` (offer_id,
    need) have a product that does.
    """

    households: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_NEEDS))
    products: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_GOODS))
    items: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ITEMS))
    offers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_OFFERS))

    def frames(self) -> Iterator[pl.DataFrame]:
        """All of it."""
        yield from (self.households, self.products, self.items, self.offers)

    def unsuited_offers(self) -> pl.DataFrame:
        """The offers that do not suit a household: household_id, offer_id."""
        return self._pairs(self.offers, "offer_id")

    def suited(self, rows: pl.DataFrame, key: str) -> pl.DataFrame:
        """The rows of households and what suits them; `key` is `gtin` or `item_id`."""
        broken = self.products if key == "gtin" else self.items
        if self.households.is_empty() or broken.is_empty():
            return rows
        theirs = rows.select("household_id", key).unique().join(self.households, on="household_id")
        unsuited = theirs.join(broken, on=[key, "need"], how="semi")
        return rows.join(unsuited, on=["household_id", key], how="anti", maintain_order="left")

    def _pairs(self, broken: pl.DataFrame, key: str) -> pl.DataFrame:
        pairs = self.households.join(broken, on="need").select("household_id", key)
        return pairs.unique().sort("household_id", key)


def read_needs(words: Iterable[tuple[int, str]]) -> pl.DataFrame:
    """What households need, of the words that each of them said: household_id, need."""
    rows = sorted({(household_id, word) for household_id, said in words for word in said.split()})
    return pl.DataFrame(rows, schema=_NEEDS, orient="row")
