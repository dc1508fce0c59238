"""Who may call what. A route without a line here fails."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response

from service.api.app import create_app
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role

pytestmark = pytest.mark.slow

TILL = frozenset({Role.POS, Role.ADMIN})
MARKETING = frozenset({Role.MARKETING, Role.ADMIN})
MAILING = frozenset({Role.MAILING, Role.ADMIN})
EITHER = MARKETING | MAILING
DESK = TILL | MARKETING
ADMIN = frozenset({Role.ADMIN})
FINANCE = frozenset({Role.FINANCE, Role.ADMIN})
RESULTS = MARKETING | FINANCE
SUPPLIER = frozenset({Role.SUPPLIER})
OPEN: frozenset[Role] = frozenset()

ALLOWED: dict[tuple[str, str], frozenset[Role]] = {
    ("GET", "/v1/supplier"): SUPPLIER,
    ("GET", "/v1/supplier/deals"): SUPPLIER,
    ("POST", "/v1/supplier/deals"): SUPPLIER,
    ("GET", "/v1/supplier/deals/{number}"): SUPPLIER,
    ("GET", "/v1/supplier/claims"): SUPPLIER,
    ("GET", "/v1/supplier/claims/{number}"): SUPPLIER,
    ("POST", "/v1/supplier/claims/{number}/evidence"): SUPPLIER,
    ("POST", "/v1/supplier/claims/{number}/disputes"): SUPPLIER,
    ("GET", "/v1/supplier/documents/{number}"): SUPPLIER,
    ("GET", "/v1/supplier/disputes"): SUPPLIER,
    ("POST", "/v1/supplier/disputes/{number}/withdraw"): SUPPLIER,
    ("GET", "/v1/supplier/payments"): SUPPLIER,
    ("GET", "/v1/supplier/stock-stops"): SUPPLIER,
    ("POST", "/v1/supplier/stock-stops"): SUPPLIER,
    ("POST", "/v1/supplier/stock-stops/{number}/end"): SUPPLIER,
    ("POST", "/v1/quotes"): TILL,
    ("POST", "/v1/redemptions"): TILL,
    ("POST", "/v1/lists/lookup"): TILL,
    ("POST", "/v1/voids"): TILL,
    ("POST", "/v1/returns"): TILL,
    ("POST", "/v1/replays"): TILL,
    ("POST", "/v1/outcomes"): DESK,
    ("POST", "/v1/goodwill"): DESK,
    ("GET", "/v1/goodwill"): DESK,
    ("POST", "/v1/goodwill/{number}/approve"): DESK,
    ("POST", "/v1/goodwill/{number}/decline"): DESK,
    ("POST", "/v1/goodwill/{number}/void"): DESK,
    ("POST", "/v1/deals"): MARKETING,
    ("GET", "/v1/deals"): MARKETING,
    ("GET", "/v1/results"): MARKETING,
    ("GET", "/v1/results/lift"): RESULTS,
    ("GET", "/v1/results/lift/showings"): RESULTS,
    ("GET", "/v1/reports/sales"): RESULTS,
    ("GET", "/v1/reports/stores"): RESULTS,
    ("GET", "/v1/reports/concentration"): RESULTS,
    ("GET", "/v1/reports/leaving"): MARKETING,
    ("GET", "/v1/reports/programme"): RESULTS,
    ("GET", "/v1/supplier/results"): SUPPLIER,
    ("GET", "/v1/supplier/results/showings"): SUPPLIER,
    ("GET", "/v1/deals/template"): MARKETING,
    ("POST", "/v1/deals/previews"): MARKETING,
    ("POST", "/v1/deals/previews/pictures"): MARKETING,
    ("POST", "/v1/deals/rows"): MARKETING,
    ("PATCH", "/v1/deals/{number}"): MARKETING,
    ("POST", "/v1/deals/remarks"): MARKETING,
    ("GET", "/v1/deals/{number}/picture"): MARKETING,
    ("GET", "/v1/deals/{number}"): MARKETING,
    ("POST", "/v1/deals/{number}/check"): MARKETING,
    ("POST", "/v1/deals/{number}/approve"): MARKETING,
    ("POST", "/v1/deals/{number}/send-back"): MARKETING,
    ("POST", "/v1/deals/{number}/stop"): MARKETING,
    ("POST", "/v1/deals/{number}/resume"): MARKETING,
    ("POST", "/v1/deals/{number}/budget"): MARKETING,
    ("POST", "/v1/cycles"): MARKETING,
    ("GET", "/v1/cycles"): MARKETING,
    ("POST", "/v1/cycles/plans"): MARKETING,
    ("GET", "/v1/cycles/plans/compared"): MARKETING,
    ("POST", "/v1/cycles/plans/{run_id}/issue"): MARKETING,
    ("GET", "/v1/cycles/{cycle_id}"): MARKETING,
    ("POST", "/v1/overrides"): MARKETING,
    ("GET", "/v1/overrides"): MARKETING,
    ("GET", "/v1/overrides/{number}"): MARKETING,
    ("POST", "/v1/overrides/{number}/end"): MARKETING,
    ("GET", "/v1/batches/{batch_id}/left-out"): MARKETING,
    ("POST", "/v1/cycles/{cycle_id}/withdraw"): MARKETING,
    ("POST", "/v1/cycles/{cycle_id}/recompose"): MARKETING,
    ("GET", "/v1/runs/{run_id}"): EITHER,
    ("POST", "/v1/runs/{run_id}/again"): EITHER,
    ("POST", "/v1/runs/{run_id}/give-up"): EITHER,
    ("GET", "/v1/lists/{list_id}"): MARKETING,
    ("GET", "/v1/lists/{list_id}/pdf"): MARKETING,
    ("GET", "/v1/households/{household_id}"): MARKETING,
    ("GET", "/v1/households/{household_id}/consents"): MARKETING,
    ("POST", "/v1/households/{household_id}/consents"): MARKETING,
    ("GET", "/v1/households/{household_id}/wishes"): MARKETING,
    ("POST", "/v1/households/{household_id}/wishes"): MARKETING,
    ("GET", "/v1/households/{household_id}/contact"): ADMIN,
    ("PATCH", "/v1/households/{household_id}/contact"): ADMIN,
    ("GET", "/v1/households/{household_id}/export"): ADMIN,
    ("POST", "/v1/households/{household_id}/erase"): ADMIN,
    ("GET", "/v1/households/{household_id}/next-list"): MARKETING,
    ("GET", "/v1/households/{household_id}/next-list/pdf"): MARKETING,
    ("POST", "/v1/batches"): MARKETING,
    ("GET", "/v1/batches"): MAILING,
    ("GET", "/v1/batches/{batch_id}"): MAILING,
    ("GET", "/v1/batches/{batch_id}/files/{name}"): MAILING,
    ("POST", "/v1/batches/{batch_id}/pickup"): MAILING,
    ("POST", "/v1/batches/{batch_id}/void"): MARKETING,
    ("POST", "/v1/batches/{batch_id}/reprint"): EITHER,
    ("POST", "/v1/batches/{batch_id}/check"): EITHER,
    ("GET", "/v1/batches/{batch_id}/reconciliation"): EITHER,
    ("POST", "/v1/acknowledgements"): MAILING,
    ("POST", "/v1/agreements"): FINANCE,
    ("GET", "/v1/agreements"): FINANCE,
    ("POST", "/v1/claims"): FINANCE,
    ("GET", "/v1/claims"): FINANCE,
    ("GET", "/v1/claims/{number}"): FINANCE,
    ("POST", "/v1/claims/{number}/issue"): FINANCE,
    ("POST", "/v1/claims/{number}/cancel"): FINANCE,
    ("POST", "/v1/claims/{number}/disputes"): FINANCE,
    ("GET", "/v1/disputes"): FINANCE,
    ("POST", "/v1/disputes/{number}/answer"): FINANCE,
    ("POST", "/v1/disputes/{number}/withdraw"): FINANCE,
    ("GET", "/v1/books"): FINANCE,
    ("GET", "/health/live"): OPEN,
    ("GET", "/health/ready"): OPEN,
}
CLOSED = sorted(route for route, roles in ALLOWED.items() if roles)
THERE = {
    "{cycle_id}": "1",
    "{list_id}": "1",
    "{household_id}": "M01",
    "{batch_id}": "1",
    "{run_id}": "none",
    "{number}": "1",
    "{name}": "manifest.json",
}
ELSEWHERE = dict.fromkeys(THERE, "999999")


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Every endpoint of the description, whatever routers it came through."""
    paths = app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def path(template: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        template = template.replace(name, value)
    return template


def test_every_endpoint_has_its_roles(database: Database, settings: Settings) -> None:
    app = create_app(database, settings)
    assert routes(app) == set(ALLOWED)
    hidden = [
        route.path
        for route in app.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    ]
    assert hidden == []


def test_each_role_gets_through_where_it_may_and_nowhere_else(
    anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    headers = {role: {"Authorization": key_for(role)} for role in Role}
    wrong = []
    for method, template in CLOSED:
        for role in Role:
            answer = anonymous.request(method, path(template, THERE), headers=headers[role])
            refused = answer.status_code == 403
            if refused is (role in ALLOWED[method, template]) or answer.status_code == 401:
                wrong.append((method, template, role.value, answer.status_code))
    assert wrong == []


def test_who_is_refused_learns_nothing(
    anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    """The same words whether the thing is there or not; only the path that was sent comes back."""
    keys = {role: {"Authorization": key_for(role)} for role in Role}
    for method, template in CLOSED:
        texts = set()
        for names in (THERE, ELSEWHERE):
            sent = path(template, names)
            for role in set(Role) - ALLOWED[method, template]:
                answer = anonymous.request(method, sent, headers=keys[role])
                assert answer.json()["instance"] == sent
                texts.add(_said(answer).replace(sent, "PATH"))
        assert texts == {
            '{"type":"urn:larder:problem:forbidden","title":"Forbidden","status":403,'
            '"detail":"This key may not do that.","instance":"PATH"}'
        }, template


def _said(answer: Response) -> str:
    """The text of a problem without the name of its request, which is another each time."""
    return answer.text.replace(f',"request":"{answer.headers["x-request-id"]}"', "")


@pytest.mark.parametrize(
    "header",
    [None, "Bearer ", "Bearer nobody", "Basic bWFyazpoaQ==", "larder_admin_x", "Bearer \u00e9"],
)
def test_without_a_key_every_door_is_closed_alike(
    shared_marketing: TestClient, header: str | None
) -> None:
    shared_marketing.headers.pop("Authorization", None)
    sent = [] if header is None else [(b"Authorization", header.encode("latin-1"))]
    for method, template in CLOSED:
        for names in (THERE, ELSEWHERE):
            answer = shared_marketing.request(method, path(template, names), headers=sent)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["detail"] == (
                "A valid API key is needed: `Authorization: Bearer ...`."
            )


def test_a_till_without_a_key_is_not_told_what_is_wrong_with_its_body(
    shared_marketing: TestClient,
) -> None:
    shared_marketing.headers.pop("Authorization", None)
    sent = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    for method, template in CLOSED:
        if ALLOWED[method, template] is TILL:
            assert shared_marketing.request(method, template, **sent).status_code == 401, template


def test_a_run_of_another_role_is_as_unknown_as_one_that_never_was(
    anonymous: TestClient, key_for: Callable[[Role], str]
) -> None:
    marketing = {"Authorization": key_for(Role.MARKETING)}
    mailing = {"Authorization": key_for(Role.MAILING)}
    run = anonymous.post("/v1/cycles", json={"as_of": "2026-03-16"}, headers=marketing).json()
    hidden = anonymous.get(f"/v1/runs/{run['id']}", headers=mailing)
    never = anonymous.get("/v1/runs/never", headers=mailing)
    assert hidden.status_code == never.status_code == 404
    assert _said(hidden).replace(run["id"], "never") == _said(never)
    batch = anonymous.post("/v1/batches", json={"cycle_id": 1}, headers=marketing)
    assert anonymous.get(batch.headers["Location"], headers=mailing).status_code == 200


def test_every_endpoint_is_in_the_documentation(database: Database, settings: Settings) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    named = {
        line.split("`")[1]
        for line in text.splitlines()
        if line.startswith("| `") and line.split("`")[1].split()[0] in ("GET", "POST", "PATCH")
    }
    assert named == {f"{method} {template}" for method, template in ALLOWED}
