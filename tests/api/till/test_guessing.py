"""Who guesses has to wait: a key, and a store however many keys it has. Customers never do."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import add_key
from service.api.app import create_app
from service.checkout import guessing
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.api.direct import Answer, asker, with_app
from tests.conftest import DATABASES, fresh_database, settings_of
from tests.shop import CARDS, H1, SHOPPING_DAY, list_code, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

Send = Callable[[int, str, Any], Awaitable[Answer]]


@dataclass
class Till:
    """A shop that all tests share; each has a store of its own, and keys of it."""

    database: Database
    settings: Settings
    code: str
    now: datetime = datetime(2026, 3, 5, 17, tzinfo=UTC)
    stores: int = 0
    store: str = ""
    keys: list[str] = field(default_factory=list)

    def open_store(self, keys: int = 1) -> None:
        """A new store with so many keys."""
        self.stores += 1
        self.store = f"S{self.stores}"
        make = {"role": Role.POS, "store_id": self.store}
        self.keys = [add_key(self.database, self.settings, **make)[1] for _ in range(keys)]

    def run(
        self, act: Callable[[Send], Awaitable[None]], *, processes: int = 1, **limits: int
    ) -> None:
        """Let `act` send with a key to services that take turns and share only the database."""
        settings = self.settings.model_copy(update=limits)
        apps = [create_app(Database(self.database.url), settings) for _ in range(processes)]
        turn = iter(range(10_000))

        async def all_of_them(_: Any) -> None:
            others = [app.router.lifespan_context(app) for app in apps[1:]]
            for each in others:
                await each.__aenter__()
            asks = [asker(app) for app in apps]

            async def send(key: int, verb: str, sent: Any) -> Answer:
                kind = {
                    "authorization": f"Bearer {self.keys[key]}",
                    "content-type": "application/json",
                }
                ask = asks[next(turn) % len(asks)]
                return await ask(f"/v1/{verb}", json.dumps(sent).encode(), kind)

            await act(send)
            for each in others:
                await each.__aexit__(None, None, None)

        with_app(apps[0], all_of_them)

    def sale(self, number: str, *presented: tuple[str, str], terminal: str = "1") -> dict[str, Any]:
        """A basket in this store."""
        sent = body(number, presented=[*presented], lines=FULL, store=self.store)
        sent["transaction"]["terminal"] = terminal
        return sent

    def asked(self, *presented: tuple[str, str]) -> dict[str, Any]:
        """A look-up in this store."""
        shown = [{"kind": kind, "value": value} for kind, value in presented]
        return {"store": self.store, "business_date": f"{SHOPPING_DAY}", "presented": shown}

    def stored(self, what: str) -> list[tuple[Any, ...]]:
        """Rows of this store."""
        with self.database.read() as session:
            run = session.connection().exec_driver_sql
            return [tuple(row) for row in run(f"{what} AND store_id = '{self.store}'")]

    def guesses(self) -> int:
        """How many unknown things are counted in this store."""
        return len(self.stored("SELECT digest FROM guess WHERE kind = 'unknown'"))


@pytest.fixture(scope="module", params=DATABASES)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Till]:
    folder: Path = tmp_path_factory.mktemp("guessing")
    with fresh_database(request, request.param, folder) as url:
        settings, database = settings_of(url, folder), Database(url)
        yield Till(database, settings, open_shop(database, settings, folder).lists[H1])
        database.dispose()


@pytest.fixture
def till(opened: Till, monkeypatch: pytest.MonkeyPatch) -> Till:
    monkeypatch.setattr(guessing, "now", lambda: opened.now)
    opened.now += timedelta(days=1)
    opened.open_store()
    return opened


def unknown(number: int) -> tuple[str, str]:
    """The code of a list that does not exist."""
    return ("list", list_code(900_000 + number))


def test_one_value_is_one_guess_of_its_till_for_ten_minutes(till: Till) -> None:
    async def act(send: Send) -> None:
        for spelled in ["+1 502 555 9999", "15025559999"] * 30:
            quoted = await send(0, "quotes", till.sale("1", ("phone", spelled)))
            assert quoted.status == 200
        redeemed = await send(0, "redemptions", till.sale("1", ("phone", "15025559999")))
        assert redeemed.status == 200
        assert till.guesses() == 1
        assert (
            await send(0, "quotes", till.sale("1", ("phone", "15025559999"), terminal="2"))
        ).status == 200
        assert till.guesses() == 2
        # The key waits for another value, and not for this one again once a guess is back.
        assert (await send(0, "quotes", till.sale("1", unknown(1)))).status == 429
        till.now += timedelta(minutes=1)
        assert (await send(0, "quotes", till.sale("1", ("phone", "15025559999")))).status == 200
        assert (await send(0, "quotes", till.sale("1", unknown(1)))).status == 200
        till.now += timedelta(minutes=9)
        assert (await send(0, "quotes", till.sale("1", unknown(2)))).status == 200
        assert (await send(0, "quotes", till.sale("1", ("phone", "15025559999")))).status == 200
        assert (await send(0, "quotes", till.sale("1", unknown(3)))).status == 429

    till.run(act, unknown_codes_per_minute=2)
    digests = till.stored("SELECT DISTINCT length(digest) FROM guess WHERE true")
    assert digests == [(32,)]


def test_while_a_key_waits_only_redemptions_of_known_codes_pass(till: Till) -> None:
    known = ("card", CARDS[H1])

    async def act(send: Send) -> None:
        first = await send(0, "redemptions", till.sale("first", unknown(0)))
        till.now += timedelta(seconds=10)
        shown = till.asked(unknown(1), unknown(2))
        assert [first.status, (await send(0, "lists/lookup", shown)).status] == [200, 200]
        till.now += timedelta(seconds=20)
        waiting = [
            await send(0, "quotes", till.sale("q", known)),
            await send(0, "quotes", till.sale("q", unknown(3))),
            await send(0, "lists/lookup", till.asked(known)),
            await send(0, "redemptions", {**till.sale("none", known), "lines": []}),
        ]
        assert {(each.status, each.headers["retry-after"]) for each in waiting} == {(429, "30")}
        assert {json.loads(each.body)["type"] for each in waiting} == {
            "urn:larder:problem:throttled"
        }
        # Two are tried while it waits: one of them presents something unknown besides.
        tried = [
            await send(0, "redemptions", till.sale("known", known)),
            await send(0, "redemptions", till.sale("mixed", known, unknown(4))),
            await send(0, "redemptions", till.sale("late", known)),
            await send(0, "redemptions", till.sale("guess", unknown(5))),
        ]
        assert [each.status for each in tried] == [200, 429, 429, 429]
        told = [{**json.loads(each.body), "request": ""} for each in tried[1:]]
        assert told[0] == told[1] == told[2]
        assert {each.headers["retry-after"] for each in tried[1:]} == {"30"}
        again = await send(0, "redemptions", till.sale("first", unknown(0)))
        assert again.body == first.body
        plain = await send(0, "redemptions", till.sale("plain"))
        assert (plain.status, json.loads(plain.body)["status"]) == (200, "recorded")
        gone = await send(0, "voids", {"transaction": till.sale("plain")["transaction"]})
        assert gone.status == 200
        sold = [{**till.sale("offline", known), "discounts": []}]
        assert json.loads((await send(0, "replays", sold)).body)["status"] == "accepted"
        assert till.guesses() == 3
        till.now += timedelta(seconds=30)
        assert (await send(0, "quotes", till.sale("q", known))).status == 200

    till.run(act, unknown_codes_per_minute=3, waiting_redemptions_per_minute=2)
    kept = till.stored("SELECT number FROM redemption WHERE true")
    assert sorted(kept) == [("first",), ("known",), ("offline",), ("plain",)]


def test_a_clock_that_is_set_back_makes_nobody_wait_for_the_hour_that_it_repeats(
    till: Till,
) -> None:
    async def act(send: Send) -> None:
        for number in range(4):
            assert (await send(0, "quotes", till.sale("1", unknown(number)))).status == 200
            till.now += timedelta(minutes=20)
        till.now -= timedelta(minutes=70)
        for presented in (("card", CARDS[H1]), unknown(8), unknown(9)):
            assert (await send(0, "quotes", till.sale("1", presented))).status == 200
        assert (await send(0, "quotes", till.sale("1", unknown(10)))).status == 429

    till.run(act, unknown_codes_per_minute=2)


def test_too_many_at_once_are_paid_for_and_answered_later(till: Till) -> None:
    five = [unknown(number) for number in range(5)]

    async def act(send: Send) -> None:
        assert (await send(0, "quotes", till.sale("1", *five))).status == 429
        assert till.guesses() == 5
        assert (await send(0, "quotes", till.sale("1", ("card", CARDS[H1])))).status == 429
        till.now += timedelta(minutes=1)
        assert (await send(0, "quotes", till.sale("1", *five))).status == 200
        assert till.guesses() == 5

    till.run(act, unknown_codes_per_minute=3)
    for minutes, left in ((10, 5), (11, 0)):
        guessing.forget_guesses(till.database, now=till.now + timedelta(minutes=minutes - 1))
        assert till.guesses() == left


def test_keys_of_a_store_share_what_the_store_may(till: Till) -> None:
    till.open_store(keys=7)

    async def act(send: Send) -> None:
        # Each key has two guesses, the store ten: the last two keys find them used up.
        statuses = [
            (await send(key, "quotes", till.sale("1", unknown(10 * key + number)))).status
            for key in range(7)
            for number in range(2)
        ]
        assert statuses == [200] * 10 + [429] * 4
        # The store waits, and its tills with customers redeem.
        sold = await send(6, "redemptions", till.sale("1", ("card", CARDS[H1])))
        assert sold.status == 200
        till.open_store()
        assert (await send(0, "quotes", till.sale("1", unknown(99)))).status == 200

    till.run(act, unknown_codes_per_minute=2)


@pytest.mark.parametrize("verb", ["redemptions", "quotes"])
def test_the_limit_holds_however_many_guess_at_once(till: Till, verb: str) -> None:
    async def act(send: Send) -> None:
        tries = [
            till.sale(f"{sale}", *(unknown(4 * sale + number) for number in range(4)))
            for sale in range(64)
        ]
        answers = await asyncio.gather(*(send(0, verb, each) for each in tries))
        assert Counter(each.status for each in answers) == {200: 5, 429: 59}
        assert sum(each.body.count(b"unknown_code") for each in answers) == 20

    till.run(act, processes=2, unknown_codes_per_minute=20)
    written = 5 if verb == "redemptions" else 0
    assert till.stored("SELECT count(*) FROM redemption WHERE true") == [(written,)]


def test_replays_are_counted_apart_and_do_not_make_tills_wait(till: Till) -> None:
    def given(code: str) -> dict[str, Any]:
        return {"line": 1, "list_code": code, "list_line": 1, "amount_cents": 100}

    sold = [
        {**till.sale("0", unknown(0)), "discounts": []},
        {**till.sale("1", ("list", till.code)), "discounts": [given(unknown(1)[1])]},
        {**till.sale("2", unknown(2)), "discounts": []},
        {**till.sale("3", ("list", till.code)), "discounts": []},
        {**till.sale("4"), "discounts": []},
    ]

    async def act(send: Send) -> None:
        async def replayed() -> list[dict[str, Any]]:
            lines = (await send(0, "replays", sold)).body.splitlines()
            return [json.loads(line) for line in lines]

        first = await replayed()
        taken = ["accepted", "accepted", "failed", "failed", "accepted"]
        assert [line["status"] for line in first] == taken
        assert [first[n]["problem"]["status"] for n in (2, 3)] == [429, 429]
        assert (await send(0, "quotes", till.sale("q", unknown(7)))).status == 200
        till.now += timedelta(minutes=1)
        again = [line["status"] for line in await replayed()]
        assert again == ["duplicate", "duplicate", "accepted", "accepted", "duplicate"]

    till.run(act, unknown_codes_per_minute=2)
