"""Replay: what was honoured offline is taken as it happened."""

from typing import Any

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import off, replayed, sold, voided
from tests.shop import (
    H1,
    H2,
    Shop,
    list_code,
)


def test_a_sale_made_offline_is_taken_as_it_happened(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code = shop.lists[H1]
    told = replayed(database, settings, 1, presented=[("list", code)], discounts=[off(code, 1, 90)])
    assert (told["status"], told["conflicts"]) == ("accepted", [])
    assert told["answer"]["total_discount_cents"] == 90
    assert read_only("SELECT amount_cents FROM basket_line") == [(30,)]
    assert read_only("SELECT list_line, live, amount_cents FROM redemption_line") in (
        [(1, True, 90)],
        [(1, 1, 90)],
    )
    later = sold(database, settings, 2, presented=[("list", code)])
    assert later["total_discount_cents"] == 0


def test_a_replay_sent_again_is_a_duplicate(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code = shop.lists[H1]
    sent: dict[str, Any] = {"presented": [("list", code)], "discounts": [off(code, 1, 100)]}
    first = replayed(database, settings, 1, **sent)
    again = replayed(database, settings, 1, **sent)
    assert again == {**first, "status": "duplicate"}
    assert read_only("SELECT count(*) FROM redemption") == [(1,)]
    assert read_only("SELECT count(*) FROM till_event") == [(1,)]


def test_a_redemption_whose_answer_was_lost_is_a_duplicate_of_its_replay(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code = shop.lists[H1]
    given = sold(database, settings, 1, presented=[("list", code)])
    same = replayed(database, settings, 1, presented=[("list", code)], discounts=given["discounts"])
    assert (same["status"], same["conflicts"]) == ("duplicate", [])
    for _ in range(2):
        other = replayed(database, settings, 1, presented=[("list", code)], discounts=[])
        assert other["status"] == "duplicate"
        assert [(c["reason"], c["amount_cents"]) for c in other["conflicts"]] == [
            ("other_answer", -100)
        ]
    assert read_only("SELECT reason, amount_cents FROM till_conflict") == [("other_answer", -100)]


@pytest.mark.parametrize("liability", ["retailer", "supplier"])
def test_a_line_honoured_twice_is_a_conflict_that_somebody_bears(
    database: Database, settings: Settings, shop: Shop, read_only: Any, liability: str
) -> None:
    chosen = settings.model_copy(update={"offline_liability": liability})
    code = shop.lists[H1]
    sold(database, settings, 1, presented=[("list", code)])
    told = replayed(database, chosen, 2, presented=[("list", code)], discounts=[off(code, 1, 100)])
    assert told["status"] == "accepted"
    assert told["conflicts"] == [
        {
            "list_code": code,
            "list_line": 1,
            "offer": shop.milk_offer,
            "reason": "already_redeemed",
            "amount_cents": 100,
            "borne_by": liability,
        }
    ]
    claims = dict(
        read_only(
            f"SELECT account, sum(amount_cents) FROM ledger_entry WHERE offer_id = "
            f"{shop.milk_offer} AND kind = 'redemption' GROUP BY account"
        )
    )
    twice = liability == "supplier"
    assert int(claims["supplier_receivable"]) == (216 if twice else 108)
    assert int(claims["fee_income"]) == (-16 if twice else -8)
    assert int(claims.get("retailer_funding", 0)) == (0 if twice else 100)
    assert int(claims["household_discount"]) == -200
    assert int(claims["offer_spent"]) == (216 if twice else 108)


@pytest.mark.parametrize(
    ("day", "given", "reason"),
    [
        ("2026-03-16", "own", "expired"),
        ("2026-03-01", "own", "not_yet_valid"),
        ("2026-03-05", "unknown", "unknown_code"),
        ("2026-03-05", "other", "household_mismatch"),
    ],
)
def test_what_should_not_have_been_honoured_is_kept_with_its_reason(
    database: Database,
    settings: Settings,
    shop: Shop,
    read_only: Any,
    day: str,
    given: str,
    reason: str,
) -> None:
    codes = {"own": shop.lists[H1], "unknown": list_code(99), "other": shop.lists[H2]}
    told = replayed(
        database,
        settings,
        1,
        presented=[("list", shop.lists[H1])],
        day=day,
        discounts=[off(codes[given], 1, 100)],
    )
    assert told["status"] == "accepted"
    assert [c["reason"] for c in told["conflicts"]] == [reason]
    assert read_only("SELECT reason, amount_cents FROM till_conflict") == [(reason, 100)]
    assert read_only("SELECT amount_cents FROM basket_line") == [(20,)]


def test_replays_in_any_order_come_to_the_same_totals(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code = shop.lists[H1]
    for number in (2, 1, 3, 1):
        replayed(
            database, settings, number, presented=[("list", code)], discounts=[off(code, 1, 100)]
        )
    assert read_only("SELECT count(*), sum(amount_cents) FROM till_conflict") == [(2, 200)]
    assert read_only("SELECT sum(total_discount_cents) FROM redemption") == [(300,)]
    assert read_only(
        f"SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'supplier_receivable' "
        f"AND offer_id = {shop.milk_offer}"
    ) == [(108,)]


def test_a_voided_sale_replayed_late_stays_void(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    code = shop.lists[H1]
    voided(database, 1)
    told = replayed(
        database, settings, 1, presented=[("list", code)], discounts=[off(code, 1, 100)]
    )
    assert told == {"status": "voided", "conflicts": [], "answer": None}
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
