"""Clearing over HTTP, with a key of finance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import add_key
from service.api.app import create_app
from service.files.apart import Apart
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.checkout.acts import sold
from tests.clearing.conftest import DALE, form
from tests.shop import H1, open_shop
from tests.till import FULL


@pytest.fixture
def finance(
    database: Database, settings: Settings, tmp_path: Path, apart: Apart
) -> Iterator[TestClient]:
    """A client of finance at a shop that sold with a list."""
    shop = open_shop(database, settings, tmp_path)
    sold(database, settings, 1, presented=[("list", shop.lists[H1])], lines=FULL)
    _, key = add_key(database, settings, role=Role.FINANCE)
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(create_app(database, settings, apart=apart), headers=headers) as client:
        yield client


def test_from_an_agreement_to_the_answer_of_a_dispute(finance: TestClient) -> None:
    def post(path: str, **body: Any) -> Any:
        answer = finance.post(f"/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert post("agreements", **form(DALE).model_dump(mode="json"))["added"] == 1
    [agreed] = finance.get("/v1/agreements").json()["agreements"]
    assert (agreed["account"], agreed["fee_cents"], agreed["parties"]) == ("S-1", 8, [])
    [drawn] = post("claims", to="2026-03-31")["claims"]
    assert (drawn["total_cents"], drawn["number"]) == (108, None)
    assert post("claims", to="2026-03-31")["claims"] == []
    claim = post(f"claims/{drawn['id']}/issue")
    assert (claim["total_cents"], claim["tax_cents"], claim["state"]) == (110, 2, "issued")
    assert claim == finance.get(f"/v1/claims/{drawn['id']}").json()
    dispute = post(f"claims/{drawn['id']}/disputes", line=1, reason="wrong_rate", claimed_cents=40)
    [listed] = finance.get("/v1/disputes", params={"state": "open"}).json()["disputes"]
    assert listed == dispute
    answered = post(f"disputes/{dispute['id']}/answer", accepted_cents=40)
    assert answered["state"] == "accepted"
    [row] = finance.get("/v1/claims", params={"state": "part_paid"}).json()["claims"]
    assert (row["open_cents"], row["number"]) == (70, claim["number"])
    refused = finance.post(f"/v1/claims/{drawn['id']}/cancel", json={"note": "wrong"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:larder:problem:conflict")
    books = finance.get("/v1/books").json()
    assert (books["is_sound"], len(books["checks"])) == (True, 14)
