"""`limit_per_household` is of the household: over all its lists, revisions, sales and tills."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import add_key
from service.deals import load_deals
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.actor import Actor
from service.store.offers import revisions
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient
from tests.checkout.acts import off
from tests.shop import BREAD, CARDS, DEALS, H1, H2, MILK, SOAP, STORE, Shop, issue_again
from tests.till import body

pytestmark = pytest.mark.slow

CLIENTS = 6


@pytest.fixture
def till(
    shop: Shop, database: Database, settings: Settings, tmp_path: Path
) -> Iterator[TillClient]:
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    with serve_on_loopback(database, settings) as address:
        client = TillClient(address, key, queue=tmp_path / "queue", timeout_seconds=30)
        yield client
        client.close()


def given(answer: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(d["list_code"], d["list_line"], d["amount_cents"]) for d in answer["discounts"]]


def reason(answer: dict[str, Any], list_line: int) -> list[str]:
    return [each["reason"] for each in answer["refused"] if each["list_line"] == list_line]


def milk(number: int | str, code: str, pieces: int = 1) -> dict[str, Any]:
    return body(number, presented=[("list", code)], lines=[(MILK, pieces, 120 * pieces)])


def uses_left(till: TillClient, card: str) -> list[tuple[str, int, int]]:
    asked: dict[str, Any] = {"store": STORE, "business_date": "2026-03-05", "presented": []}
    asked["presented"].append({"kind": "card", "value": card})
    return [
        (each["list_code"], line["list_line"], line["uses_left"])
        for each in till.lookup(asked)["lists"]
        for line in each["lines"]
    ]


def undo(number: int | str) -> dict[str, Any]:
    return {"transaction": body(number)["transaction"]}


def test_two_lists_share_the_limit_and_what_is_undone_is_free_for_either(
    till: TillClient, shop: Shop, database: Database
) -> None:
    one, two = shop.lists[H1], issue_again(database, shop, H1, 3)
    assert given(till.redeem(milk(1, one))) == [(one, 1, 100)]
    quoted, sold = till.quote(milk(2, two)), till.redeem(milk(2, two))
    for answer in (quoted, sold):
        assert given(answer) == []
        assert reason(answer, 1) == ["limit_reached"]
    # Its own line was not used; the one that was is said to be.
    assert reason(till.redeem(milk(3, one)), 1) == ["already_redeemed"]
    assert uses_left(till, CARDS[H1]) == [(one, 2, 2), (one, 3, 1), (two, 2, 2), (two, 3, 1)]
    assert till.void(undo(1))["reopened"] == [{"list_code": one, "list_line": 1}]
    assert given(till.redeem(milk(4, two))) == [(two, 1, 100)]
    assert reason(till.quote(milk(5, one)), 1) == ["limit_reached"]
    original = {k: v for k, v in milk(4, two)["transaction"].items() if k != "at"}
    back = {"transaction": milk(6, two)["transaction"], "original": original,
            "lines": [{"line": 1, "quantity": 1}]}  # fmt: skip
    assert till.give_back(back)["reopened"] == [{"list_code": two, "list_line": 1}]
    assert given(till.redeem(milk(7, one))) == [(one, 1, 100)]
    assert reason(till.quote(milk(8, two)), 1) == ["limit_reached"]


def test_in_one_basket_too_the_lists_have_the_limit_once(
    till: TillClient, shop: Shop, database: Database, read_only: Any
) -> None:
    one, two = shop.lists[H1], issue_again(database, shop, H1, 3)
    both = [("card", CARDS[H1])]
    goods = [(MILK, 4, 480), (BREAD, 3, 750), (SOAP, 4, 1200)]
    answer = till.redeem(body(1, presented=both, lines=goods))
    assert given(answer) == [(one, 1, 100), (one, 2, 100), (one, 3, 200)]
    assert [(each["list_line"], each["reason"]) for each in answer["refused"]] == [
        (1, "limit_reached"),
        (2, "limit_reached"),
        (3, "limit_reached"),
    ]
    other, again = shop.lists[H2], issue_again(database, shop, H2, 4)
    bread = body(2, presented=[("list", other)], lines=[(BREAD, 1, 250)])
    assert given(till.redeem(bread)) == [(other, 2, 50)]
    # One of two uses is left, on whichever list.
    answer = till.redeem(body(3, presented=[("card", CARDS[H2])], lines=[(BREAD, 3, 750)]))
    assert given(answer) == [(other, 2, 50)]
    assert sorted(reason(answer, 2)) == ["limit_reached"]
    assert uses_left(till, CARDS[H2]) == [
        (other, 1, 1),
        (other, 3, 1),
        (again, 1, 1),
        (again, 3, 1),
    ]
    numbers = "SELECT deal_use FROM redemption_line ORDER BY household_id, deal_id, deal_use"
    assert [row[0] for row in read_only(numbers)] == [1, 1, 1, 1, 2]
    assert two != one


def test_revisions_of_a_deal_share_it_and_each_copy_has_the_limit_it_was_printed_with(
    till: TillClient, shop: Shop, database: Database, tmp_path: Path
) -> None:
    """Bread may be used twice by the first revision, once by the second."""
    revised = DEALS.replace("Oven Bread", "Oven Bread!").replace("2026-12-31,2\n", "2026-12-31,1\n")
    (tmp_path / "revised.csv").write_text(revised, encoding="utf-8")
    load_deals(database, tmp_path / "revised.csv", uploaded_by=Actor("tests"))
    with database.read() as session:
        offers = dict(revisions.current(session).select("deal_ref", "offer_id").iter_rows())
    assert offers["BREAD-1"] != shop.bread_offer
    old = shop.lists[H1]
    new = issue_again(
        database, shop, H1, 3, offered=[offers[ref] for ref in ("MILK-1", "BREAD-1", "SOAP-1")]
    )

    def bread(number: int, code: str) -> dict[str, Any]:
        return till.redeem(body(number, presented=[("list", code)], lines=[(BREAD, 1, 250)]))

    assert given(bread(1, old)) == [(old, 2, 50)]
    assert reason(bread(2, new), 2) == ["limit_reached"]
    assert given(bread(3, old)) == [(old, 2, 50)]
    assert till.void(undo(1))["status"] == till.void(undo(3))["status"] == "voided"
    assert given(bread(4, new)) == [(new, 2, 50)]
    assert given(bread(5, old)) == [(old, 2, 50)]
    assert reason(bread(6, old), 2) == ["limit_reached"]


def test_sales_made_offline_contend_for_the_limit_over_lists(
    till: TillClient, shop: Shop, database: Database
) -> None:
    one, two = shop.lists[H1], issue_again(database, shop, H1, 3)

    def offline(number: str, code: str, minute: int) -> dict[str, Any]:
        sent = milk(number, code)
        sent["transaction"]["at"] = f"2026-03-05T12:{minute:02}:00+00:00"
        return {**sent, "discounts": [off(code, 1, 100)]}

    def conflicts(sent: dict[str, Any]) -> list[tuple[str, str]]:
        (answer,) = till.replay([sent])
        return [(each["list_code"], each["reason"]) for each in answer["conflicts"]]

    young, old = offline("young", one, 30), offline("old", two, 10)
    assert conflicts(young) == []
    assert reason(till.quote(milk(1, two)), 1) == ["limit_reached"]
    # Heard of late, made first: it takes the use from the other list's.
    assert conflicts(old) == []
    assert conflicts(young) == [(one, "limit_reached")]
    # The use passes back, so nothing is open again.
    assert till.void(undo("old"))["reopened"] == []
    assert conflicts(young) == []
    assert reason(till.quote(milk(2, two)), 1) == ["limit_reached"]
    assert till.void(undo("young"))["reopened"] == [{"list_code": one, "list_line": 1}]
    # What the service answered stands.
    assert given(till.redeem(milk(3, two))) == [(two, 1, 100)]
    assert conflicts(offline("late", one, 0)) == [(one, "limit_reached")]
    assert till.void(undo(3))["reopened"] == []
    assert conflicts(offline("late", one, 0)) == []


def test_of_many_tills_at_once_on_two_lists_one_gets_the_use(
    till: TillClient, shop: Shop, database: Database, read_only: Any
) -> None:
    codes = [shop.lists[H1], issue_again(database, shop, H1, 3)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        baskets = [
            body(n, presented=[("list", codes[n % 2])], lines=[(MILK, 1, 120), (BREAD, 1, 250)])
            for n in range(4 * CLIENTS)
        ]
        answers = list(pool.map(till.redeem, baskets))
    uses = sorted(list_line for answer in answers for _, list_line, _ in given(answer))
    assert uses == [1, 2, 2]
    assert read_only(
        """SELECT deal_id, count(*), max(deal_use) FROM redemption_line WHERE live
           GROUP BY deal_id ORDER BY deal_id"""
    ) == [(shop.milk_offer, 1, 1), (shop.bread_offer, 2, 2)]
