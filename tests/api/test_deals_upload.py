"""Deals over HTTP: previews, remarks, the template; nothing of it is written."""

import io
import zipfile
from typing import Any

import httpx2
import openpyxl
import pytest
from fastapi.testclient import TestClient

from service.api.routes.offers import XLSX
from service.deals import upload
from service.deals.form import Form, read_form
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


def test_headers_pictures_and_single_rows(marketing: TestClient, database: Database) -> None:
    found = marketing.post("/v1/deals/previews", content=GOOD, headers=CSV).json()
    assert found["headers"][0] == {
        "sheet": "", "cell": "A1", "header": "deal_id", "column": "deal_id",
    }  # fmt: skip
    packed = marketing.post("/v1/deals/previews/pictures", content=GOOD, headers=CSV)
    assert (packed.status_code, packed.headers["content-type"]) == (200, "application/zip")
    names = zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    assert names == ["001-D0-en.png", "002-D20-en.png"]
    drawn = marketing.get("/v1/deals/1/picture?language=de")
    assert (drawn.status_code, drawn.content[:4]) == (200, b"\x89PNG")
    assert drawn.content != marketing.get("/v1/deals/1/picture").content
    assert marketing.get("/v1/deals/1/picture?language=xx").status_code == 422
    assert marketing.get("/v1/deals/999/picture").status_code == 404
    edited = marketing.patch("/v1/deals/1", json={"columns": {"title": "Other"}})
    assert (edited.status_code, edited.json()["revised"]) == (200, 1)
    row = dict(zip(DEAL_COLUMNS.split(","), deal(21).split(","), strict=True))
    made = marketing.post("/v1/deals/rows", json={"columns": row})
    assert (made.status_code, made.json()["added"]) == (201, 1)
    assert marketing.post("/v1/deals/rows", json={"columns": {"colour": "red"}}).status_code == 422
    listed = marketing.get("/v1/deals?text=other").json()["deals"]
    assert [(each["deal_id"], each["title"], each["products"] > 0) for each in listed] == [
        ("D0", "Other", True)
    ]
    assert query(database, "SELECT count(*) FROM offer WHERE deal_ref = 'D21'") == [(1,)]


def test_a_digest_accepts_only_the_file_and_the_notes_that_were_seen(
    marketing: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader is made to ask, so that this holds whatever it asks about."""
    asked = ["D20: the first question"]

    def read_and_ask(*given: Any, **named: Any) -> Form:
        form = read_form(*given, **named)
        for text in asked:
            form.ask(text)
        return form

    monkeypatch.setattr(upload, "read_form", read_and_ask)

    def post(content: str, accept: str = "") -> httpx2.Response:
        return marketing.post(f"/v1/deals?accept={accept}", content=content, headers=CSV)

    preview = marketing.post("/v1/deals/previews", content=GOOD, headers=CSV).json()
    refused = post(GOOD)
    assert (refused.status_code, refused.json()["notes"]) == (409, asked)
    assert preview["accept"] == refused.json()["accept"]
    seen = [note for note in preview["notes"] if note["asks"]]
    assert seen == [{"text": asked[0], "asks": True}]
    assert post(GOOD + "\n", preview["accept"]).status_code == 409
    asked.append("D20: another question")
    changed = post(GOOD, preview["accept"])
    assert (changed.status_code, changed.json()["notes"]) == (409, asked)
    loaded = post(GOOD, changed.json()["accept"])
    assert loaded.status_code == 201
    assert [note["text"] for note in loaded.json()["notes"] if note["asks"]] == asked
