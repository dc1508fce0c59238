"""Tills that get in each other's way, on both databases, with connections of their own."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of, reference_of
from service.api.till.schemas import BasketIn, OfflineIn
from service.checkout import redeem, replay, void
from service.cycle.expiry import expire_lists
from service.errors import Conflict
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import H1, VALID_TO, Shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

TILL = Caller(1, Role.ADMIN, None, None)
TILLS = 8
ROUNDS = 6


@contextmanager
def tills(url: str) -> Iterator[list[Database]]:
    """Databases as so many processes would open them."""
    opened = [Database(url, pool_size=2) for _ in range(TILLS)]
    yield opened
    for each in opened:
        each.dispose()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run acts at the same moment; their results, or the errors they raised."""
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def sell(database: Database, settings: Settings, number: Any, code: str) -> dict[str, Any]:
    sent = BasketIn.model_validate(body(number, presented=[("list", code)], lines=FULL))
    answer: dict[str, Any] = json.loads(redeem(database, settings, basket_of(sent, TILL)))
    return answer


def undo(database: Database, number: Any) -> dict[str, Any]:
    sent = BasketIn.model_validate(body(number))
    answer: dict[str, Any] = json.loads(void(database, reference_of(sent.transaction), key_id=1))
    return answer


def assert_sound(read_only: Any) -> None:
    """No line is used beyond its limit, every posting balances, no reservation is below zero."""
    assert (
        read_only(
            """SELECT r.list_id, r.list_line FROM redemption_line r
               JOIN list_line l ON l.list_id = r.list_id AND l.line = r.list_line
               WHERE r.live GROUP BY r.list_id, r.list_line, l.uses HAVING sum(r.uses) > l.uses"""
        )
        == []
    )
    assert (
        read_only("SELECT posting FROM ledger_entry GROUP BY posting HAVING sum(amount_cents) <> 0")
        == []
    )
    assert (
        read_only(
            """SELECT offer_id FROM ledger_entry WHERE account = 'offer_reserved'
               GROUP BY offer_id HAVING sum(amount_cents) < 0"""
        )
        == []
    )
    assert (
        read_only(
            """SELECT r.id FROM redemption r LEFT JOIN basket b ON b.id = r.basket_id
               WHERE (b.id IS NULL) <> (r.state = 'voided')"""
        )
        == []
    )


def test_the_same_list_at_eight_tills_is_used_once(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    with tills(database_url) as opened:
        given = at_once([lambda d=d, n=n: sell(d, settings, n, code) for n, d in enumerate(opened)])
    uses = [d["list_line"] for answer in given for d in answer["discounts"]]
    assert sorted(uses) == [1, 2, 2, 3]
    assert_sound(read_only)
    assert read_only("SELECT count(*) FROM redemption") == [(TILLS,)]


def test_the_same_transaction_from_eight_connections_has_one_effect_and_one_answer(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    with tills(database_url) as opened:
        for number in range(ROUNDS):
            told = at_once([lambda d=d, n=number: sell(d, settings, n, code) for d in opened])
            assert all(answer == told[0] for answer in told)
    assert read_only("SELECT count(*) FROM redemption") == [(ROUNDS,)]
    assert read_only("SELECT count(*) FROM basket") == [(ROUNDS,)]
    assert_sound(read_only)


def test_redeem_against_void_leaves_the_list_wholly_used_or_wholly_open(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    with tills(database_url) as opened:
        for turn in range(ROUNDS):
            first, second = f"{turn}a", f"{turn}b"
            told = at_once(
                [
                    lambda n=first: sell(opened[0], settings, n, code),
                    lambda n=first: undo(opened[1], n),
                    lambda n=second: sell(opened[2], settings, n, code),
                    lambda n=second: undo(opened[3], n),
                    lambda n=second: sell(opened[4], settings, n, code),
                    lambda n=first: undo(opened[5], n),
                ]
            )
            for answer in told:
                assert isinstance(answer, dict | Conflict), answer
            assert told[1] == told[5]
            assert_sound(read_only)
    assert read_only("SELECT count(*) FROM redemption_line WHERE live") == [(0,)]
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def test_redeem_against_expiry_never_gives_a_reservation_back_twice(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    after = VALID_TO + timedelta(days=1)
    with tills(database_url) as opened:
        told = at_once(
            [
                *[lambda d=d, n=n: sell(d, settings, n, code) for n, d in enumerate(opened[:4])],
                lambda: expire_lists(opened[4], before=after),
                lambda: expire_lists(opened[5], before=after),
            ]
        )
    assert sorted(d["list_line"] for a in told[:4] for d in a["discounts"]) == [1, 2, 2, 3]
    assert_sound(read_only)
    assert (
        read_only(
            """SELECT offer_id FROM ledger_entry WHERE account = 'offer_reserved'
               GROUP BY offer_id HAVING sum(amount_cents) <> 0"""
        )
        == []
    )


def test_a_storm_of_retries_loses_no_answer(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    numbers = [n % 4 for n in range(24)]
    with tills(database_url) as opened:
        told = at_once(
            [
                lambda d=opened[i % TILLS], n=n: sell(d, settings, n, code)
                for i, n in enumerate(numbers)
            ]
        )
    for number, answer in zip(numbers, told, strict=True):
        assert answer == told[number]
    assert read_only("SELECT count(*) FROM redemption") == [(4,)]
    assert_sound(read_only)


def test_replays_against_redemptions_lose_no_sale(
    database: Database, settings: Settings, shop: Shop, database_url: str, read_only: Any
) -> None:
    code = shop.lists[H1]
    honoured = [{"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}]

    def offline(database: Database, number: int) -> Any:
        sent = {**body(number, presented=[("list", code)], lines=FULL), "discounts": honoured}
        parsed = OfflineIn.model_validate(sent)
        return json.loads(replay(database, settings, offline_of(parsed, TILL)))

    with tills(database_url) as opened:
        told = at_once(
            [
                *[lambda d=d, n=n: offline(d, n) for n, d in enumerate(opened[:4])],
                *[lambda d=d, n=n: sell(d, settings, n, code) for n, d in enumerate(opened[4:], 4)],
            ]
        )
    assert [answer["status"] for answer in told[:4]] == ["accepted"] * 4
    assert read_only("SELECT count(*) FROM redemption") == [(8,)]
    assert read_only("SELECT count(*) FROM redemption_line WHERE live AND list_line = 1") == [(1,)]
    (conflicts,) = read_only("SELECT count(*) FROM till_conflict")
    assert conflicts[0] in (3, 4)
    assert_sound(read_only)
