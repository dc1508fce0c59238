"""Discounts of deals as the data shows them."""

import polars as pl
import pytest

from bench.sample.discounts import Discount, face_cents, measured


def test_a_coupon_used_often_gives_an_amount_for_the_usual_units() -> None:
    goods = pl.DataFrame({"product_id": [1], "price_cents": [199]})
    used = {"product_id": [1] * 5, "quantity": [2, 2, 2, 1, 3], "shelf_cents": [400] * 5}
    past = pl.DataFrame(
        {**used, "coupon_cents": [98, 102, 100, 100, 100], "retail_cents": [0] * 5},
    )

    assert measured(past, goods) == Discount(percent=0, face_cents=100, quantity=2)


def test_without_coupons_the_discount_off_the_shelf_gives_a_percentage() -> None:
    goods = pl.DataFrame({"product_id": [1], "price_cents": [300]})
    used = {"product_id": [1] * 3, "quantity": [1] * 3, "shelf_cents": [300] * 3}
    past = pl.DataFrame({**used, "coupon_cents": [0] * 3, "retail_cents": [65, 60, 70]})

    assert measured(past, goods) == Discount(percent=20, face_cents=60, quantity=1)


@pytest.mark.parametrize(
    ("cents", "price", "expected"), [(62.5, 400, 65), (62.4, 400, 60), (10, 400, 25), (90, 99, 45)]
)
def test_face_values_are_printable(cents: float, price: float, expected: int) -> None:
    assert face_cents(cents, price) == expected
