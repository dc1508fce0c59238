"""Redeeming at the till, on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import TillBasket, quote, redeem
from service.errors import InvalidInput, Misconfigured
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import BREAD, CARDS, H1, H2, H3, MILK, PHONES, SOAP, Shop, list_code
from tests.till import FULL, body


def basket(*args: Any, **kwargs: Any) -> TillBasket:
    sent = BasketIn.model_validate(body(*args, **kwargs))
    return basket_of(sent, Caller(1, Role.ADMIN, None, None))


def redeemed(database: Database, settings: Settings, *args: Any, **kwargs: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(redeem(database, settings, basket(*args, **kwargs)))
    return answer


def reasons(answer: dict[str, Any]) -> dict[int | None, str]:
    return {refused["list_line"]: refused["reason"] for refused in answer["refused"]}


def test_a_list_takes_off_every_offer_whose_products_are_in_the_basket(
    database: Database, settings: Settings, shop: Shop
) -> None:
    answer = redeemed(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    off = [(d["line"], d["list_line"], d["offer"], d["amount_cents"]) for d in answer["discounts"]]
    assert off == [
        (1, 1, shop.milk_offer, 100),
        (2, 2, shop.bread_offer, 50),
        (3, 3, shop.soap_offer, 200),
    ]
    assert answer["total_discount_cents"] == 350
    assert answer["status"] == "redeemed"
    assert answer["refused"] == []
    assert answer["next_list"] == {"status": "due"}


@pytest.mark.parametrize(
    "shown", [("card", CARDS[H1]), ("phone", PHONES[H1]), ("phone", "15025550101")]
)
def test_a_card_or_a_phone_opens_the_household_s_lists(
    database: Database, settings: Settings, shop: Shop, shown: tuple[str, str]
) -> None:
    answer = redeemed(database, settings, 1, presented=[shown], lines=FULL)
    assert answer["total_discount_cents"] == 350
    assert {d["list_code"] for d in answer["discounts"]} == {shop.lists[H1]}


def test_each_line_is_used_once_or_up_to_its_limit(
    database: Database, settings: Settings, shop: Shop
) -> None:
    shown = [("list", shop.lists[H1])]
    redeemed(database, settings, 1, presented=shown, lines=FULL)
    second = redeemed(database, settings, 2, presented=shown, lines=FULL)
    assert [(d["list_line"], d["amount_cents"]) for d in second["discounts"]] == [(2, 50)]
    assert reasons(second) == {1: "already_redeemed", 3: "already_redeemed"}
    third = redeemed(database, settings, 3, presented=shown, lines=FULL)
    assert third["discounts"] == []
    assert reasons(third) == {1: "already_redeemed", 2: "limit_reached", 3: "already_redeemed"}


def test_the_same_transaction_gets_the_stored_answer_and_has_one_effect(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sent = basket(1, presented=[("list", shop.lists[H1])], lines=FULL)
    first = redeem(database, settings, sent)
    assert redeem(database, settings, sent) == first
    assert read_only("SELECT count(*) FROM redemption") == [(1,)]
    assert read_only("SELECT count(*) FROM basket") == [(1,)]
    assert read_only("SELECT count(*) FROM redemption_line") == [(3,)]


def test_another_body_under_the_same_reference_is_refused_and_changes_nothing(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    redeem(database, settings, basket(1, lines=[(MILK, 1, 120)]))
    with pytest.raises(InvalidInput, match="used before"):
        redeem(database, settings, basket(1, lines=[(MILK, 2, 240)]))
    assert read_only("SELECT sum(amount_cents) FROM basket_line") == [(120,)]


def test_a_quote_is_what_redeeming_would_give_and_writes_nothing(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sent = basket(1, presented=[("list", shop.lists[H1])], lines=FULL)
    offered = json.loads(quote(database, settings, sent))
    for table in ("basket", "basket_line", "redemption", "redemption_line", "due", "refusal"):
        assert read_only(f"SELECT count(*) FROM {table}") == [(0,)]
    given = json.loads(redeem(database, settings, sent))
    assert offered["status"] == "quoted"
    assert offered["redemption_id"] is None
    same = ("discounts", "total_discount_cents", "refused", "next_list")
    assert {name: offered[name] for name in same} == {name: given[name] for name in same}


def test_a_basket_with_nothing_presented_is_history_only(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    answer = redeemed(database, settings, 1, lines=FULL)
    assert (answer["status"], answer["discounts"], answer["refused"]) == ("recorded", [], [])
    assert answer["next_list"] == {"status": "none"}
    assert read_only("SELECT household_id FROM basket") == [(None,)]
    assert read_only("SELECT count(*) FROM due") == [(0,)]


def test_history_holds_what_was_paid(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    redeemed(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    paid = read_only("SELECT gtin, amount_cents FROM basket_line ORDER BY line")
    assert paid == [(int(MILK), 20), (int(BREAD), 200), (int(SOAP), 400)]


def test_unknown_things_are_refused_one_by_one_and_the_sale_goes_through(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    answer = redeemed(
        database,
        settings,
        1,
        presented=[
            ("list", list_code(99)),
            ("list", "not a code"),
            ("card", "123"),
            ("list", shop.lists[H1]),
        ],
    )
    assert [r["reason"] for r in answer["refused"]] == [
        "unknown_code",
        "unknown_code",
        "unknown_code",
        "not_in_basket",
        "not_in_basket",
    ]
    assert answer["total_discount_cents"] == 100
    assert read_only("SELECT count(*) FROM refusal") == [(5,)]


def test_of_two_households_the_first_presented_counts(
    database: Database, settings: Settings, shop: Shop
) -> None:
    answer = redeemed(
        database, settings, 1, presented=[("card", CARDS[H2]), ("list", shop.lists[H1])]
    )
    assert {d["list_code"] for d in answer["discounts"]} == {shop.lists[H2]}
    assert reasons(answer)[None] == "household_mismatch"


def test_a_household_without_a_list_is_still_known(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    answer = redeemed(database, settings, 1, presented=[("card", CARDS[H3])])
    assert (answer["status"], answer["next_list"]) == ("redeemed", {"status": "due"})
    assert read_only("SELECT h.ref FROM basket b JOIN household h ON h.id = b.household_id") == [
        (H3,)
    ]


@pytest.mark.parametrize(
    ("day", "reason"), [("2026-03-01", "not_yet_valid"), ("2026-03-16", "expired")]
)
def test_a_list_outside_its_days_is_refused_line_by_line(
    database: Database, settings: Settings, shop: Shop, day: str, reason: str
) -> None:
    answer = redeemed(
        database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL, day=day
    )
    assert reasons(answer) == {1: reason, 2: reason, 3: reason}
    assert answer["total_discount_cents"] == 0


def test_the_last_day_still_counts(database: Database, settings: Settings, shop: Shop) -> None:
    shown = [("list", shop.lists[H1])]
    answer = redeemed(database, settings, 1, presented=shown, lines=FULL, day="2026-03-15")
    assert answer["total_discount_cents"] == 350


def test_the_ledger_balances_and_turns_reservations_into_claims(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    redeemed(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    assert (
        read_only("SELECT posting FROM ledger_entry GROUP BY posting HAVING sum(amount_cents) <> 0")
        == []
    )
    of_milk = dict(
        read_only(
            f"SELECT account, sum(amount_cents) FROM ledger_entry WHERE offer_id = "
            f"{shop.milk_offer} GROUP BY account"
        )
    )
    assert {name: int(cents) for name, cents in of_milk.items()} == {
        "offer_budget": -216,
        "offer_reserved": 108,
        "offer_spent": 108,
        "supplier_receivable": 108,
        "fee_income": -8,
        "household_discount": -100,
    }
    of_bread = dict(
        read_only(
            f"SELECT account, sum(amount_cents) FROM ledger_entry WHERE offer_id = "
            f"{shop.bread_offer} AND kind = 'redemption' GROUP BY account"
        )
    )
    assert {name: int(cents) for name, cents in of_bread.items()} == {
        "offer_reserved": -25,
        "offer_spent": 25,
        "supplier_receivable": 25,
        "retailer_funding": 25,
        "household_discount": -50,
    }


def test_an_unknown_store_is_refused_with_its_place(
    database: Database, settings: Settings, shop: Shop
) -> None:
    with pytest.raises(InvalidInput) as caught:
        redeem(database, settings, basket(1, store="9999"))
    assert caught.value.problems[0].where == "#/transaction/store"


def test_a_database_without_tables_is_a_reason_to_ask_again(
    settings: Settings, tmp_path: Path
) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    for act in (quote, redeem):
        with pytest.raises(Misconfigured):
            act(empty, settings, basket(1))
    empty.dispose()


def test_a_product_the_catalogue_does_not_know_is_kept_in_history(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    redeemed(database, settings, 1, lines=[("4011", 1, 99)])
    assert read_only("SELECT gtin, amount_cents FROM basket_line") == [(4011, 99)]
