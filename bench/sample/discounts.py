"""The size of the sample's discounts, measured on the discounts the data record."""

import math
from dataclasses import dataclass

import polars as pl

MIN_DISCOUNTED_LINES = 5
_FACE_STEP_CENTS = 5
_FACE_MIN_CENTS = 25
_FACE_MAX_PRICE_SHARE = 0.5
_PERCENT_STEP, _PERCENT_MIN, _PERCENT_MAX = 5, 10, 50
_MIN_QUANTITY_MAX = 4


@dataclass(frozen=True, slots=True)
class Discount:
    """What the data record: `percent` 0 means an amount of `face_cents` for `quantity` units."""

    percent: int
    face_cents: int
    quantity: int


def measured(past: pl.DataFrame, goods: pl.DataFrame) -> Discount:
    """The median discount recorded on these goods in `past`.

    Manufacturers' coupons give an amount for the usual number of units; where too few were used,
    the loyalty discount off the shelf gives a percentage.
    """
    own = _sold(past, goods)
    price = unit_price_cents(past, goods)
    couponed = own.filter(pl.col("coupon_cents") > 0)
    if couponed.height >= MIN_DISCOUNTED_LINES:
        medians = couponed.select(pl.median("coupon_cents"), pl.median("quantity"))
        amount, units = medians.row(0)
        quantity = min(max(round(units), 1), _MIN_QUANTITY_MAX)
        return Discount(0, face_cents(amount, price * quantity), quantity)
    reduced = own.filter(pl.col("retail_cents") > 0, pl.col("shelf_cents") > 0)
    share = reduced.select((pl.col("retail_cents") / pl.col("shelf_cents")).median()).item()
    percent = _PERCENT_STEP * round((share or 0.15) * 100 / _PERCENT_STEP)
    percent = min(max(percent, _PERCENT_MIN), _PERCENT_MAX)
    return Discount(percent, face_cents(price * percent / 100, price), 1)


def unit_price_cents(past: pl.DataFrame, goods: pl.DataFrame) -> float:
    """The mean shelf price of a unit sold of these goods in `past`, else of their catalogue."""
    sold = _sold(past, goods).select(pl.col("shelf_cents").sum() / pl.col("quantity").sum()).item()
    return float(sold or goods["price_cents"].median())


def _sold(past: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    return past.filter(pl.col("product_id").is_in(goods["product_id"].to_list()))


def face_cents(cents: float, price_cents: float) -> int:
    """A printable value: a multiple of 5 cents, at most half of the price, but never below 25."""
    ceiling = _FACE_STEP_CENTS * math.floor(price_cents * _FACE_MAX_PRICE_SHARE / _FACE_STEP_CENTS)
    nearest = _FACE_STEP_CENTS * math.floor(cents / _FACE_STEP_CENTS + 0.5)
    return max(min(nearest, ceiling), _FACE_MIN_CENTS)
