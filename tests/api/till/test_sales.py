"""What a household brings to the till over HTTP: two households in one sale, and many visits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import add_key
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.till_client import TillClient
from tests.shop import BREAD, CARDS, H1, H2, H3, MILK, PHONES, SOAP, STORE, Shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow


@pytest.fixture
def till(
    shop: Shop, database: Database, settings: Settings, tmp_path: Path
) -> Iterator[TillClient]:
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    with serve_on_loopback(database, settings) as address:
        client = TillClient(address, key, queue=tmp_path / "queue", timeout_seconds=30)
        yield client
        client.close()


def given(answer: dict[str, Any]) -> list[tuple[int, int]]:
    return [(each["list_line"], each["amount_cents"]) for each in answer["discounts"]]


def refused(answer: dict[str, Any]) -> list[tuple[int | None, str]]:
    return [(each["list_line"], each["reason"]) for each in answer["refused"]]


def test_of_two_households_each_thing_of_the_second_is_refused_and_the_rest_goes_through(
    till: TillClient, shop: Shop, read_only: Any
) -> None:
    shown = [
        ("list", shop.lists[H1]),
        ("card", CARDS[H2]),
        ("phone", PHONES[H1]),
        ("list", shop.lists[H2]),
        ("phone", PHONES[H3]),
    ]
    answer = till.redeem(body(1, presented=shown, lines=FULL))
    assert given(answer) == [(1, 100), (2, 50), (3, 200)]
    assert {each["list_code"] for each in answer["discounts"]} == {shop.lists[H1]}
    assert refused(answer) == [(None, "household_mismatch")] * 3
    named = sorted(each["detail"].split()[1] for each in answer["refused"])
    assert named == ["card", "list", "phone"]
    assert read_only(
        """SELECT h.ref FROM redemption r JOIN household h ON h.id = r.household_id"""
    ) == [(H1,)]
    assert read_only("SELECT reason, count(*) FROM refusal GROUP BY reason") == [
        ("household_mismatch", 3)
    ]
    other = till.redeem(body(2, presented=[("list", shop.lists[H2])], lines=FULL))
    assert given(other) == [(1, 100), (2, 50), (3, 200)]


def test_a_list_over_several_visits_gives_each_line_once_or_up_to_its_limit(
    till: TillClient, shop: Shop
) -> None:
    shown = [("list", shop.lists[H1])]
    first = till.redeem(body(1, presented=shown, lines=[(MILK, 1, 120)]))
    assert given(first) == [(1, 100)]
    assert refused(first) == [(2, "not_in_basket"), (3, "not_in_basket")]
    second = till.redeem(body(2, presented=shown, lines=[(MILK, 1, 120), (BREAD, 1, 250)]))
    assert given(second) == [(2, 50)]
    assert refused(second) == [(1, "already_redeemed"), (3, "not_in_basket")]
    asked = {"store": STORE, "business_date": "2026-03-05", "presented": []}
    asked["presented"] = [{"kind": "card", "value": CARDS[H1]}]  # type: ignore[assignment]
    (open_list,) = till.lookup(asked)["lists"]
    assert [(line["list_line"], line["uses_left"]) for line in open_list["lines"]] == [
        (2, 1),
        (3, 1),
    ]
    third = till.redeem(body(3, presented=shown, lines=[(BREAD, 2, 500), (SOAP, 2, 600)]))
    assert given(third) == [(2, 50), (3, 200)]
    last_day = till.redeem(body(4, presented=shown, lines=FULL, day="2026-03-15"))
    assert given(last_day) == []
    assert refused(last_day) == [
        (1, "already_redeemed"),
        (2, "limit_reached"),
        (3, "already_redeemed"),
    ]


def test_a_line_with_uses_left_is_open_until_the_list_ends(till: TillClient, shop: Shop) -> None:
    shown = [("list", shop.lists[H1])]
    till.redeem(body(1, presented=shown, lines=[(BREAD, 1, 250)]))
    late = till.redeem(body(2, presented=shown, lines=[(BREAD, 1, 250)], day="2026-03-16"))
    assert given(late) == []
    assert dict(refused(late))[2] == "expired"
