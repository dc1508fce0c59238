"""What comes between the look and the write of a till on PostgreSQL, and between two locks.

Larder itself takes locks in one order. Here somebody else takes them the other way round: holds
what the act will want, waits until it does, and then wants what the act holds.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeeming
from service.cycle.expiry import expire_lists
from service.settings import Settings
from service.store.session import Database
from service.store.till import Steps
from service.store.till.async_gate import AsyncGate
from tests.conftest import CODE, SECRET, fresh_database
from tests.nursery import TILL, act
from tests.racing import faults, sale, sold_offline, undo
from tests.served import eventually
from tests.shop import BREAD, H1, MILK, STORE, VALID_TO, Shop, issue_again, open_shop
from tests.till import body

pytestmark = pytest.mark.slow

LIST = "SELECT FROM shopping_list WHERE id = 1 FOR UPDATE"
OTHER_LIST = "SELECT FROM shopping_list WHERE id = 2 FOR UPDATE"
SALE = "SELECT FROM redemption WHERE number = 'sold' FOR UPDATE"
SAME_SALE = f"""INSERT INTO redemption (id, store_id, terminal, business_date, number, digest,
        state, total_discount_cents, answer, redeemed_at)
    VALUES ('x', '{STORE}', '1', '2026-03-05', 'new', '', 'recorded', 0, '', now())"""


@dataclass(frozen=True, slots=True)
class World:
    """A shop on PostgreSQL, with one sale made."""

    settings: Settings
    database: Database
    code: str

    def act(self, verb: str) -> str:
        """What a till asks for, or the nightly sweep."""
        if verb == "expire":
            expired = expire_lists(self.database, before=VALID_TO + timedelta(days=1)).lists
            return json.dumps({"status": expired})
        if verb == "redeem on the event loop":
            return asyncio.run(self._redeem())
        number = "sold" if verb in ("void", "return") else "new"
        sent = {
            "redeem": sale(number, self.code),
            "void": undo(number),
            "return": back(number),
            "replay": sold_offline(number, self.code),
        }[verb]
        return act(self.settings, self.database, verb, sent)

    def sell(self, number: str) -> None:
        """A sale that meets every line of the list."""
        act(self.settings, self.database, "redeem", sale(number, self.code))

    def void(self, number: str) -> None:
        """The void of a sale."""
        act(self.settings, self.database, "void", undo(number))

    async def run(self, steps: Steps) -> str:
        """Carry out steps as the service does."""
        gate = await AsyncGate.open(self.database, size=1)
        answer = await gate.run(steps)
        await gate.close()
        return answer

    async def _redeem(self) -> str:
        basket = basket_of(BasketIn.model_validate(sale("new", self.code)), TILL)
        return await self.run(redeeming(self.settings, basket))


def back(number: str) -> dict[str, Any]:
    """The return of one line of a sale."""
    named = sale(number, "")["transaction"]
    original = {name: value for name, value in named.items() if name != "at"}
    return {
        "transaction": {**named, "number": "back"},
        "original": original,
        "lines": [{"line": 1, "quantity": 1}],
    }


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with fresh_database(request, "postgresql", tmp_path) as url:
        settings = Settings(_env_file=None, database_url=url, secret_key=SECRET, code_key=CODE)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '700ms'".encode())
        database = Database(url)
        shop: Shop = open_shop(database, settings, tmp_path)
        act(settings, database, "redeem", sale("sold", shop.lists[H1]))
        yield World(settings, database, shop.lists[H1])
        database.dispose()


@pytest.mark.parametrize(
    ("verb", "held", "wanted", "status"),
    [
        ("redeem", SAME_SALE, LIST, "redeemed"),
        ("redeem on the event loop", SAME_SALE, LIST, "redeemed"),
        ("replay", SAME_SALE, LIST, "accepted"),
        ("void", LIST, SALE, "voided"),
        ("return", LIST, SALE, "returned"),
        ("expire", OTHER_LIST, LIST, 2),
    ],
)
def test_an_act_that_is_broken_off_goes_on_anew(
    world: World, verb: str, held: str, wanted: str, status: object
) -> None:
    with (
        psycopg.connect(world.settings.database_url.replace("+psycopg", "")) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("SET deadlock_timeout = '1min'")
        other.execute(held.encode())
        doing = pool.submit(world.act, verb)
        eventually(lambda: _asked(world, _WAITING) >= 1)
        # Granted as soon as PostgreSQL breaks off the act.
        other.execute(wanted.encode())
        other.rollback()
        assert json.loads(doing.result())["status"] == status
    # A connection may keep what it counted to itself until it ends.
    world.database.dispose()
    eventually(lambda: _asked(world, _OTHERS) == 0)
    # More than once where the act is back before the other is awake: a row that nobody holds goes
    # to whoever asks, not to who waited for it, and then both wait as before.
    assert _asked(world, _DEADLOCKS) >= 1
    assert faults(_ask(world)) == {}


def test_a_use_planned_before_a_void_cannot_slip_in_after_it(world: World) -> None:
    """The line may be used twice. Its first number is free again, but its uses are not."""
    world.void("sold")

    def others() -> None:
        world.sell("first")
        world.void("first")
        world.sell("second")
        world.sell("third")

    bread = body("late", presented=[("list", world.code)], lines=[(BREAD, 1, 250)])
    sent = basket_of(BasketIn.model_validate(bread), TILL)
    steps = _interrupted(redeeming(world.settings, sent), others)
    answer = json.loads(asyncio.run(world.run(steps)))
    assert answer["discounts"] == []
    assert [refused["reason"] for refused in answer["refused"]] == [
        "already_redeemed",
        "limit_reached",
        "already_redeemed",
    ]
    assert _ask(world)(
        "SELECT list_line, sum(uses)::int FROM redemption_line WHERE live GROUP BY 1 ORDER BY 1"
    ) == [(1, 1), (2, 2), (3, 1)]


def test_a_use_planned_on_one_list_cannot_slip_in_after_uses_on_another(world: World) -> None:
    """Bread may be used twice by the household: what was planned meets what another list used."""
    world.void("sold")
    shop = Shop({}, *(offer for (offer,) in _ask(world)(_OFFERS)))
    other = replace(world, code=issue_again(world.database, shop, H1, 3))

    def others() -> None:
        other.sell("first")
        other.void("first")
        other.sell("second")

    bread = body("late", presented=[("list", world.code)], lines=[(MILK, 1, 120), (BREAD, 1, 250)])
    sent = basket_of(BasketIn.model_validate(bread), TILL)
    steps = _interrupted(redeeming(world.settings, sent), others)
    answer = json.loads(asyncio.run(world.run(steps)))
    assert [each["list_line"] for each in answer["discounts"]] == [2]
    assert [refused["reason"] for refused in answer["refused"]] == [
        "limit_reached",
        "limit_reached",
    ]
    assert _ask(world)(
        """SELECT deal_id::int, sum(uses)::int FROM redemption_line WHERE live GROUP BY 1
           ORDER BY 1"""
    ) == [(shop.milk_offer, 1), (shop.bread_offer, 2), (shop.soap_offer, 1)]


def _interrupted(steps: Steps, others: Callable[[], None]) -> Steps:
    """The same steps, with what others do between the first look and the write."""
    seen = yield next(steps)
    planned = steps.send(seen)
    others()
    while True:
        result = yield planned
        try:
            planned = steps.send(result)
        except StopIteration as done:
            return str(done.value)


_OFFERS = "SELECT id FROM offer ORDER BY array_position(ARRAY['MILK-1', 'BREAD-1'], deal_ref)"
# Only here: other tests have databases of their own on the same server.
_WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""
_OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def _asked(world: World, sql: str) -> int:
    count: int = _ask(world)(sql)[0][0]
    return count


def _ask(world: World) -> Callable[[str], list[tuple[Any, ...]]]:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with world.database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    return ask
