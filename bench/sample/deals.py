"""The sample's deals: the data's own coupons and discounts as suppliers would offer them.

Two in three of them are invented to be stronger than what the data record: see `strength`.

Columns and units are those of `larder load deals` (docs/loading.md); amounts are in dollars.
"""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from bench.sample import fiction
from bench.sample.discounts import Discount, measured, unit_price_cents
from bench.sample.strength import CELLS, Strength, Value, valued

AS_OF = date(2017, 11, 25)
RECENT_WEEKS = 26
BUDGET_WEEKS = 8
BUDGET_SHARE = 0.1

SUPPLIER_DEALS = 96
STORE_ITEM_DEALS = 24
STORE_CATEGORY_DEALS = 6
PER_MAKER = 5
PER_CATEGORY = 6
OVERLAP_MAX = 0.5
MIN_BUYER_SHARE = 0.03
COPIES_MIN = 24
HANDLING_FEE = "0.08"
CONTROL_PERCENT = 10

_STRENGTHS = (Strength.LARGE, Strength.BY_CELL, Strength.MEASURED)
_STORE_STRENGTHS = (Strength.MEASURED, Strength.BY_CELL)
_NO_DEALS_ON = ("Infant Formula",)
_FUNDING = (100, 100, 100, 100, 80, 75, 50)
_LEGAL = "Limit {limit} per household. Valid with this list only. No cash value."
_SPEND_LEGAL = "Limit {limit} per household and one basket. Valid with this list only."


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Goods that one deal could cover: product numbers, who makes them, how many buy them."""

    key: str
    maker: int
    category: str
    products: frozenset[int]
    buyers: int


def deals(
    lines: pl.DataFrame, bought: pl.DataFrame, goods: pl.DataFrame, coupons: pl.DataFrame
) -> pl.DataFrame:
    """All rows of deals.csv.

    `lines` are the merchandise lines of all households (discounts are measured on them), `bought`
    those of the chosen ones, `goods` their catalogue, `coupons` the data's coupons by product.
    """
    start = datetime.combine(AS_OF, datetime.min.time(), UTC)
    past = lines.filter(pl.col("purchased_at") < start)
    recent = bought.filter(
        pl.col("purchased_at") < start,
        pl.col("purchased_at") >= start - timedelta(weeks=RECENT_WEEKS),
    )
    open_goods = goods.filter(
        pl.col("restriction").is_null(), ~pl.col("category").is_in(_NO_DEALS_ON)
    )
    sales = _maker_sales(bought, start)
    rows = [
        *_supplier_rows(past, recent, open_goods, coupons, sales),
        *_store_item_rows(past, recent, open_goods),
        *_store_category_rows(recent, open_goods),
    ]
    return pl.DataFrame(rows)


def _maker_sales(bought: pl.DataFrame, start: datetime) -> dict[int, int]:
    recent = bought.filter(
        pl.col("purchased_at") < start,
        pl.col("purchased_at") >= start - timedelta(weeks=BUDGET_WEEKS),
    )
    totals = recent.group_by("manufacturer_id").agg(pl.col("amount_cents").sum())
    return dict(totals.iter_rows())


def _candidates(
    recent: pl.DataFrame, goods: pl.DataFrame, coupons: pl.DataFrame
) -> list[_Candidate]:
    """One candidate per coupon: the products of its main manufacturer in its main category."""
    national = goods.filter(~pl.col("private_label")).select(
        "product_id", maker="manufacturer_id", kind="category"
    )
    held = coupons.select("coupon_upc", "product_id").unique().join(national, on="product_id")
    spent = recent.group_by("product_id").agg(pl.col("amount_cents").sum())
    main = (
        held.join(spent, on="product_id")
        .group_by("coupon_upc", "maker", "kind")
        .agg(pl.col("amount_cents").sum())
        .sort("amount_cents", "maker", "kind", descending=[True, False, False])
        .unique("coupon_upc", keep="first", maintain_order=True)
        .select("coupon_upc", "maker", "kind")
    )
    kept = held.join(main, on=["coupon_upc", "maker", "kind"])
    buyers = (
        kept.join(recent.select("product_id", "household_id"), on="product_id")
        .group_by("coupon_upc")
        .agg(buyers=pl.col("household_id").n_unique())
    )
    grouped = kept.group_by("coupon_upc", "maker", "kind").agg(pl.col("product_id").unique())
    return [
        _Candidate(str(upc), maker, kind, frozenset(products), count)
        for upc, maker, kind, products, count in grouped.join(buyers, on="coupon_upc").iter_rows()
    ]


def _picked(candidates: list[_Candidate], households: int) -> list[_Candidate]:
    """The most bought candidates, few per maker and category, no two nearly alike."""
    chosen: list[_Candidate] = []
    makers: Counter[int] = Counter()
    categories: Counter[str] = Counter()
    for one in sorted(candidates, key=lambda c: (-c.buyers, c.key)):
        alike = any(
            len(one.products & other.products)
            > OVERLAP_MAX * min(len(one.products), len(other.products))
            for other in chosen
        )
        if (
            alike
            or one.buyers < MIN_BUYER_SHARE * households
            or makers[one.maker] >= PER_MAKER
            or categories[one.category] >= PER_CATEGORY
        ):
            continue
        chosen.append(one)
        makers[one.maker] += 1
        categories[one.category] += 1
        if len(chosen) == SUPPLIER_DEALS:
            break
    return chosen


def _supplier_rows(
    past: pl.DataFrame,
    recent: pl.DataFrame,
    goods: pl.DataFrame,
    coupons: pl.DataFrame,
    sales: dict[int, int],
) -> list[dict[str, object]]:
    households = recent["household_id"].n_unique()
    chosen = _picked(_candidates(recent, goods, coupons), households)
    buyers_of_maker: Counter[int] = Counter()
    for one in chosen:
        buyers_of_maker[one.maker] += one.buyers
    rows = []
    for number, one in enumerate(chosen, start=1):
        own = goods.filter(pl.col("product_id").is_in(one.products)).sort("gtin")
        value = valued(
            measured(past, own),
            key=int(one.key),
            strength=_STRENGTHS[number % len(_STRENGTHS)],
            price_cents=unit_price_cents(past, own),
            own_brand=False,
        )
        share = one.buyers / buyers_of_maker[one.maker]
        budget = sales.get(one.maker, 0) * BUDGET_SHARE * share
        rows.append(
            _row(
                deal_id=f"S{number:03d}",
                supplier=own["supplier"][0],
                title=f"{own['brand'][0]} {_subject(own)}",
                value=value,
                funding=_FUNDING[fiction.draw("funding", int(one.key), len(_FUNDING))],
                budget_cents=max(budget, COPIES_MIN * value.discount.face_cents),
                buyers=one.buyers,
                gtins=";".join(own["gtin"]),
            )
        )
    return rows


def _subject(goods: pl.DataFrame) -> str:
    """The item when the goods share one, else their category."""
    items = goods["item"].unique()
    return str(items[0] if len(items) == 1 else goods["category"][0])


def _store_item_rows(
    past: pl.DataFrame, recent: pl.DataFrame, goods: pl.DataFrame
) -> list[dict[str, object]]:
    """The store brand's own deals on its most bought items, paid by the retailer."""
    own = goods.filter(pl.col("private_label"))
    popular = (
        recent.join(own.select("product_id", kind="category", name="item"), on="product_id")
        .group_by("kind", "name")
        .agg(buyers=pl.col("household_id").n_unique())
        .sort("buyers", "kind", "name", descending=[True, False, False])
        .filter(pl.int_range(pl.len()).over("kind") < 1)
        .head(STORE_ITEM_DEALS)
    )
    rows = []
    for number, (_, item, buyers) in enumerate(popular.iter_rows(), start=1):
        of_item = own.filter(pl.col("item") == item)
        value = valued(
            measured(past, of_item),
            key=number,
            strength=_STORE_STRENGTHS[number % len(_STORE_STRENGTHS)],
            price_cents=unit_price_cents(past, of_item),
            own_brand=True,
        )
        rows.append(
            _row(
                deal_id=f"H{number:03d}",
                supplier=fiction.STORE_SUPPLIER,
                title=f"{fiction.STORE_BRAND} {item}",
                value=value,
                funding=0,
                budget_cents=value.discount.face_cents * buyers / 2,
                buyers=buyers,
                brands=fiction.STORE_BRAND,
                items=item,
            )
        )
    return rows


def _store_category_rows(recent: pl.DataFrame, goods: pl.DataFrame) -> list[dict[str, object]]:
    """Retailer-funded deals on a whole category with a minimum spend.

    The spend is the upper quartile of what a basket with the category holds of it, the value a
    tenth of that.
    """
    spends = (
        recent.join(goods.select("product_id", kind="category"), on="product_id")
        .group_by("kind", "basket_id", "household_id")
        .agg(pl.col("amount_cents").sum())
        .group_by("kind")
        .agg(
            quartile=pl.col("amount_cents").quantile(0.75, "higher"),
            buyers=pl.col("household_id").n_unique(),
        )
        .filter(pl.col("quartile") >= 500)
        .sort("buyers", "kind", descending=[True, False])
        .head(STORE_CATEGORY_DEALS)
    )
    rows = []
    for number, (category, quartile, buyers) in enumerate(spends.iter_rows(), start=1):
        spend = 100 * math.ceil(quartile / 100)
        face = 25 * math.ceil(spend / 250)
        rows.append(
            _row(
                deal_id=f"C{number:03d}",
                supplier=fiction.STORE_SUPPLIER,
                title=f"{category} for {spend // 100} dollars or more",
                value=Value(Discount(0, face, 1), {}),
                funding=0,
                budget_cents=face * buyers / 2,
                buyers=buyers,
                categories=category,
                spend_cents=spend,
            )
        )
    return rows


def _row(
    *,
    deal_id: str,
    supplier: str,
    title: str,
    value: Value,
    funding: int,
    budget_cents: float,
    buyers: int,
    gtins: str = "",
    brands: str = "",
    items: str = "",
    categories: str = "",
    spend_cents: int = 0,
) -> dict[str, object]:
    """One row of deals.csv, every cell as marketing would type it."""
    number, discount = int(deal_id[1:]), value.discount
    budget = 100 * math.ceil(budget_cents / 100)
    reachable = max(min(buyers, budget // discount.face_cents), COPIES_MIN)
    cap = max(buyers // 3, COPIES_MIN)
    limit = 2 if number % 8 == 0 and not spend_cents else 1
    early_end = number % 10 == 0
    return {
        "deal_id": f"2017-24-{deal_id}",
        "supplier": supplier,
        "title": title,
        "eligible_gtins": gtins,
        "eligible_items": items,
        "eligible_categories": categories,
        "eligible_brands": brands,
        "excluded_gtins": "",
        "benefit": "percent_off" if discount.percent else "amount_off",
        "value": f"{discount.percent}" if discount.percent else _dollars(discount.face_cents),
        "min_quantity": "" if spend_cents else f"{discount.quantity}",
        "min_spend": _dollars(spend_cents) if spend_cents else "",
        "face_value": _dollars(discount.face_cents),
        **{
            f"face_value_{cell}": _dollars(value.by_cell[cell]) if value.by_cell else ""
            for cell in CELLS
        },
        "funding_share_percent": f"{funding}",
        "handling_fee": HANDLING_FEE if funding else "0.00",
        "budget": _dollars(budget),
        "circulation_max": f"{cap}" if number % 2 == 0 else "",
        "circulation_min": f"{min(reachable, cap) // 3}" if number % 10 in (3, 6) else "",
        "mail_from": "2017-11-20",
        "mail_to": "2017-12-08" if early_end else "2017-12-31",
        "redeem_from": AS_OF.isoformat(),
        "redeem_to": "2017-12-08" if early_end else "2018-01-14",
        "limit_per_household": f"{limit}",
        "control_share_percent": f"{CONTROL_PERCENT}",
        "legal_text": (_SPEND_LEGAL if spend_cents else _LEGAL).format(limit=limit),
    }


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
