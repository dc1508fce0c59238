"""Scenarios over HTTP: what became of every line, and what undoing it gives back.

On every list line 1 is "buy a milk, get a bread free" (supplier 100 %, fee 8), line 2 is 50 points
for a bread, twice, and line 3 is "buy 2 soaps, get 1".
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.admin.keys import add_key
from service.api.app import create_app
from service.engine.redeem import BuyGet, Condition, Need, Points, Terms
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.api.direct import Ask, with_app
from tests.checkout.acts import BALANCES, cents
from tests.racing import faults
from tests.shop import BREAD, CARDS, H1, H2, MILK, SALT, SOAP, STORE, Shop
from tests.till import body

TERMS = {
    1: Terms(Condition((Need(1000), Need(0))), BuyGet(1, 1)),
    2: Terms(Condition((Need(1000),)), Points(50)),
    3: Terms(Condition((Need(2000),)), BuyGet(1)),
}
Line = tuple[str, int, int]
Say = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
def deals(database: Database, shop: Shop) -> Shop:
    """The shop with the lines above on its lists."""
    with database.write() as session:
        run = session.connection().exec_driver_sql
        for line, terms in TERMS.items():
            run(f"UPDATE list_line SET terms = '{terms.to_json()}' WHERE line = {line}")
        run(
            "INSERT INTO offer_product (offer_id, set_number, gtin) "
            f"VALUES ({shop.milk_offer}, 1, {int(BREAD)})"
        )
    return shop


def scenario(database: Database, settings: Settings, act: Callable[[Say], Awaitable[None]]) -> None:
    """Let a till of the store send bodies, and look at the books when it is done."""
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def told(ask: Ask) -> None:
        async def say(verb: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            answer = await ask(f"/v1/{verb}", json.dumps(sent).encode(), headers)
            return answer.status, json.loads(answer.body)

        await act(say)

    with_app(create_app(database, settings), told)


def assert_sound(read_only: Any) -> None:
    """Nothing is wrong in the books; baskets here are not those that races buy."""
    found = faults(read_only)
    found.pop("baskets that are not what was paid", None)
    assert found == {}


def named(number: str) -> dict[str, Any]:
    return {"transaction": body(number)["transaction"]}


def back(number: str, of: str, *lines: tuple[int, int]) -> dict[str, Any]:
    original = body(of)["transaction"]
    del original["at"]
    brought = [{"line": line, "quantity": pieces} for line, pieces in lines]
    return {**named(number), "original": original, "lines": brought}


def sale(number: str, code: str, *lines: Line) -> dict[str, Any]:
    return body(number, presented=[("list", code)], lines=list(lines))


def offline(number: str, code: str, line: Line, *discounts: dict[str, Any]) -> dict[str, Any]:
    given = [{"line": 1, "list_code": code, "list_line": 1, **each} for each in discounts]
    return {**sale(number, code, line), "discounts": given}


def uses(answer: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    return [
        (each["list_line"], each["uses"], each["points"], each["amount_cents"])
        for each in answer["applied"]
    ]


def parts(answer: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    return [
        (each["line"], each["amount_cents"], each["supplier_cents"], each["retailer_cents"])
        for each in answer["discounts"]
    ]


def test_every_line_has_one_outcome_and_a_return_gives_it_back(
    database: Database, settings: Settings, deals: Shop, read_only: Any
) -> None:
    code = deals.lists[H1]
    before = cents(read_only(BALANCES))

    async def act(say: Say) -> None:
        basket = sale("1", code, (MILK, 1, 120), (BREAD, 2, 500), (SOAP, 2, 600))
        basket["presented"] += [
            {"kind": "card", "value": CARDS[H2]},
            {"kind": "phone", "value": "+1 502 555 0999"},
        ]
        _, quoted = await say("quotes", basket)
        _, given = await say("redemptions", basket)
        for answer in (quoted, given):
            assert uses(answer) == [(1, 1, 0, 250), (2, 2, 100, 0)]
            assert parts(answer) == [(2, 250, 100, 150)]
            assert [
                (each["list_code"], each["list_line"], each["presented"], each["reason"])
                for each in answer["refused"]
            ] == [
                (None, None, {"kind": "card", "place": 1}, "household_mismatch"),
                (None, None, {"kind": "phone", "place": 2}, "unknown_code"),
                (code, 3, None, "quantity_short"),
            ]
        _, first = await say("returns", back("11", "1", (2, 1)))
        # 250 over the prices 120 and 250; the bread's other unit was not taken.
        assert first["lines"][0]["refund_cents"] == 250 - 169
        assert uses(first) == [(1, 0, 0, 169), (2, 0, 50, 0)]
        _, second = await say("returns", back("12", "1", (1, 1), (2, 1)))
        assert [line["refund_cents"] for line in second["lines"]] == [120 - 81, 250]
        assert uses(second) == [(1, 1, 0, 81), (2, 2, 50, 0)]
        assert [each["list_line"] for each in second["reopened"]] == [1, 2]
        assert cents(read_only(BALANCES)) == before
        _, again = await say("redemptions", {**basket, **named("2")})
        assert uses(again) == [(1, 1, 0, 250), (2, 2, 100, 0)]
        _, undone = await say("voids", named("2"))
        assert uses(undone) == [(1, 1, 0, 250), (2, 2, 100, 0)]
        assert cents(read_only(BALANCES)) == before

    scenario(database, settings, act)


@pytest.mark.parametrize(("spread", "refund"), [("over_all", 39), ("as_discounted", 120)])
def test_what_was_bought_comes_back_for_its_share_of_what_was_free(
    database: Database, settings: Settings, deals: Shop, spread: str, refund: int
) -> None:
    code = deals.lists[H1]

    async def act(say: Say) -> None:
        _, given = await say("redemptions", sale("1", code, (MILK, 1, 120), (BREAD, 1, 250)))
        assert parts(given) == [(2, 250, 100, 150)]
        _, milk = await say("returns", back("11", "1", (1, 1)))
        _, bread = await say("returns", back("12", "1", (2, 1)))
        assert [milk["total_refund_cents"], bread["total_refund_cents"]] == [refund, 120 - refund]
        bought = sale("2", code, (SOAP, 4, 1000))
        _, given = await say("redemptions", bought)
        assert parts(given) == [(1, 250, 0, 250)]
        paid = [
            (await say("returns", back(f"2{n}", "2", (1, 1))))[1]["total_refund_cents"]
            for n in range(4)
        ]
        spread_out = [166, 167, 167, 250]
        assert paid == (spread_out if spread == "over_all" else [0, 250, 250, 250])

    scenario(database, settings.model_copy(update={"return_spread": spread}), act)


def test_a_return_is_undone_and_numbers_are_used_once(
    database: Database, settings: Settings, deals: Shop, read_only: Any
) -> None:
    code = deals.lists[H1]
    bought = "SELECT line, gtin, quantity_milli, amount_cents FROM basket_line ORDER BY line"

    async def act(say: Say) -> None:
        lines = ((MILK, 1, 120), (BREAD, 2, 500), (SOAP, 3, 901))
        start = cents(read_only(BALANCES))
        await say("redemptions", sale("1", code, *lines))
        before, basket = cents(read_only(BALANCES)), read_only(bought)
        _, first = await say("returns", back("11", "1", (3, 1)))
        _, whole = await say("returns", back("12", "1", (1, 1), (2, 2), (3, 1)))
        status, undone = await say("voids", named("11"))
        assert (status, undone["status"], undone["return_id"]) == (
            200,
            "voided",
            first["return_id"],
        )
        assert undone["total_refund_cents"] == first["total_refund_cents"]
        assert uses(undone) == [(3, 0, 0, first["total_discount_cents"])]
        assert await say("voids", named("11")) == (status, undone)
        _, undone = await say("voids", named("12"))
        assert uses(undone) == [
            (1, 1, 0, 250),
            (2, 2, 100, 0),
            (3, 0, 0, whole["lines"][2]["discounts"][0]["amount_cents"]),
        ]
        assert (cents(read_only(BALANCES)), read_only(bought)) == (before, basket)
        _, other = await say("redemptions", sale("2", code, *lines))
        assert [each["reason"] for each in other["refused"]] == [
            "already_redeemed", "limit_reached", "already_redeemed",
        ]  # fmt: skip
        # Once more, in other portions: to the cent what was paid.
        refunds = [
            (await say("returns", back(f"3{n}", "1", *some)))[1]["total_refund_cents"]
            for n, some in enumerate([[(3, 2)], [(2, 1)], [(1, 1), (2, 1), (3, 1)]])
        ]
        assert sum(refunds) == 1521 - 250 - 300
        for number, sent, status in (
            ("1", back("1", "2", (1, 1)), 422),
            ("11", back("11", "1", (3, 1)), 409),
            ("31", back("31", "2", (1, 1)), 422),
        ):
            assert (await say("returns", sent))[0] == status, number
        assert (await say("redemptions", sale("31", code, *lines)))[0] == 422
        await say("voids", named("99"))
        assert (await say("returns", back("99", "2", (1, 1))))[0] == 409
        assert (await say("returns", back("98", "31", (1, 1))))[0] == 404
        await say("voids", named("30"))
        for number in ("1", "2"):
            await say("voids", named(number))
        assert cents(read_only(BALANCES)) == start
        _, nothing = await say("voids", named("31"))
        assert (nothing["status"], nothing["applied"]) == ("voided", [])
        assert cents(read_only(BALANCES)) == start

    scenario(database, settings, act)
    assert_sound(read_only)


def test_a_use_that_somebody_has_meanwhile_is_in_dispute_when_its_return_is_undone(
    database: Database, settings: Settings, deals: Shop, read_only: Any
) -> None:
    code = deals.lists[H1]
    owed = "SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'supplier_receivable'"
    disputes = "SELECT reason, amount_cents, borne_by FROM till_conflict WHERE ended_at IS NULL"

    async def act(say: Say) -> None:
        lines = ((MILK, 1, 120), (BREAD, 1, 250))
        await say("redemptions", sale("1", code, *lines))
        await say("returns", back("11", "1", (1, 1), (2, 1)))
        _, second = await say("redemptions", sale("2", code, *lines))
        assert uses(second) == [(1, 1, 0, 250), (2, 1, 50, 0)]
        assert (await say("voids", named("11")))[0] == 200
        # The points may be earned twice; the free bread was given twice.
        assert read_only(disputes) == [("already_redeemed", 250, "retailer")]
        assert cents(read_only(owed.replace("sum(", "1, 1, sum(")))[0][2] == 108
        await say("voids", named("2"))
        assert read_only(disputes) == []
        assert cents(read_only(owed.replace("sum(", "1, 1, sum(")))[0][2] == 108

    scenario(database, settings, act)
    assert_sound(read_only)


@pytest.mark.parametrize("liability", ["retailer", "supplier"])
def test_the_arithmetic_of_a_replay_is_not_believed(
    database: Database, settings: Settings, shop: Shop, read_only: Any, liability: str
) -> None:
    chosen = settings.model_copy(update={"offline_liability": liability})
    one, two = shop.lists[H1], shop.lists[H2]
    cases = (
        (one, (MILK, 1, 120), {"amount_cents": 10**10}, "above_line", 120, 0),
        (one, (MILK, 3, 360), {"amount_cents": 101}, "above_offer", 101, 259),
        (one, (MILK, 1, 120), {"amount_cents": 100, "uses": 9999}, "above_offer", 100, 20),
        (two, (SALT, 1, 80), {"amount_cents": 80}, "other_product", 80, 0),
        (two, (SOAP, 1, 300), {"amount_cents": 200, "list_line": 3}, "quantity_short", 200, 100),
        (two, (MILK, -1, -120), {"amount_cents": 1}, "above_line", 0, None),
    )

    async def act(say: Say) -> None:
        for number, (code, line, given, reason, believed, refund) in enumerate(cases):
            told = (await say("replays", offline(str(number), code, line, given)))[1]
            assert told["status"] == "accepted"
            assert [
                (each["reason"], each["amount_cents"], each["borne_by"])
                for each in told["conflicts"]
            ] == [(reason, given["amount_cents"], "retailer")]
            assert told["answer"]["total_discount_cents"] == believed
            assert parts(told["answer"]) == [(1, believed, 0, believed)]
            again = (await say("replays", offline(str(number), code, line, given)))[1]
            assert again == {**told, "status": "duplicate"}
            if refund is not None:
                sent = back(f"b{number}", str(number), (1, line[1]))
                assert (await say("returns", sent))[1]["total_refund_cents"] == refund
        good = offline("good", two, (MILK, 1, 120), {"amount_cents": 100})
        assert (await say("replays", good))[1]["conflicts"] == []

    scenario(database, chosen, act)
    owed = read_only("SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'fee_income'")
    assert int(owed[0][0]) == -8
    assert_sound(read_only)


def test_a_correction_cancels_its_line_before_the_offers_look(
    database: Database, settings: Settings, deals: Shop, read_only: Any
) -> None:
    code = deals.lists[H1]
    tea = [(SOAP, 3, 1000), (SOAP, -3, -1000)]

    async def act(say: Say) -> None:
        for lines in (tea, tea[::-1]):
            _, nothing = await say("quotes", sale("1", code, *lines))
            assert (nothing["discounts"], nothing["total_discount_cents"]) == ([], 0)
        # One of four is taken back, a third of a cent beside its share; one more is goods back.
        lines = [(SOAP, -1, -333), (SOAP, 3, 1000), (SOAP, 1, 333), (SOAP, -1, -300)]
        _, given = await say("redemptions", sale("2", code, *lines))
        assert parts(given) == [(2, 333, 0, 333)]
        assert [each[2:] for each in read_only("SELECT * FROM (SELECT line, gtin, quantity_milli, "
                "amount_cents FROM basket_line) x ORDER BY line")] == [
            (-1000, -333), (3000, 667), (1000, 333), (-1000, -300),
        ]  # fmt: skip
        assert (await say("returns", back("21", "2", (3, 1))))[0] == 409
        _, whole = await say("returns", back("22", "2", (2, 3)))
        assert whole["total_refund_cents"] == 667
        # A replay has nothing to give on what is not there.
        sent = offline("3", deals.lists[H2], (SOAP, 3, 1000), {"amount_cents": 333, "list_line": 3})
        sent["lines"] += sale("3", code, *tea)["lines"][1:]
        told = (await say("replays", sent))[1]
        assert [each["reason"] for each in told["conflicts"]] == ["above_line"]
        assert told["answer"]["total_discount_cents"] == 0

    scenario(database, settings, act)
    assert_sound(read_only)
