"""Every error is a problem document that helps who called and tells nothing else."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.conftest import CODE, SECRET
from tests.till import body

CARD, PHONE = "952123400000000003", "+15025550003"


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    assert document["request"] == answer.headers["x-request-id"]
    return document


def test_a_path_that_is_not_there(shared_marketing: TestClient) -> None:
    document = problem(shared_marketing.get("/v2/lists"), 404)
    assert (document["title"], document["instance"]) == ("Not Found", "/v2/lists")


def test_a_method_that_is_not_there(shared_marketing: TestClient) -> None:
    answer = shared_marketing.delete("/v1/cycles")
    problem(answer, 405)
    assert answer.headers["allow"]


def test_a_body_that_is_too_large(shared_marketing: TestClient) -> None:
    document = problem(shared_marketing.post("/v1/cycles", content=b" " * 32_769), 413)
    assert document["detail"] == "A body may have 32768 bytes here."
    problem(shared_marketing.post("/v1/quotes", content=b" " * 1_048_576), 403)


def test_a_body_that_is_too_large_and_does_not_say_so(shared_marketing: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 65_536

    problem(shared_marketing.post("/v1/cycles", content=parts()), 413)


def test_a_body_that_is_not_json(shared_marketing: TestClient) -> None:
    document = problem(shared_marketing.post("/v1/cycles", content=b'{"as_of": '), 422)
    assert [error["pointer"] for error in document["errors"]] == ["#"]


def test_a_body_with_faults_points_at_each(shared_marketing: TestClient) -> None:
    document = problem(
        shared_marketing.post("/v1/cycles", json={"as_of": "soon", "se/e~d": 1}), 422
    )
    assert sorted(error["pointer"] for error in document["errors"]) == ["#/as_of", "#/se~1e~0d"]


@pytest.mark.parametrize(
    "sent",
    [{"as_of": "2026-03-16", "seed": 2**31}, {"as_of": "2026-03-16", "seed": -1}, {"as_of": None}],
)
def test_a_cycle_that_cannot_be(shared_marketing: TestClient, sent: dict[str, Any]) -> None:
    problem(shared_marketing.post("/v1/cycles", json=sent), 422)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", str(2**63), str(10**40), "%00"])
@pytest.mark.parametrize("thing", ["cycles", "lists"])
def test_a_number_that_is_none(shared_marketing: TestClient, thing: str, number: str) -> None:
    document = problem(shared_marketing.get(f"/v1/{thing}/{number}"), 422)
    assert document["errors"][0]["pointer"] == f"path: {thing[:-1]}_id"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "after=0", f"after={2**63}", "after=x"])
def test_a_page_that_cannot_be(shared_marketing: TestClient, query: str) -> None:
    problem(shared_marketing.get(f"/v1/cycles?{query}"), 422)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/cycles/999",
        f"/v1/cycles/{2**63 - 1}",
        "/v1/lists/999",
        "/v1/lists/999/pdf",
        "/v1/households/nobody",
        "/v1/households/1%27%20OR%201=1",
        "/v1/runs/none",
    ],
)
def test_a_thing_that_is_not_there(shared_marketing: TestClient, path: str) -> None:
    problem(shared_marketing.get(path), 404)


@pytest.mark.parametrize("path", ["/v1/households/a%00b", "/v1/runs/%00", "/v1/runs/a%0ab"])
def test_a_name_that_no_database_can_hold(shared_marketing: TestClient, path: str) -> None:
    problem(shared_marketing.get(path), 422)


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        ("application/json", "deals", 415),
        ("text/csv", "../../etc/passwd", 422),
        ("text/csv", "a%00b", 422),
        ("text/csv", "x" * 300, 422),
        ("text/csv", "deals", 422),
    ],
)
def test_an_upload_that_cannot_be_read(
    shared_marketing: TestClient, kind: str, name: str, status: int
) -> None:
    answer = shared_marketing.post(
        f"/v1/deals?name={name}", content=b"not,deals\n1,2\n", headers={"Content-Type": kind}
    )
    document = problem(answer, status)
    assert "passwd" not in document["detail"]


def test_a_conflict_says_with_what(shared_marketing: TestClient) -> None:
    document = problem(shared_marketing.post("/v1/cycles", json={"as_of": "2026-03-02"}), 409)
    assert document["detail"] == "There is a cycle as of 2026-03-02 already."
    assert document["type"] == "urn:larder:problem:conflict"


def test_without_tables_nothing_is_told_of_the_database(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE api_key RENAME TO elsewhere")
        session.connection().exec_driver_sql("DROP TABLE alembic_version")
    with TestClient(create_app(database, settings), raise_server_exceptions=False) as client:
        document = problem(client.get("/v1/cycles", headers={"Authorization": "Bearer x"}), 503)
        ready = problem(client.get("/health/ready"), 503)
        assert client.get("/health/live").json() == {"status": "ok"}
    for text in (document["detail"], ready["detail"]):
        assert "sqlite" not in text
        assert "postgres" not in text
    assert "larder migrate" in caplog.text


def test_an_unexpected_error_keeps_its_content_to_the_log(
    anonymous: TestClient,
    database: Database,
    key_for: Callable[[Role], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE shopping_list SET document = '{broken'")
    headers = {"Authorization": key_for(Role.MARKETING)}
    document = problem(anonymous.get("/v1/lists/1", headers=headers), 500)
    assert "broken" not in str(document)
    assert "unexpected error at /v1/lists/1" in caplog.text


def test_neither_logs_nor_errors_hold_a_secret(
    anonymous: TestClient, key_for: Callable[[Role], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = key_for(Role.POS)
    sent = body(1, presented=[("card", CARD), ("phone", PHONE)])
    answers = [
        anonymous.post("/v1/redemptions", json=sent, headers={"Authorization": key}),
        anonymous.post(
            "/v1/redemptions", json={**sent, CARD: PHONE}, headers={"Authorization": key}
        ),
        anonymous.post(
            "/v1/quotes",
            json={**sent, "presented": [{"kind": "card", "value": CARD, "more": PHONE}]},
            headers={"Authorization": key},
        ),
        anonymous.get("/v1/households/M03", headers={"Authorization": key}),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 422, 403]
    for secret in (key.removeprefix("Bearer "), SECRET, CODE, PHONE, "5025550003"):
        assert secret not in caplog.text
        assert not any(secret in answer.text for answer in answers)
    assert CARD not in caplog.text
