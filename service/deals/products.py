"""The product query: find a product, and all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from service.deals import listing
from service.engine.codes import gtin
from service.engine.texts import clean
from service.errors import InvalidInput, NotFound
from service.store import catalogue, product_sums
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder
from service.store.product_sums import Counted
from service.store.session import Database
from service.store.tables.catalogue import Product, Supplier

MOST_WORDS = 6
MOST_DEALS = 25


@dataclass(frozen=True, slots=True)
class FoundProducts:
    """Products as `catalogue.products` describes them; `after` is where the next page begins."""

    rows: Sequence[dict[str, Any]]
    after: int | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What all households are expected to buy in the next fortnight.

    `item_buyers` of them the item at least once; `quantity` of the product, in pieces or measures.
    """

    item_buyers: int
    quantity: float


@dataclass(frozen=True, slots=True)
class ProductView:
    """All that is known of a product.

    `row` as `catalogue.products` describes it, with supplier and cost_cents. `weeks` as
    `product_sums.weeks_of` gives them; `buyers` how many of the counted households bought it, by
    part and name; both empty until products were counted. `deals` are the newest as `listing`
    describes them, of `deal_count` (counted up to 100).
    """

    row: dict[str, Any]
    counted: Counted | None
    weeks: pl.DataFrame
    buyers: dict[str, dict[str, int]]
    expected: Expected | None
    deals: Sequence[dict[str, Any]]
    deal_count: int


def find_products(database: Database, sought: str, *, after: int, limit: int) -> FoundProducts:
    """Products by exactly a GTIN, or by words of their name, brand or item, by GTIN.

    Nothing sought finds all. Raises InvalidInput for more than `MOST_WORDS` words.
    """
    words = clean(sought).split()
    if len(words) > MOST_WORDS:
        raise InvalidInput(f"Look for at most {MOST_WORDS} words.")
    with database.read() as session:
        exact = [] if after else catalogue.products(session, gtins=_gtins(words)).to_dicts()
        if exact:
            return FoundProducts(exact, None)
        found = product_sums.find(session, words, after=after, limit=limit + 1)
        rows = catalogue.products(session, gtins=found[:limit]).to_dicts()
    return FoundProducts(rows, found[limit - 1] if len(found) > limit else None)


def _gtins(words: Sequence[str]) -> list[int]:
    try:
        return [gtin(words[0])] if len(words) == 1 else []
    except InvalidInput:
        return []


def look_at_product(database: Database, key: int, *, language: str, currency: str) -> ProductView:
    """All that is known of a product. Raises NotFound."""
    with database.read() as session:
        rows = catalogue.products(session, gtins=[key]).to_dicts()
        if not rows:
            raise NotFound("There is no such product.")
        product = session.get_one(Product, key)
        supplier = session.get_one(Supplier, product.supplier_id)
        counted = product_sums.counted(session)
        weeks = product_sums.weeks_of(session, key)
        buyers = product_sums.buyers_of(session, key)
        demand = product_sums.demand_of(session, key)
    deals = listing.page_deals(
        database, DealFilter(gtin=key), order=DealOrder.NEWEST, place=None, limit=MOST_DEALS,
        language=language, currency=currency, most_counted=100,
    )  # fmt: skip
    times = counted.households / counted.counted if counted and counted.counted else 0.0
    return ProductView(
        row={**rows[0], "supplier": supplier.name, "cost_cents": product.cost_cents},
        counted=counted,
        weeks=weeks,
        buyers=buyers,
        expected=None
        if demand is None
        else Expected(round(demand.item_buyers * times), demand.quantity * times),
        deals=deals.rows,
        deal_count=deals.count,
    )
