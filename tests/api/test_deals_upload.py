"""Deals over HTTP: previews, remarks, the template; nothing of it is written."""

import io

import openpyxl
import pytest
from fastapi.testclient import TestClient

from service.api.routes.offers import XLSX
from service.store.session import Database
from tests.market import DEAL_COLUMNS, deal, query

pytestmark = pytest.mark.slow

CSV = {"Content-Type": "text/csv"}
GOOD = "\n".join([DEAL_COLUMNS, deal(0), deal(20)])
BAD = GOOD.replace("Supplier 2", "Suplier 2")


def test_what_a_file_would_do_is_said_and_how_to_mend_it(
    marketing: TestClient, database: Database
) -> None:
    before = query(database, "SELECT count(*) FROM offer")
    answer = marketing.post("/v1/deals/previews?name=spring", content=GOOD, headers=CSV)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["name"], found["added"], found["unchanged"]) == ("spring.csv", 1, 1)
    assert [(each["deal_id"], each["change"]) for each in found["deals"]] == [
        ("D0", "unchanged"), ("D20", "added"),
    ]  # fmt: skip
    assert [each["supplier"] for each in found["totals"]] == ["Supplier 0", "Supplier 2"]
    faulty = marketing.post("/v1/deals/previews", content=BAD, headers=CSV).json()
    assert faulty["problems"] == [
        {
            "where": "deals.csv, B3, column supplier",
            "detail": "there is no supplier 'Suplier 2'",
            "remedy": "did you mean 'Supplier 2'?",
        }
    ]
    back = marketing.post("/v1/deals/remarks?name=spring", content=BAD, headers=CSV)
    assert (back.status_code, back.headers["content-type"]) == (200, XLSX)
    assert 'filename="spring-remarks.xlsx"' in back.headers["content-disposition"]
    rows = list(openpyxl.load_workbook(io.BytesIO(back.content)).active.values)
    assert str(rows[2][-1]).startswith("B3, supplier: there is no supplier 'Suplier 2'")
    assert query(database, "SELECT count(*) FROM offer") == before


def test_the_template_is_a_workbook_that_uploads(marketing: TestClient) -> None:
    book = marketing.get("/v1/deals/template")
    assert (book.status_code, book.headers["content-type"]) == (200, XLSX)
    loaded = marketing.post("/v1/deals", content=book.content, headers={"Content-Type": XLSX})
    assert (loaded.status_code, loaded.json()["rows"]) == (201, 0)
    other = marketing.post("/v1/deals", content=b"x", headers={"Content-Type": "image/png"})
    assert other.status_code == 422
