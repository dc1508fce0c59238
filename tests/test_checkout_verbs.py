"""Look-up, void, return and replay, on both databases."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import Caller
from service.api.schemas.till import BasketIn, OfflineIn, ReturnIn, TransactionIn
from service.api.till_forms import basket_of, offline_of, reference_of, return_of
from service.checkout import Presented, give_back, lookup, redeem, replay, void
from service.cycle.expiry import expire_lists
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import (
    BREAD,
    CARDS,
    H1,
    H2,
    MILK,
    SHOPPING_DAY,
    SOAP,
    STORE,
    VALID_TO,
    Shop,
    list_code,
    open_shop,
)
from tests.till import FULL, body

TILL = Caller(1, Role.ADMIN, None, None)
BALANCES = """SELECT account, offer_id, sum(amount_cents) FROM ledger_entry
    GROUP BY account, offer_id HAVING sum(amount_cents) <> 0 ORDER BY account, offer_id"""


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def sold(database: Database, settings: Settings, *args: Any, **kwargs: Any) -> dict[str, Any]:
    sent = basket_of(BasketIn.model_validate(body(*args, **kwargs)), TILL)
    answer: dict[str, Any] = json.loads(redeem(database, settings, sent))
    return answer


def voided(database: Database, number: int) -> dict[str, Any]:
    named = TransactionIn.model_validate(body(number)["transaction"])
    answer: dict[str, Any] = json.loads(void(database, reference_of(named), key_id=1))
    return answer


def brought(
    database: Database,
    settings: Settings,
    number: int,
    *,
    of: int,
    lines: list[tuple[int, float]],
) -> dict[str, Any]:
    original = body(of)["transaction"]
    del original["at"]
    sent = {
        "transaction": body(number)["transaction"],
        "original": original,
        "lines": [{"line": line, "quantity": quantity} for line, quantity in lines],
    }
    request = return_of(ReturnIn.model_validate(sent), TILL)
    answer: dict[str, Any] = json.loads(give_back(database, settings, request))
    return answer


def replayed(
    database: Database,
    settings: Settings,
    number: int,
    *,
    discounts: list[dict[str, Any]],
    **kwargs: Any,
) -> dict[str, Any]:
    sent = OfflineIn.model_validate({**body(number, **kwargs), "discounts": discounts})
    answer: dict[str, Any] = json.loads(replay(database, settings, offline_of(sent, TILL)))
    return answer


def off(code: str, list_line: int, cents: int, *, line: int = 1, units: int = 1) -> dict[str, Any]:
    return {
        "line": line,
        "list_code": code,
        "list_line": list_line,
        "units": units,
        "amount_cents": cents,
    }


def cents(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(int(v) if i == 2 else v for i, v in enumerate(row)) for row in rows]


def test_a_look_up_tells_what_is_open_and_writes_nothing(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    shown = (Presented("card", CARDS[H1]), Presented("list", list_code(99)))
    told = json.loads(lookup(database, settings, store_id=STORE, on=SHOPPING_DAY, presented=shown))
    assert told["household_known"] is True
    (found,) = told["lists"]
    assert found["list_code"] == shop.lists[H1]
    assert [(line["list_line"], line["uses_left"]) for line in found["lines"]] == [(2, 2), (3, 1)]
    assert [(r["list_line"], r["reason"]) for r in told["refused"]] == [
        (None, "unknown_code"),
        (1, "already_redeemed"),
    ]
    assert read_only("SELECT count(*) FROM redemption") == [(1,)]


def test_a_void_leaves_every_balance_and_limit_as_before(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    shown = [("list", shop.lists[H1])]
    given = sold(database, settings, 1, presented=shown, lines=FULL)
    undone = voided(database, 1)
    assert undone["status"] == "voided"
    assert undone["redemption_id"] == given["redemption_id"]
    assert [line["list_line"] for line in undone["reopened"]] == [1, 2, 3]
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    assert read_only("SELECT count(*) FROM due") == [(1,)]
    again = sold(database, settings, 2, presented=shown, lines=FULL)
    assert again["total_discount_cents"] == given["total_discount_cents"]


def test_a_void_happens_once_however_often_it_is_sent(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    assert voided(database, 1) == voided(database, 1)
    assert read_only("SELECT verb, key_id FROM till_event") == [("void", 1)]
    assert (
        read_only("SELECT posting FROM ledger_entry GROUP BY posting HAVING sum(amount_cents) <> 0")
        == []
    )


def test_a_voided_sale_cannot_be_redeemed_late(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    voided(database, 1)
    with pytest.raises(Conflict, match="voided"):
        sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    assert read_only("SELECT count(*) FROM redemption_line") == [(0,)]


def test_a_void_after_the_list_expired_holds_nothing_of_the_budget(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    expire_lists(database, before=VALID_TO.replace(day=16))
    voided(database, 1)
    assert cents(read_only(BALANCES)) == []


def test_returns_give_the_exact_cents_and_add_up_to_the_whole(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    sold(
        database,
        settings,
        1,
        presented=[("list", shop.lists[H1])],
        lines=[(MILK, 1, 120), (BREAD, 1, 250), (SOAP, 3, 901)],
    )
    first = brought(database, settings, 11, of=1, lines=[(3, 1)])
    assert first["lines"] == [
        {
            "line": 3,
            "quantity": 1.0,
            "refund_cents": 201,
            "discounts": [
                {
                    "list_code": shop.lists[H1],
                    "list_line": 3,
                    "offer": shop.soap_offer,
                    "units": 1,
                    "amount_cents": 100,
                }
            ],
        }
    ]
    assert first["reopened"] == []
    rest = brought(database, settings, 12, of=1, lines=[(1, 1), (2, 1), (3, 2)])
    assert first["total_refund_cents"] + rest["total_refund_cents"] == 120 + 250 + 901 - 350
    assert [line["list_line"] for line in rest["reopened"]] == [1, 2, 3]
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM basket_line") == [(0,)]
    again = sold(database, settings, 2, presented=[("list", shop.lists[H1])], lines=FULL)
    assert again["total_discount_cents"] == 350


def test_a_return_lessens_history_by_what_was_paid(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=[(MILK, 2, 240)])
    told = brought(database, settings, 11, of=1, lines=[(1, 1)])
    assert told["total_refund_cents"] == 20
    assert read_only("SELECT quantity_milli, amount_cents FROM basket_line") == [(1000, 120)]


def test_under_the_policy_never_a_returned_line_stays_used(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    never = settings.model_copy(update={"return_reopens": "never"})
    sold(database, settings, 1, presented=[("list", shop.lists[H1])])
    told = brought(database, never, 11, of=1, lines=[(1, 1)])
    assert told["reopened"] == []
    again = sold(database, settings, 2, presented=[("list", shop.lists[H1])])
    assert again["total_discount_cents"] == 0
    assert read_only(
        f"SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'offer_spent' "
        f"AND offer_id = {shop.milk_offer}"
    ) == [(8,)]


def test_a_return_sent_again_gets_the_stored_answer(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    first = brought(database, settings, 11, of=1, lines=[(1, 1)])
    assert brought(database, settings, 11, of=1, lines=[(1, 1)]) == first
    assert read_only("SELECT count(*) FROM till_return") == [(1,)]
    with pytest.raises(InvalidInput, match="another return"):
        brought(database, settings, 11, of=1, lines=[(2, 1)])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([(1, 2)], "More comes back"),
        ([(9, 1)], "not sold"),
        ([(3, 0.5)], "Pieces come back whole"),
        ([(1, 1), (9, 1)], "not sold"),
    ],
)
def test_what_cannot_come_back_is_refused_and_changes_nothing(
    database: Database,
    settings: Settings,
    shop: Shop,
    read_only: Any,
    lines: list[tuple[int, float]],
    said: str,
) -> None:
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    before = cents(read_only(BALANCES))
    with pytest.raises(Conflict, match=said):
        brought(database, settings, 11, of=1, lines=lines)
    assert cents(read_only(BALANCES)) == before
    assert read_only("SELECT count(*) FROM till_return") == [(0,)]


def test_nothing_comes_back_from_a_sale_that_is_not_known_or_was_voided(
    database: Database, settings: Settings, shop: Shop
) -> None:
    with pytest.raises(NotFound):
        brought(database, settings, 11, of=1, lines=[(1, 1)])
    sold(database, settings, 1)
    voided(database, 1)
    with pytest.raises(Conflict, match="voided"):
        brought(database, settings, 11, of=1, lines=[(1, 1)])


def test_a_sale_partly_returned_can_be_voided(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    before = cents(read_only(BALANCES))
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    brought(database, settings, 11, of=1, lines=[(1, 1), (3, 1)])
    voided(database, 1)
    assert cents(read_only(BALANCES)) == before


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
    assert int(claims["supplier_claim"]) == (200 if twice else 100)
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
        f"SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'supplier_claim' "
        f"AND offer_id = {shop.milk_offer}"
    ) == [(100,)]


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
