"""List codes, cards, phones and keys are in no log and no problem document, whatever happens.

The real server answers here, so what it prints itself is seen too.
"""

import json
import logging
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.admin.keys import add_key
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import CARDS, H1, PHONES, STORE, Shop, list_code, open_shop
from tests.till import FULL, body

pytestmark = pytest.mark.slow

UNKNOWN = {"list": list_code(777_777), "card": "952123499999999990", "phone": "+1 502 555 0777"}
VERBS = ("quotes", "redemptions", "lists/lookup", "returns", "voids", "replays")


def bodies(shop: Shop, number: int, *, day: str = "2026-03-05") -> dict[str, Any]:
    """A body for each verb that names everything there is to hide."""
    shown = [("list", shop.lists[H1]), ("card", CARDS[H1]), ("phone", PHONES[H1]), *UNKNOWN.items()]
    sale = body(number, presented=shown, lines=FULL, day=day)
    named = sale["transaction"]
    original = {name: named[name] for name in named if name != "at"}
    code = shop.lists[H1]
    given = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
    return {
        "quotes": sale,
        "redemptions": sale,
        "lists/lookup": {
            "store": STORE,
            "business_date": named["business_date"],
            "presented": sale["presented"],
        },
        "returns": {
            "transaction": {**named, "number": f"r{number}"},
            "original": original,
            "lines": [{"line": 1, "quantity": 1}],
        },
        "voids": {"transaction": named},
        "replays": [{**sale, "discounts": [given, {**given, "list_code": UNKNOWN["list"]}]}],
    }


def broken(sent: dict[str, Any]) -> list[dict[str, Any]]:
    """The same bodies, each with a fault where a secret stands."""
    made = []
    for fault in ("kind", "value", "more", "line"):
        changed = json.loads(json.dumps(sent))
        for each in changed.values():
            sale = each[0] if isinstance(each, list) else each
            shown = sale.get("presented") or [{}, {}, {}]
            if fault == "kind":
                shown[0]["kind"] = "tattoo"
            elif fault == "value":
                shown[1]["value"] = [CARDS[H1]]
            elif fault == "more":
                shown[2]["note"] = CARDS[H1]
            sale["lines" if fault == "line" else "padding"] = PHONES[H1]
        made.append(changed)
    return made


def fail(database: Database) -> None:
    """From now on no row of the till can be written, and PostgreSQL quotes it."""
    with database.write() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.exec_driver_sql(
                """CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql
                   AS $$ BEGIN RAISE EXCEPTION 'row %%', NEW; END $$"""
            )
        for table in ("redemption", "till_return", "till_event", "redemption_line"):
            connection.exec_driver_sql(
                f"""CREATE TRIGGER broken_{table} BEFORE INSERT ON {table}
                    BEGIN SELECT RAISE(ABORT, 'broken'); END"""
                if database.is_sqlite
                else f"""CREATE TRIGGER broken BEFORE INSERT ON {table}
                         FOR EACH ROW EXECUTE FUNCTION tell()"""
            )


def test_nothing_secret_is_logged_or_told_by_any_verb(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    few = settings.model_copy(update={"unknown_codes_per_minute": 40})
    caplog.set_level(logging.DEBUG)
    statuses: set[int] = set()
    problems: list[str] = []

    def send(client: httpx2.Client, sent: dict[str, Any]) -> None:
        for verb in VERBS:
            answer = client.post(f"/v1/{verb}", json=sent[verb])
            statuses.add(answer.status_code)
            if answer.status_code != 200:
                problems.append(answer.text)
            elif verb == "replays":
                problems.extend(
                    json.dumps(told["problem"])
                    for told in map(json.loads, answer.text.splitlines())
                )

    with (
        serve_on_loopback(database, few) as address,
        httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client,
    ):
        good = bodies(shop, 1)
        send(client, good)
        for changed in broken(good):
            send(client, changed)
        send(client, bodies(shop, 2, day="2026-04-30"))
        assert client.post("/v1/returns", json=bodies(shop, 3)["returns"]).status_code == 404
        sale = bodies(shop, 4)
        assert client.post("/v1/redemptions", json={**sale["quotes"], "presented": []}).is_success
        fail(database)
        send(client, bodies(shop, 5))
        client.post("/v1/returns", json=sale["returns"])
        client.post("/v1/voids", json=sale["voids"])
        for phone in (f"1502556{number:04}" for number in range(40)):
            client.post(
                "/v1/quotes",
                json=bodies(shop, 6)["quotes"] | {"presented": [{"kind": "phone", "value": phone}]},
            )
        send(client, good)
    assert {200, 409, 422, 429, 500} <= statuses
    printed = capfd.readouterr()
    everything = "".join([printed.out, printed.err, caplog.text, *problems])
    assert "unexpected error at /v1/redemptions" in everything
    assert "a replayed sale could not be written" in everything
    for secret in secrets(shop, key):
        assert secret not in everything


def secrets(shop: Shop, key: str) -> set[str]:
    """What must not be seen, in the forms it may take on the way."""
    shown = {shop.lists[H1], CARDS[H1], PHONES[H1], *UNKNOWN.values(), key}
    plain = {"".join(filter(str.isalnum, each)) for each in shown - {key}}
    # The serial alone is as good as the code.
    return shown | plain | {each.lstrip("+ ")[-9:] for each in (shop.lists[H1], UNKNOWN["list"])}


def test_an_error_is_told_by_where_it_was_and_not_by_what_it_says(
    database: Database, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    fail(database)
    with serve_on_loopback(database, settings) as address:
        for verb in ("redemptions", "voids"):
            answer = httpx2.post(
                f"{address}/v1/{verb}",
                json=bodies(shop, 1)[verb],
                headers={"Authorization": f"Bearer {key}"},
            )
            assert (answer.status_code, answer.json()["type"]) == (
                500, "urn:larder:problem:internal",
            )  # fmt: skip
    told = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert [text.split(":")[0] for text in told] == [
        "unexpected error at /v1/redemptions",
        "unexpected error at /v1/voids",
    ]
    kind = "IntegrityError" if database.is_sqlite else "P0001"
    for text in told:
        assert kind in text
        assert "service/store" in text or "service/checkout" in text
