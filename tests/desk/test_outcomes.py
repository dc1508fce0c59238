"""What became of each line: of every sale and every list, as the till's own rules had it."""

from datetime import date, timedelta

import pytest

from service.desk import outcomes
from service.desk.outcomes import LineResult
from service.errors import InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.till import Reference
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.shop import BREAD, H1, H2, MILK, SHOPPING_DAY, STORE, VALID_FROM, VALID_TO, Shop
from tests.till import FULL


def receipt(number: str | int) -> Reference:
    return Reference(STORE, "1", SHOPPING_DAY, str(number))


def lines_of(database: Database, number: str | int) -> list[tuple[str, int | None, str, int]]:
    found = outcomes.explain_receipt(database, outcomes.find_receipt(database, receipt(number)))
    return [(each.result, each.list_line, each.reason, each.amount_cents) for each in found.lines]


def test_a_receipt_shows_every_line_that_was_shown(
    database: Database, settings: Settings, shop: Shop
) -> None:
    code = shop.lists[H1]
    answer = sold(database, settings, 1, presented=[("list", code), ("list", shop.lists[H2]),
                                                    ("card", "12345")])  # fmt: skip
    assert lines_of(database, 1) == [
        ("refused", None, "household_mismatch", 0),
        ("refused", None, "unknown_code", 0),
        ("used", 1, "", 100),
        ("refused", 2, "not_in_basket", 0),
        ("refused", 3, "not_in_basket", 0),
    ]
    found = outcomes.explain_receipt(database, answer["redemption_id"])
    assert [each.text for each in found.lines if each.list_line] == [
        "Dale Milk: $1.00 off", "Oven Bread: 20% off", "House Soap: $2.00 off",
    ]  # fmt: skip
    assert len(found.lines) == len(answer["applied"]) + len(answer["refused"])
    assert found.total_discount_cents == answer["total_discount_cents"]


def test_receipts_are_found_by_what_is_printed_on_them(
    database: Database, settings: Settings, shop: Shop
) -> None:
    sale = sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    returned(database, settings, 2, of=1, lines=[(1, 1)])
    at = receipt(1)
    assert outcomes.find_receipt(database, at) == sale["redemption_id"]
    assert outcomes.find_receipt(database, receipt(2)) == sale["redemption_id"]
    assert (
        outcomes.find_receipt(database, at._replace(store_id=f" {STORE} "))
        == (sale["redemption_id"])
    )
    assert outcomes.explain_receipt(database, sale["redemption_id"]).returns == 1
    for other in (
        at._replace(store_id="43"), at._replace(terminal="2"), at._replace(number="01"),
        at._replace(business_date=SHOPPING_DAY + timedelta(1)),
    ):  # fmt: skip
        with pytest.raises(NotFound, match="No till has sent"):
            outcomes.find_receipt(database, other)
    voided(database, 1)
    assert outcomes.explain_receipt(database, sale["redemption_id"]).state == "voided"


def test_what_a_till_gave_offline_and_must_not_is_in_dispute(
    database: Database, settings: Settings, shop: Shop
) -> None:
    code = shop.lists[H1]
    sold(database, settings, 1, presented=[("list", code)])
    replayed(database, settings, 2, presented=[("list", code)], discounts=[off(code, 1, 100)])
    assert ("disputed", 1, "already_redeemed", 100) in lines_of(database, 2)


def test_a_list_says_what_each_offer_would_get_on_a_day(
    database: Database, settings: Settings, shop: Shop
) -> None:
    code = shop.lists[H1]
    list_id = outcomes.find_list(database, code)
    assert outcomes.find_list(database, f"({code[:3]}) {code[3:]}") == list_id

    def on(day: date) -> list[str]:
        found = outcomes.explain_list(database, settings, list_id, on=day)
        assert {each.list_line for each in found.lines} == {1, 2, 3}
        assert all((each.result == "open") is not bool(each.reason) for each in found.lines)
        return [each.reason or each.result for each in found.lines]

    assert on(VALID_FROM - timedelta(1)) == ["not_yet_valid"] * 3
    assert on(VALID_FROM) == on(VALID_TO) == ["open"] * 3
    assert on(VALID_TO + timedelta(1)) == ["expired"] * 3
    sold(database, settings, 1, presented=[("list", code)], lines=[(MILK, 1, 120)])
    sold(database, settings, 2, presented=[("list", code)], lines=[(BREAD, 1, 250)])
    assert on(SHOPPING_DAY) == ["already_redeemed", "open", "open"]
    found = outcomes.explain_list(database, settings, list_id, on=SHOPPING_DAY)
    milk = [(each.at.number, each.outcome.result, each.outcome.reason) for each in found.past[1]]
    assert milk == [
        ("2", LineResult.REFUSED, "already_redeemed"),
        ("1", LineResult.USED, ""),
    ]
    assert [each.outcome.result for each in found.past[2]] == ["used", "refused"]
    assert [each.uses for each in found.lines] == [0, 1, 1]
    voided(database, 1)
    assert on(SHOPPING_DAY) == ["open"] * 3


def test_a_code_that_is_none_is_refused_and_one_that_nobody_has_is_not_found(
    database: Database, settings: Settings, shop: Shop
) -> None:
    code = shop.lists[H1]
    wrong = code[:-13] + "0" + code[-12:] if code[-13] != "0" else code[:-13] + "1" + code[-12:]
    for text in ("", "12", wrong):
        with pytest.raises(InvalidInput):
            outcomes.find_list(database, text)
    with pytest.raises(NotFound):
        outcomes.find_list(database, code[:-1] + ("8" if code[-1] != "8" else "9"))
    with pytest.raises(NotFound):
        outcomes.explain_list(database, settings, 999, on=SHOPPING_DAY)
