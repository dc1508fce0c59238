"""A supplier's key: its own things as in the portal, nothing of others, listings as CSV."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import add_key
from service.api.app import create_app
from service.clearing.documents import make_documents
from service.clearing.settle import receive_within
from service.files.apart import Apart
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.clearing.conftest import BY, NOW
from tests.clearing.issued_claims import DALE, LATER, billing, issue_claims
from tests.shop import DEALS

HEAD, MILK_ROW, BREAD_ROW, _ = DEALS.splitlines()
Key = Callable[[str], dict[str, str]]
CSV = {"Accept": "text/csv"}


@pytest.fixture
def client(
    database: Database, settings: Settings, tmp_path: Path, apart: Apart
) -> Iterator[TestClient]:
    """Two claims of Dale Foods, one of Oven Works; nothing is agreed with House Brand."""
    issue_claims(database, settings, tmp_path, credit_limit="50.00", dispute_days=360)
    make_documents(database, billing(settings), DALE, now=LATER)
    with database.write() as session:
        receive_within(session, 1, 8, reference="bank-1", by=BY, now=NOW)
    with TestClient(create_app(database, billing(settings), apart=apart)) as made:
        yield made


@pytest.fixture
def key(database: Database, settings: Settings) -> Key:
    """The header with a fresh key of a supplier."""

    def of(supplier: str) -> dict[str, str]:
        _, presented = add_key(database, settings, role=Role.SUPPLIER, supplier=supplier)
        return {"Authorization": f"Bearer {presented}"}

    return of


def test_a_supplier_reads_its_own(client: TestClient, key: Key) -> None:
    dale = key("Dale Foods")
    whole = client.get("/v1/supplier", headers=dale).json()
    assert (whole["account"], whole["brands"]) == ("K-1", ["Dale Foods"])
    assert whole["credit"]["limit_cents"] == 5_000
    assert whole["open"]["total_cents"] == 208
    [deal] = client.get("/v1/supplier/deals", headers=dale).json()["deals"]
    assert (deal["deal_id"], deal["spent_cents"]) == ("MILK-1", 216)
    one = client.get(f"/v1/supplier/deals/{deal['number']}", headers=dale).json()
    assert [(each["name"], each["uses"]) for each in one["by_store"]] == [("0042", 2)]
    claim = client.get("/v1/supplier/claims/1", headers=dale).json()
    assert (claim["number"], claim["open_cents"], claim["may_dispute"]) == (DALE, 100, True)
    document = claim["documents"][0]
    file = client.get(f"/v1/supplier/documents/{document['id']}", headers=dale)
    assert file.headers["etag"] == f'"{document["sha256"]}"'
    assert len(file.content) == document["bytes"]
    made = client.post("/v1/supplier/claims/1/evidence", headers=dale).json()
    assert client.post("/v1/supplier/claims/1/evidence", headers=dale).json() == made
    assert made["kind"] == "evidence"
    [payment] = client.get("/v1/supplier/payments", headers=dale).json()["payments"]
    assert (payment["kind"], payment["cents"]) == ("receipt", 8)


def test_listings_are_csv_as_well(client: TestClient, key: Key) -> None:
    dale = key("Dale Foods")
    client.post("/v1/supplier/stock-stops", headers=dale, json={"deal": 1, "back_on": "2027-06-01"})
    asked = {"line": 1, "reason": "duplicate", "claimed_cents": 20}
    client.post("/v1/supplier/claims/1/disputes", headers=dale, json=asked)
    for path, name in (
        ("deals", "deals"), ("claims", "claims"), ("payments", "payments"),
        ("disputes", "disputes"), ("stock-stops", "stock_stops"),
    ):  # fmt: skip
        pages = client.get(f"/v1/supplier/{path}", headers=dale).json()[name]
        answer = client.get(f"/v1/supplier/{path}", headers=dale | CSV)
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [list(row) for row in rows] == [list(row) for row in pages], path
        assert len(rows) >= 1, path
    first = client.get("/v1/supplier/claims?limit=1", headers=dale).json()
    rest = client.get(f"/v1/supplier/claims?after={first['cursor']}", headers=dale).json()
    assert [each["id"] for each in first["claims"] + rest["claims"]] == [3, 1]


def test_what_is_anothers_is_not_there(client: TestClient, key: Key) -> None:
    dale, oven = key("Dale Foods"), key("Oven Works")
    deal = client.get("/v1/supplier/deals", headers=dale).json()["deals"][0]["number"]
    asked = {"line": 1, "reason": "duplicate", "claimed_cents": 20}
    dispute = client.post("/v1/supplier/claims/1/disputes", headers=dale, json=asked).json()
    stop = {"deal": deal, "back_on": "2027-06-01"}
    stopped = client.post("/v1/supplier/stock-stops", headers=dale, json=stop).json()
    assert stopped["moved"] == 1
    document = client.get("/v1/supplier/claims/1", headers=dale).json()["documents"][0]["id"]
    for method, path, body in (
        ("GET", f"deals/{deal}", None), ("GET", "claims/1", None),
        ("GET", f"documents/{document}", None), ("POST", "claims/1/evidence", None),
        ("POST", "claims/1/disputes", asked), ("POST", "stock-stops", stop),
        ("POST", f"disputes/{dispute['id']}/withdraw", {}),
        ("POST", f"stock-stops/{stopped['id']}/end", None),
    ):  # fmt: skip
        answer = client.request(method, f"/v1/supplier/{path}", headers=oven, json=body)
        assert answer.status_code == 404, path
        assert "Dale" not in answer.text
    for path in ("deals", "claims", "payments", "disputes", "stock-stops"):
        assert "MILK" not in client.get(f"/v1/supplier/{path}", headers=oven).text
    done = client.post(
        f"/v1/supplier/disputes/{dispute['id']}/withdraw", headers=dale, json={"note": ""}
    )
    assert done.json()["state"] == "withdrawn"
    ended = client.post(f"/v1/supplier/stock-stops/{stopped['id']}/end", headers=dale)
    assert ended.json() == {"id": stopped["id"], "moved": 1}


def test_a_supplier_without_an_account_has_its_brand(client: TestClient, key: Key) -> None:
    house = key("House Brand")
    whole = client.get("/v1/supplier", headers=house).json()
    assert (whole["account"], whole["brands"], whole["open"]) == (None, ["House Brand"], None)
    assert client.get("/v1/supplier/claims", headers=house).json()["claims"] == []
    [deal] = client.get("/v1/supplier/deals", headers=house).json()["deals"]
    assert deal["deal_id"] == "SOAP-1"
    for path in ("claims/1", "documents/1"):
        assert client.get(f"/v1/supplier/{path}", headers=house).status_code == 404


def test_a_file_is_of_the_supplier_or_refused(client: TestClient, key: Key) -> None:
    headers = key("Dale Foods") | {"Content-Type": "text/csv"}

    def sent(text: str) -> Any:
        return client.post("/v1/supplier/deals?name=d.csv", headers=headers, content=text.encode())

    new = MILK_ROW.replace("MILK-1", "MILK-2")
    wrong = sent(f"{HEAD}\n{new}\n{BREAD_ROW}\n")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "d.csv, B3, column supplier"
    right = sent(f"{HEAD}\n{new}\n")
    assert (right.status_code, right.json()["added"]) == (201, 1)
    waiting = client.get("/v1/supplier/deals?state=draft", headers=headers).json()["deals"]
    assert [each["deal_id"] for each in waiting] == ["MILK-2"]
    both = {"deal": 1, "gtin": "2000000000015", "back_on": "2027-06-01"}
    assert client.post("/v1/supplier/stock-stops", headers=headers | {
        "Content-Type": "application/json"}, json=both).status_code == 422  # fmt: skip
