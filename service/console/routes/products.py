"""The product query: search, and one product."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.console import deal_words
from service.console.routes import household_words
from service.deals.products import ProductView, find_products, look_at_product
from service.engine.codes import gtin_text
from service.engine.money import format_money
from service.engine.rights import Right
from service.errors import NotFound
from service.pages import page
from service.pages.charts import Chart, Series, Table, bars_by_day, lines_by_day
from service.pages.languages import Language
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.product_sums import ALL, CELL, TIER

router = APIRouter(prefix="/products")

PATH = "/products"
ROWS = 40
_LARGEST_GTIN = 10**14 - 1
_Households = tuple[str, int]

Sees = Annotated[Member, Depends(may(Right.SEE_PRODUCTS))]


@router.get("")
def search(
    request: Request,
    database: DatabaseDep,
    _member: Sees,
    text: Annotated[str, Query(max_length=120)] = "",
    after: Annotated[int, Query(ge=0, le=_LARGEST_GTIN)] = 0,
) -> Response:
    """Products that are sought by number or words; the only one that has a number is led to."""
    found = find_products(database, text, after=after, limit=ROWS)
    if text and len(found.rows) == 1 and not after:
        return page.go_to(request, f"{PATH}/{found.rows[0]['gtin']}")
    return page.show(
        request, "products.html", found=found, sought=text, is_first=not after, gtin_text=gtin_text
    )


@router.get("/{gtin}")
def one(
    request: Request, gtin: int, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """One product: what is known of it, how it sold, who buys it, and the deals on it."""
    if not 0 < gtin <= _LARGEST_GTIN:
        raise NotFound("There is no such product.")
    view = look_at_product(database, gtin, language=member.language.tag, currency=settings.currency)
    return page.show(
        request,
        "product.html",
        view=view,
        number=gtin_text(gtin),
        charts=_charts(member.language, settings, view),
        parts=_parts(member.language, view),
        buyers=view.buyers.get(ALL, {}).get("", 0),
    )


def _parts(
    language: Language, view: ProductView
) -> Sequence[tuple[str, Sequence[tuple[str, int]]]]:
    """Who buys it: (title, (name, households)), for what is known."""
    tiers = [
        (household_words.tier(language, name) or name, households)
        for name, households in view.buyers.get(TIER, {}).items()
    ]
    cells = [
        (deal_words.cell(language, name), households)
        for name, households in view.buyers.get(CELL, {}).items()
    ]
    titled = [(language.text("By tier"), tiers), (language.text("By cell of the category"), cells)]
    return [(title, rows) for title, rows in titled if rows]


def _charts(language: Language, settings: Settings, view: ProductView) -> Sequence[Chart]:
    """What was sold and paid by week, with the same numbers in one table each."""
    if view.weeks.is_empty():
        return []
    text = language.text

    def money(cents: float) -> str:
        return format_money(round(cents), settings.currency, language.tag)

    weeks = view.weeks["week"].to_list()
    sold = view.weeks["quantity"].to_list()
    paid = view.weeks["amount_cents"].to_list()
    prices = [cents / much if much > 0 else None for cents, much in zip(paid, sold, strict=True)]
    table = Table(
        [text("Week from"), text("Sold"), text("Paid"), text("Paid for one"), text("Baskets")],
        [
            [
                language.day(row["week"]),
                language.number(row["quantity"]),
                money(row["amount_cents"]),
                "" if price is None else money(price),
                language.number(row["baskets"]),
            ]
            for row, price in zip(view.weeks.iter_rows(named=True), prices, strict=True)
        ],
    )
    total = text(
        "%(sold)s sold in %(weeks)s weeks with sales, for %(paid)s.",
        sold=language.number(sum(sold)), weeks=language.number(len(weeks)), paid=money(sum(paid)),
    )  # fmt: skip
    drawn = [
        bars_by_day(
            "sold", weeks, Series(text("Sold"), sold, "first"), None,
            title=text("Sold by week"), description=total, language=language,
        ),
        lines_by_day(
            "price", weeks, [Series(text("Paid for one"), prices, "first")],
            title=text("Paid for one by week"), language=language, write=money,
            description=text("What was paid after all discounts, divided by what was sold."),
        ),
    ]  # fmt: skip
    return [replace(chart, table=table) for chart in drawn]
