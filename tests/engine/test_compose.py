"""Composing a list: which product is the usual one, what is reminded of, what is printed."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from service.engine.compose import (
    Masthead,
    Recipient,
    benefit_text,
    condition_text,
    documents,
    reminders,
    usual_products,
)
from service.engine.redeem import (
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
    Terms,
)

PURCHASE = {
    "household_id": pl.Int64,
    "item_id": pl.Int64,
    "gtin": pl.Int64,
    "purchased_at": pl.Datetime("us", "UTC"),
    "quantity": pl.Float64,
    "amount_cents": pl.Int64,
}


def bought(*rows: tuple[int, int, int, int, float, int]) -> pl.DataFrame:
    """Purchases as (household, item, gtin, day of March, quantity, cents)."""
    dated = [
        (household, item, gtin, datetime(2026, 3, day, tzinfo=UTC), quantity, cents)
        for household, item, gtin, day, quantity, cents in rows
    ]
    return pl.DataFrame(dated, schema=PURCHASE, orient="row")


def usual(*rows: tuple[int, int, int, int, float, int]) -> list[tuple[Any, ...]]:
    return usual_products(bought(*rows)).rows()


def test_the_usual_product_is_the_one_taken_most_often() -> None:
    assert usual((1, 5, 10, 1, 1, 100), (1, 5, 10, 2, 1, 110), (1, 5, 11, 3, 9, 90)) == [
        (1, 5, 10, 110)
    ]


def test_where_two_are_even_the_latest_counts_then_the_lower_number() -> None:
    assert usual((1, 5, 10, 3, 1, 100), (1, 5, 11, 2, 1, 90)) == [(1, 5, 10, 100)]
    assert usual((1, 5, 11, 2, 1, 90), (1, 5, 10, 2, 1, 100)) == [(1, 5, 10, 100)]


def test_each_household_and_item_has_its_own_in_order() -> None:
    rows = ((2, 5, 10, 1, 1, 100), (1, 6, 12, 1, 1, 300), (1, 5, 11, 1, 1, 90))
    assert usual(*rows) == [(1, 5, 11, 90), (1, 6, 12, 300), (2, 5, 10, 100)]


@pytest.mark.parametrize(
    ("quantity", "cents", "paid"), [(2, 5, 3), (2, 7, 4), (3, 100, 33), (0.5, 199, 398), (1, 0, 0)]
)
def test_what_was_paid_is_per_piece_rounded_half_up(quantity: float, cents: int, paid: int) -> None:
    assert usual((1, 5, 10, 1, quantity, cents)) == [(1, 5, 10, paid)]


def test_returns_are_no_purchases() -> None:
    assert usual((1, 5, 10, 1, 1, 100), (1, 5, 11, 2, -1, -90), (1, 5, 12, 3, 0, 0)) == [
        (1, 5, 10, 100)
    ]
    assert usual((1, 5, 11, 2, -1, -90)) == []


def test_reminders_are_the_likeliest_that_no_offer_covers() -> None:
    scores = pl.DataFrame(
        {
            "household_id": [2, 1, 1, 1, 1, 2],
            "item_id": [1, 4, 3, 2, 1, 2],
            "p_purchase": [0.5, 0.9, 0.4, 0.4, 0.8, 0.6],
        }
    )
    covered = pl.DataFrame({"household_id": [1, 2], "item_id": [4, 9]})
    kept = reminders(scores, covered, count=2).select("household_id", "item_id").rows()
    assert kept == [(1, 1), (1, 2), (2, 2), (2, 1)]
    assert reminders(scores, covered, count=0).height == 0
    assert reminders(scores.head(0), covered, count=2).height == 0


PIECES = Condition((Need(2000),))


@pytest.mark.parametrize(
    ("benefit", "condition", "value", "asked"),
    [
        (AmountOff(100), Condition(), "$1.00 off", ""),
        (AmountOff(100), PIECES, "$1.00 off", "when you buy 2"),
        (PercentOff(2000), Condition(), "20% off", ""),
        (PercentOff(1250), PIECES, "12.5% off", "when you buy 2"),
        (FixedPrice(0), Condition(), "only $0.00", ""),
        (FixedPrice(199), PIECES, "only $1.99", "when you buy 2"),
        (BundlePrice(500), PIECES, "2 for $5.00", ""),
        (BuyGet(1), PIECES, "buy 2, get 1 free", ""),
        (BuyGet(2, basis_points=5000), PIECES, "buy 2, get 2 50% off", ""),
        (FreeItem(), Condition((Need(0),)), "free", ""),
        (FreeItem(cap_cents=300), Condition((Need(0),)), "free, up to $3.00", ""),
        (Points(250), Condition(), "250 points", ""),
        (AmountOff(500), Condition((Need(0),), 3000), "$5.00 off", "when you spend $30.00 on them"),
        (
            AmountOff(500),
            Condition((Need(2000),), 3000),
            "$5.00 off",
            "when you buy 2, when you spend $30.00 on them",
        ),
        (PercentOff(1000), Condition((Need(500, "kg"),)), "10% off", "from 0.5 kg"),
    ],
)
def test_what_comes_off_and_what_must_be_bought(
    benefit: Benefit, condition: Condition, value: str, asked: str
) -> None:
    terms = Terms(condition, benefit)
    assert benefit_text(terms, currency="USD", language="en") == value
    assert condition_text(terms, currency="USD", language="en") == asked


OFFER = {
    "household_id": pl.Int64,
    "offer_id": pl.Int64,
    "title": pl.String,
    "face_value_cents": pl.Int64,
    "department": pl.String,
    "legal": pl.String,
}
REMINDER = {
    "household_id": pl.Int64,
    "item_id": pl.Int64,
    "item": pl.String,
    "product": pl.String,
    "department": pl.String,
    "price_cents": pl.Int64,
    "expected_on": pl.Date,
    "last_bought_on": pl.Date,
    "interval_low_days": pl.Float64,
    "interval_high_days": pl.Float64,
}
MASTHEAD = Masthead("Test Market", "USD", date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 15))


def test_documents_number_offers_before_reminders_and_add_up_their_worth() -> None:
    offers = pl.DataFrame(
        [
            (2, 7, "Bread", 50, "Grocery", ""),
            (1, 9, "Soap", 200, "Household", "Limit 1."),
            (1, 7, "Bread", 50, "Grocery", ""),
        ],
        schema=OFFER,
        orient="row",
    )
    reminded = pl.DataFrame(
        [
            (1, 4, "Milk", "Dale Milk", "Dairy", None, date(2026, 3, 4), date(2026, 2, 25), 6, 8),
            (1, 5, "Tea", "Oolong", "Drinks", 399, date(2026, 3, 9), date(2026, 2, 1), None, None),
        ],
        schema=REMINDER,
        orient="row",
    )
    terms = {7: Terms(Condition(), AmountOff(50)), 9: Terms(PIECES, AmountOff(200))}
    recipients = [Recipient(3, "en", "c"), Recipient(1, "en", "a"), Recipient(2, "de", "b")]
    made = documents(recipients, masthead=MASTHEAD, terms=terms, offers=offers, reminders=reminded)
    assert [household for household, _ in made] == [3, 1, 2]
    nothing, full, german = (document for _, document in made)
    assert (nothing.offers, nothing.reminders, nothing.worth_cents) == ((), (), 0)
    assert [(line.line, line.offer_id, line.title, line.detail) for line in full.offers] == [
        (1, 9, "Soap", "when you buy 2"),
        (2, 7, "Bread", ""),
    ]
    assert full.worth_cents == 250
    assert [(line.line, line.item, line.price_cents, line.reason) for line in full.reminders] == [
        (3, "Milk", None, "every 6-8 days; last bought 4 days ago"),
        (4, "Tea", 399, "bought once, 28 days ago"),
    ]
    assert (full.list_code, full.valid_to, full.retailer) == ("a", date(2026, 3, 15), "Test Market")
    assert (german.language, german.worth_cents, german.offers[0].line) == ("de", 50, 1)
