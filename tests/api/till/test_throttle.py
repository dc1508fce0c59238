"""Who guesses has to wait: a key, and a store however many keys it has. Customers never do."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import Caller, add_key
from service.api.app import create_app
from service.api.till.throttle import Throttle
from service.errors import Throttled
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.api.direct import Answer, Ask, with_app
from tests.shop import CARDS, H1, STORE, list_code, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time the throttle goes by; one number, to be changed."""
    now = [1000.0]
    monkeypatch.setattr("service.api.till.throttle.time.monotonic", lambda: now[0])
    return now


def caller(key_id: int) -> Caller:
    return Caller(key_id, Role.POS, STORE, None)


def wait_of(throttle: Throttle, key_id: int, store: str = STORE) -> int:
    """The seconds it has to wait now; 0 for none."""
    try:
        throttle.check(caller(key_id), store)
    except Throttled as error:
        return error.retry_seconds
    return 0


def test_guesses_come_back_evenly(clock: list[float]) -> None:
    throttle = Throttle(60)
    for _ in range(60):
        assert wait_of(throttle, 1) == 0
        throttle.charge(caller(1), STORE, 1)
    assert wait_of(throttle, 1) == 1
    clock[0] += 0.5
    assert wait_of(throttle, 1) == 1
    clock[0] += 0.5
    assert wait_of(throttle, 1) == 0
    throttle.charge(caller(1), STORE, 20)
    assert wait_of(throttle, 1) == 20
    clock[0] += 3600
    throttle.charge(caller(1), STORE, 60)
    assert wait_of(throttle, 1) == 1


def test_many_guesses_at_once_are_waited_for_twice_as_long_at_most(clock: list[float]) -> None:
    throttle = Throttle(60)
    for _ in range(64):
        throttle.charge(caller(1), STORE, 20)
    assert wait_of(throttle, 1) == 61
    assert wait_of(throttle, 2) == 61


def test_keys_of_a_store_share_what_the_store_may(clock: list[float]) -> None:
    throttle = Throttle(10)
    for key in range(1, 6):
        throttle.charge(caller(key), STORE, 9)
        assert wait_of(throttle, key) == 0
    for key in range(6, 11):
        throttle.charge(caller(key), STORE, 1)
    # Fifty unknown codes came from ten keys, none of which had its ten.
    assert [wait_of(throttle, key) for key in (1, 6, 11)] == [2, 2, 2]
    assert wait_of(throttle, 11, store="0077") == 0
    clock[0] += 1.2
    assert wait_of(throttle, 11) == 0


def test_known_codes_cost_nothing(clock: list[float]) -> None:
    throttle = Throttle(1)
    for _ in range(10_000):
        throttle.check(caller(1), STORE)
        throttle.charge(caller(1), STORE, 0)
    assert wait_of(throttle, 1) == 0


def test_a_store_that_guesses_waits_and_its_plain_sales_go_on(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    few = settings.model_copy(update={"unknown_codes_per_minute": 2})
    keys = [add_key(database, settings, role=Role.POS, store_id=STORE)[1] for _ in range(7)]

    async def act(ask: Ask) -> None:
        async def send(key: int, verb: str, sent: Any) -> Answer:
            kind = {"authorization": f"Bearer {keys[key]}", "content-type": "application/json"}
            return await ask(f"/v1/{verb}", json.dumps(sent).encode(), kind)

        for number in range(20):
            shown = [("list", shop.lists[H1]), ("card", CARDS[H1])]
            known = await send(0, "redemptions", body(number, presented=shown, lines=FULL))
            assert known.status == 200
        # Each key has two guesses, the store ten: the last two keys find them used up.
        statuses = []
        for key in range(7):
            for number in range(2):
                guess = body(number, presented=[("list", list_code(900 + 10 * key + number))])
                statuses.append((await send(key, "quotes", guess)).status)
        assert statuses == [200] * 10 + [429] * 4
        asked = {
            "store": STORE,
            "business_date": "2026-03-05",
            "presented": [{"kind": "phone", "value": "1"}],
        }
        waiting = await send(6, "lists/lookup", asked)
        assert (waiting.status, waiting.headers["retry-after"]) == (429, "6")
        assert json.loads(waiting.body)["type"] == "urn:larder:problem:throttled"
        plain = await send(6, "redemptions", body("plain"))
        assert (plain.status, json.loads(plain.body)["status"]) == (200, "recorded")
        sales = [
            {**body("p1"), "discounts": []},
            {**body("p2", presented=[("phone", "1")]), "discounts": []},
        ]
        replayed = [json.loads(x) for x in (await send(6, "replays", sales)).body.splitlines()]
        assert [line["status"] for line in replayed] == ["accepted", "failed"]
        assert replayed[1]["problem"]["status"] == 429
        gone = await send(6, "voids", {"transaction": body("plain")["transaction"]})
        assert gone.status == 200

    with_app(create_app(database, few), act)
