"""Composing a list: the usual product, the reminders, and what is printed."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from service.engine.compose import (
    Masthead,
    Recipient,
    bought_products,
    choose_reminders,
    compose_documents,
    usual_products,
)
from service.engine.records import Due, ListDocument
from service.engine.redeem import (
    AmountOff,
    Condition,
    Need,
    Terms,
)
from service.files import layouts

PURCHASE = {
    "household_id": pl.Int64,
    "item_id": pl.Int64,
    "gtin": pl.Int64,
    "purchased_at": pl.Datetime("us", "UTC"),
    "quantity": pl.Float64,
    "amount_cents": pl.Int64,
}


def purchases(*rows: tuple[int, int, int, int, float, int]) -> pl.DataFrame:
    """Purchases as (household, item, gtin, day of March, quantity, cents)."""
    dated = [
        (household, item, gtin, datetime(2026, 3, day, tzinfo=UTC), quantity, cents)
        for household, item, gtin, day, quantity, cents in rows
    ]
    return pl.DataFrame(dated, schema=PURCHASE, orient="row")


def usual_rows(*rows: tuple[int, int, int, int, float, int]) -> list[tuple[Any, ...]]:
    return usual_products(bought_products(purchases(*rows))).rows()


def test_the_usual_product_is_the_one_taken_most_often() -> None:
    assert usual_rows((1, 5, 10, 1, 1, 100), (1, 5, 10, 2, 1, 110), (1, 5, 11, 3, 9, 90)) == [
        (1, 5, 10, 110)
    ]


def test_where_two_are_even_the_latest_counts_then_the_lower_number() -> None:
    assert usual_rows((1, 5, 10, 3, 1, 100), (1, 5, 11, 2, 1, 90)) == [(1, 5, 10, 100)]
    assert usual_rows((1, 5, 11, 2, 1, 90), (1, 5, 10, 2, 1, 100)) == [(1, 5, 10, 100)]


def test_each_household_and_item_has_its_own_in_order() -> None:
    rows = ((2, 5, 10, 1, 1, 100), (1, 6, 12, 1, 1, 300), (1, 5, 11, 1, 1, 90))
    assert usual_rows(*rows) == [(1, 5, 11, 90), (1, 6, 12, 300), (2, 5, 10, 100)]


@pytest.mark.parametrize(
    ("quantity", "cents", "paid"), [(2, 5, 3), (2, 7, 4), (3, 100, 33), (0.5, 199, 398), (1, 0, 0)]
)
def test_what_was_paid_is_per_piece_rounded_half_up(quantity: float, cents: int, paid: int) -> None:
    assert usual_rows((1, 5, 10, 1, quantity, cents)) == [(1, 5, 10, paid)]


def test_the_last_price_is_by_moment_in_whatever_order_purchases_come() -> None:
    assert usual_rows((1, 5, 10, 3, 1, 120), (1, 5, 10, 1, 1, 100)) == [(1, 5, 10, 120)]
    parted = ((1, 5, 10, 3, 1, 120), (2, 5, 10, 2, 1, 90), (1, 5, 10, 1, 1, 100))
    assert usual_rows(*parted) == [(1, 5, 10, 120), (2, 5, 10, 90)]
    assert usual_rows() == []


def test_returns_are_no_purchases() -> None:
    assert usual_rows((1, 5, 10, 1, 1, 100), (1, 5, 11, 2, -1, -90), (1, 5, 12, 3, 0, 0)) == [
        (1, 5, 10, 100)
    ]
    assert usual_rows((1, 5, 11, 2, -1, -90)) == []


def test_reminders_are_the_likeliest_that_no_offer_covers() -> None:
    scores = pl.DataFrame(
        {
            "household_id": [2, 1, 1, 1, 1, 2],
            "item_id": [1, 4, 3, 2, 1, 2],
            "p_purchase": [0.5, 0.9, 0.4, 0.4, 0.8, 0.6],
            "last_bought_on": [date(2026, 2, 1)] * 6,
        }
    )
    covered = pl.DataFrame({"household_id": [1, 2], "item_id": [4, 9]})
    chosen = choose_reminders(scores, covered, count=2).select("household_id", "item_id").rows()
    assert chosen == [(1, 1), (1, 2), (2, 2), (2, 1)]
    assert choose_reminders(scores, covered, count=0).height == 0
    assert choose_reminders(scores.head(0), covered, count=2).height == 0


def test_discoveries_take_the_place_of_the_least_likely_reminders() -> None:
    day = date(2026, 2, 1)
    scores = pl.DataFrame(
        {
            "household_id": [1, 1, 1, 1, 1, 2, 2],
            "item_id": [1, 2, 3, 8, 9, 1, 8],
            "p_purchase": [0.9, 0.8, 0.7, 0.1, 0.2, 0.5, 0.3],
            "last_bought_on": [day, day, day, None, None, day, None],
        }
    )
    covered = pl.DataFrame({"household_id": [2], "item_id": [8]})

    def chosen(count: int, discoveries: int) -> list[tuple[int, int]]:
        found = choose_reminders(scores, covered, count=count, discoveries=discoveries)
        return found.select("household_id", "item_id").rows()

    assert chosen(3, 1) == [(1, 1), (1, 2), (1, 9), (2, 1)]
    assert chosen(3, 2) == [(1, 1), (1, 9), (1, 8), (2, 1)]
    assert chosen(3, 0) == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert chosen(1, 4) == [(1, 9), (2, 1)]


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
    "paid_cents": pl.Int64,
    "expected_on": pl.Date,
    "last_bought_on": pl.Date,
    "interval_days": pl.Float64,
}
MASTHEAD = Masthead(
    "Test Market",
    "USD",
    date(2026, 3, 1),
    date(2026, 3, 2),
    date(2026, 3, 2),
    date(2026, 3, 15),
    layouts.wordings(),
)


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
            (1, 4, "Milk", "Dale Milk", "Dairy", None, 279, date(2026, 3, 4), date(2026, 2, 25), 7),
            (1, 5, "Tea", "Oolong", "Drinks", 399, 350, date(2026, 3, 9), date(2026, 2, 1), None),
            (1, 6, "Figs", "", "Produce", None, None, None, None, None),
        ],
        schema=REMINDER,
        orient="row",
    )
    terms = {
        7: Terms(Condition(), AmountOff(50)),
        9: Terms(Condition((Need(2000),)), AmountOff(200)),
    }
    recipients = [Recipient(3, "en", "c"), Recipient(1, "en", "a"), Recipient(2, "de", "b")]
    composed = compose_documents(
        recipients, masthead=MASTHEAD, terms=terms, offers=offers, reminders=reminded
    )
    assert [household for household, _ in composed] == [3, 1, 2]
    nothing, full, german = (document for _, document in composed)
    assert (nothing.offers, nothing.reminders, nothing.worth_cents) == ((), (), 0)
    assert [(line.line, line.offer_id, line.title, line.detail) for line in full.offers] == [
        (1, 9, "Soap", "when you buy 2"),
        (2, 7, "Bread", ""),
    ]
    assert full.worth_cents == 250
    assert [(line.line, line.item, line.price_cents, line.reason) for line in full.reminders] == [
        (3, "Milk", None, "about every week; last bought 25\u00a0Feb"),
        (4, "Tea", 399, "bought once, 1\u00a0Feb"),
        (5, "Figs", None, "often bought by households like yours"),
    ]
    assert [line.expected_on for line in full.reminders][-1] is None
    assert [line.paid_cents for line in full.reminders] == [279, None, None]
    assert [line.due for line in full.reminders] == [Due.NOW, Due.NEXT_WEEK, Due.OPEN]
    assert ListDocument.from_json(full.to_json()) == full
    assert (full.list_code, full.valid_to, full.retailer) == ("a", date(2026, 3, 15), "Test Market")
    assert (german.language, german.worth_cents, german.offers[0].line) == ("de", 50, 1)
    assert german.offers[0].value_text == "0,50\u00a0$ Rabatt"
    assert german.tip.startswith("Hängen Sie den Zettel gut sichtbar auf.")


GOODS = {**OFFER, "varieties": pl.Int64, "product": pl.String, "size": pl.String}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", ("any of 12 varieties · 8 oz · $1.69 instead of $2.69", "2 for $4.38")),
        ("de", ("12 Sorten zur Wahl · 8 oz · 1,69 $ statt 2,69 $", "2 für 4,38 $")),
        ("ru", ("12 видов на выбор · 8 oz · 1,69 $ вместо 2,69 $", "2 за 4,38 $")),
        ("zh", ("12种任选 · 8 oz · $1.69，原价$2.69", "2件$4.38")),
    ],
)
def test_offers_say_which_goods_count_and_what_they_cost_with_and_without(
    language: str, said: tuple[str, str]
) -> None:
    offers = pl.DataFrame(
        [
            (1, 7, "Bread", 100, "Grocery", "", 12, None, "8 oz", 269),
            (1, 8, "Soap", 100, "Grocery", "", 1, "Dale Soap", "", 269),
            (1, 9, "Tea 8 oz", 100, "Grocery", "", 1, "Tea 8 oz", "8 oz", None),
        ],
        schema={**GOODS, "shelf_cents": pl.Int64},
        orient="row",
    )
    terms = {
        7: Terms(Condition(), AmountOff(100)),
        8: Terms(Condition((Need(2000),)), AmountOff(100)),
        9: Terms(Condition(), AmountOff(100)),
    }
    ((_, document),) = compose_documents(
        [Recipient(1, language, "a")],
        masthead=MASTHEAD,
        terms=terms,
        offers=offers,
        reminders=pl.DataFrame(schema=REMINDER),
    )
    bread, soap, tea = (line.goods.replace("\u00a0", " ") for line in document.offers)
    assert bread == said[0]
    assert soap.startswith(f"Dale Soap · {said[1]}")
    assert tea == ""
    assert ListDocument.from_json(document.to_json()) == document


def test_what_is_said_of_an_offer_is_of_the_copy_and_its_language() -> None:
    """Copies of one offer may be worth different amounts, and may be used several times."""
    copies = [("en", 50, 1), ("en", 80, 1), ("de", 80, 1), ("en", 80, 3)]
    offers = pl.DataFrame(
        [
            (household, 7, "Bread", cents, "Grocery", "", '{"light": 50}', uses)
            for household, (_, cents, uses) in enumerate(copies)
        ],
        schema={**OFFER, "face_values": pl.String, "uses": pl.Int64},
        orient="row",
    )
    composed = compose_documents(
        [Recipient(household, each[0], str(household)) for household, each in enumerate(copies)],
        masthead=MASTHEAD,
        terms={7: Terms(Condition(), AmountOff(90))},
        offers=offers,
        reminders=pl.DataFrame(schema=REMINDER),
    )
    said = [(line.value_text, line.detail) for _, document in composed for line in document.offers]
    assert said == [
        ("$0.50 off", ""),
        ("$0.80 off", ""),
        ("0,80\u00a0$ Rabatt", ""),
        ("$0.80 off", "up to 3 times"),
    ]
