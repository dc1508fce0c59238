"""The till over HTTP, on both databases: wire form and safety."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from service.admin.keys import add_key, revoke_key
from service.api.till.schemas import BasketIn, ReplayedOut
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import CARDS, H1, STORE, Shop, list_code
from tests.till import FULL, body


@pytest.fixture
def key(shop: Shop, database: Database, settings: Settings) -> str:
    return add_key(database, settings, role=Role.POS, store_id=STORE)[1]


@pytest.fixture
def till(key: str, database: Database, settings: Settings) -> Iterator[httpx2.Client]:
    few = settings.model_copy(update={"unknown_codes_per_minute": 5, "max_body_bytes": 20_000})
    with serve_on_loopback(database, few) as address:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=address, headers=headers) as client:
            yield client


def reference(number: Any) -> dict[str, Any]:
    named: dict[str, Any] = body(number)["transaction"]
    del named["at"]
    return named


def test_a_sale_from_look_up_to_void(till: httpx2.Client, shop: Shop) -> None:
    code = shop.lists[H1]
    asked = {
        "store": STORE,
        "business_date": "2026-03-05",
        "presented": [{"kind": "card", "value": CARDS[H1]}],
    }
    open_lines = till.post("/v1/lists/lookup", json=asked).json()
    assert [line["list_line"] for line in open_lines["lists"][0]["lines"]] == [1, 2, 3]
    sent = body(1, presented=[("list", code)], lines=FULL)
    quoted = till.post("/v1/quotes", json=sent).json()
    given = till.post("/v1/redemptions", json=sent)
    assert given.status_code == 200
    assert given.json()["discounts"] == quoted["discounts"]
    assert till.post("/v1/redemptions", json=sent).text == given.text
    back = till.post(
        "/v1/returns",
        json={
            "transaction": body(11)["transaction"],
            "original": reference(1),
            "lines": [{"line": 1, "quantity": 1}],
        },
    )
    assert (back.status_code, back.json()["total_refund_cents"]) == (200, 20)
    undone = till.post("/v1/voids", json={"transaction": sent["transaction"]})
    assert (undone.status_code, undone.json()["status"]) == (200, "voided")
    late = till.post("/v1/redemptions", json=sent)
    assert (late.status_code, late.json()["type"]) == (409, "urn:larder:problem:conflict")


@pytest.mark.parametrize("is_array", [True, False])
def test_a_replay_answers_every_sale_in_a_line(
    till: httpx2.Client, shop: Shop, is_array: bool
) -> None:
    code = shop.lists[H1]
    honoured = [{"line": 1, "list_code": code, "list_line": 1, "amount_cents": 100}]
    sales: list[Any] = [
        {**body(n, presented=[("list", code)]), "discounts": honoured} for n in (1, 2, 1)
    ]
    sales.insert(1, {"transaction": "nonsense"})
    if is_array:
        sent = json.dumps(sales).encode()
    else:
        sent = b"\n".join(json.dumps(sale).encode() for sale in sales) + b"\n{not json\n"
    told = till.post("/v1/replays", content=sent)
    assert told.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in told.text.splitlines()]
    statuses = ["accepted", "refused", "accepted", "duplicate"] + ["refused"] * (not is_array)
    assert [line["status"] for line in lines] == statuses
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert [c["reason"] for c in lines[2]["conflicts"]] == ["already_redeemed"]
    places = [[fault["pointer"] for fault in line["problem"]["errors"]] for line in lines[1::3]]
    assert places[0] == ["#/transaction", "#/lines", "#/discounts"]
    assert is_array or lines[4]["problem"]["errors"][0]["pointer"] == "#"


def test_a_line_honoured_offline_that_nobody_issued_is_told_as_documented(
    till: httpx2.Client,
) -> None:
    honoured = {"line": 1, "list_code": list_code(99), "list_line": 3, "amount_cents": 70}
    told = till.post("/v1/replays", json=[{**body(1), "discounts": [honoured]}])
    line = ReplayedOut.model_validate_json(told.text)
    assert line.answer is not None
    assert [(each.list_line, each.offer) for each in line.answer.discounts] == [(3, None)]
    assert [each.reason for each in line.conflicts] == ["unknown_code"]


def test_too_many_sales_at_once_are_refused(till: httpx2.Client) -> None:
    answer = till.post("/v1/replays", content=b"{}\n" * 5001)
    assert answer.status_code == 422


def test_a_key_speaks_for_its_own_store_only(till: httpx2.Client, key: str) -> None:
    other = body(1, store="0077")
    for path, sent in (
        ("/v1/redemptions", other),
        ("/v1/quotes", other),
        ("/v1/voids", {"transaction": other["transaction"]}),
    ):
        assert till.post(path, json=sent).status_code == 403
    assert (
        till.post(
            "/v1/redemptions", json=body(1), headers={"Authorization": "Bearer x"}
        ).status_code
        == 401
    )


def test_a_revoked_key_is_refused_within_seconds(
    till: httpx2.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.admin.keys.KEY_SECONDS", 0.0)
    assert till.post("/v1/quotes", json=body(1)).status_code == 200
    revoke_key(database, 2)
    assert till.post("/v1/quotes", json=body(1)).status_code == 401


def test_a_body_too_large_is_refused_announced_or_not(till: httpx2.Client) -> None:
    big = json.dumps({**body(1), "padding": "x" * 30_000}).encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 1000):
            yield big[start : start + 1000]

    for content in (big, pieces()):
        answer = till.post("/v1/redemptions", content=content)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_no_json_is_told_apart_from_json_that_does_not_fit(till: httpx2.Client) -> None:
    sent = json.dumps(body(1))
    as_json = {"Content-Type": "application/json"}
    for content, headers, pointer in (
        (sent, {"Content-Type": "text/plain"}, "#"),
        (sent, {}, "#"),
        (sent[:-1], as_json, "#"),
        ("[]", as_json, "#"),
        (sent.replace('"quantity": 1', '"quantity": "x"', 1), as_json, "#/lines/0/quantity"),
    ):
        answer = till.post("/v1/redemptions", content=content.encode(), headers=headers)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    for kind in ("Application/JSON; charset=utf-8", "application/vnd.till+json"):
        answer = till.post("/v1/quotes", content=sent.encode(), headers={"Content-Type": kind})
        assert answer.status_code == 200


def test_a_chunked_body_of_fair_size_is_taken(till: httpx2.Client) -> None:
    sent = json.dumps(body(1)).encode()
    headers = {"Content-Type": "application/json"}
    answer = till.post("/v1/redemptions", content=iter([sent[:50], sent[50:]]), headers=headers)
    assert answer.status_code == 200


def test_who_guesses_codes_has_to_wait_and_real_customers_never(
    till: httpx2.Client, shop: Shop
) -> None:
    for number in range(20):
        shown = body(number, presented=[("list", shop.lists[H1])])
        assert till.post("/v1/quotes", json=shown).status_code == 200
    answers = [
        till.post("/v1/quotes", json=body(n, presented=[("list", list_code(900 + n))]))
        for n in range(7)
    ]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_codes_cards_and_phones_are_in_no_log(
    till: httpx2.Client, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [("list", shop.lists[H1]), ("card", CARDS[H1]), ("phone", "+1 502 555 0999")]
    till.post("/v1/redemptions", json=body(1, presented=shown))
    broken = body(2, presented=shown)
    broken["presented"][0]["kind"] = "tattoo"
    refused = till.post("/v1/redemptions", json=broken)
    assert refused.status_code == 422
    everything = refused.text + "".join(record.getMessage() for record in caplog.records)
    for secret in (shop.lists[H1], CARDS[H1], "5550999", "555 0999"):
        assert secret not in everything
    assert shop.lists[H1] not in repr(BasketIn.model_validate(body(3, presented=shown)))


EDGES: tuple[tuple[tuple[Any, ...], Any], ...] = (
    (("lines", 0, "unit"), "a\u0000"),
    (("presented", 0, "value"), "\u0000"),
    (("transaction", "at"), "0001-01-01T00:00:00+14:00"),
    (("transaction", "at"), "9999-12-31T23:59:59-12:00"),
    (("transaction", "business_date"), "0001-01-01"),
    (("transaction", "number"), "\u0000"),
    (("lines", 0, "quantity"), 1e30),
    (("lines", 0, "amount_cents"), 10**30),
)


def test_values_at_the_edge_are_taken_or_refused_never_an_internal_error(
    till: httpx2.Client, shop: Shop
) -> None:
    for number, (where, value) in enumerate(EDGES):
        sent: Any = body(number, presented=[("list", shop.lists[H1])])
        place = sent
        for step in where[:-1]:
            place = place[step]
        place[where[-1]] = value
        offline = {
            **sent,
            "discounts": [{"line": 1, "list_code": "?", "list_line": 1, "amount_cents": 1}],
        }
        for path in ("/v1/quotes", "/v1/redemptions"):
            assert till.post(path, json=sent).status_code in (200, 422), where
        told = till.post("/v1/replays", content=json.dumps(offline).encode()).json()
        assert told["status"] in ("refused", "accepted", "duplicate"), where
