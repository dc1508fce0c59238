"""What takes long runs beside the event loop: rules of heavy baskets, and large bodies."""

import asyncio
import json
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import add_key
from service.api.app import create_app
from service.api.till import bodies
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import async_gate, sqlite
from tests.api.direct import Ask, with_app
from tests.shop import H1, STORE, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

# The package has functions of these names.
redeem, recognise = map(import_module, ("service.checkout.redeem", "service.checkout.recognise"))


def test_heavy_baskets_and_large_bodies_leave_the_event_loop(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    threads: dict[str, set[int]] = {"rules": set(), "body": set()}

    def noted(what: str, act: Any) -> Any:
        def run(*args: Any, **named: Any) -> Any:
            threads[what].add(threading.get_ident())
            return act(*args, **named)

        return run

    monkeypatch.setattr(redeem, "settle_basket", noted("rules", redeem.settle_basket))
    monkeypatch.setattr(bodies, "_made", noted("body", bodies._made))
    # A phone nobody knows is counted before the rules run.
    shown = [("list", shop.lists[H1]), ("phone", "12345678")]

    async def act(ask: Ask) -> None:
        loop = {threading.get_ident()}

        async def send(number: str, shown: list[tuple[str, str]]) -> list[dict[str, Any]]:
            for seen in threads.values():
                seen.clear()
            sent = json.dumps(body(number, presented=shown, lines=FULL)).encode()
            answers = [
                await ask("/v1/quotes", sent, headers),
                await ask("/v1/redemptions", sent, headers),
            ]
            assert [each.status for each in answers] == [200, 200]
            return [json.loads(each.body) for each in answers]

        quoted, redeemed = await send("light", shown[:1])
        assert quoted["total_discount_cents"] == redeemed["total_discount_cents"] == 350
        assert threads["body"] == loop
        assert loop <= threads["rules"]
        monkeypatch.setattr(redeem, "is_heavy", lambda *_: True)
        monkeypatch.setattr(bodies, "LARGE_BYTES", 100)
        await send("heavy", shown)
        assert threads["rules"]
        assert threads["body"]
        assert not loop & (threads["rules"] | threads["body"])
        # More at once than there are threads: each has its answer.
        sent = json.dumps(body("many", presented=shown, lines=FULL)).encode()
        many = [ask("/v1/quotes", sent, headers) for _ in range(8)]
        assert {each.status for each in await asyncio.gather(*many)} == {200}

    with_app(create_app(database, settings), act)


def test_what_many_offers_say_of_many_products_is_read_beside_the_event_loop(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a quote looks it up there too. The answers are the same."""
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    found: set[int] = set()
    plain = recognise.open_lines

    def noted(*args: Any) -> Any:
        found.add(threading.get_ident())
        return plain(*args)

    monkeypatch.setattr(recognise, "open_lines", noted)

    async def act(ask: Ask) -> None:
        async def send(path: str, number: str) -> tuple[dict[str, Any], bool]:
            found.clear()
            sent = body(number, presented=[("list", shop.lists[H1])], lines=FULL)
            answer = await ask(path, json.dumps(sent).encode(), headers)
            assert answer.status == 200
            return json.loads(answer.body), threading.get_ident() in found

        short, on_loop = await send("/v1/quotes", "1")
        assert on_loop
        monkeypatch.setattr(sqlite, "AT_ONCE", 0)
        monkeypatch.setattr(async_gate, "AT_ONCE_CHARS", 0)
        assert await send("/v1/quotes", "1") == (short, False)
        redeemed, on_loop = await send("/v1/redemptions", "1")
        assert not on_loop
        assert redeemed["discounts"] == short["discounts"] != []
        # A retry finds its answer, beside the loop or not.
        monkeypatch.undo()
        assert await send("/v1/redemptions", "1") == (redeemed, False)

    with_app(create_app(database, settings), act)
