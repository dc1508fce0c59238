"""Deals over HTTP: previews, remarks, the template; nothing of it is written."""

import gzip
import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.routes.offers import XLSX
from service.files.apart import Apart
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.deals.hostile import HOSTILE
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


def test_a_form_of_a_browser_is_read_as_its_file_is(marketing: TestClient) -> None:
    def upload(file: tuple[str, bytes, str] | tuple[str, bytes], field: str = "file") -> Any:
        return marketing.post("/v1/deals/previews", files={field: file})

    raw = marketing.post("/v1/deals/previews?name=spring", content=BAD, headers=CSV).json()
    assert upload(("spring.csv", BAD.encode(), "text/csv")).json() == raw
    odd = upload(("C:\\a\\Frühling\u202e 1.csv", BAD.encode(), "application/vnd.ms-excel")).json()
    assert odd["name"] == "Frühling 1.csv"
    assert odd["problems"][0]["where"].startswith("Frühling 1.csv, B3")
    back = marketing.post("/v1/deals/remarks", files={"file": ("Frühling.csv", BAD.encode())})
    assert "UTF-8''Fr%C3%BChling-remarks.xlsx" in back.headers["content-disposition"]
    loaded = marketing.post("/v1/deals", files={"file": ("spring.csv", BAD.encode(), "text/csv")})
    assert (loaded.status_code, loaded.json()["type"]) == (422, "urn:larder:problem:invalid-input")
    without = upload(("spring.csv", b"x", "text/csv"), field="deals")
    assert (without.status_code, without.json()["errors"][0]["remedy"]) == (
        422, "send the file as the field `file`",
    )  # fmt: skip
    torn = marketing.post(
        "/v1/deals/previews", content=b"--x", headers={"Content-Type": "multipart/form-data"}
    )
    assert (torn.status_code, torn.json()["detail"]) == (422, "The form cannot be read.")


@pytest.mark.parametrize("path", ["/v1/deals", "/v1/deals/previews", "/v1/deals/remarks"])
def test_another_type_is_told_what_is_read(shared_marketing: TestClient, path: str) -> None:
    for sent in (
        shared_marketing.post(path, content=b"x", headers={"Content-Type": "image/png"}),
        shared_marketing.post(path, files={"file": ("a.png", b"x", "image/png")}),
        shared_marketing.post(path, json={}),
        shared_marketing.post(path),
    ):
        assert (sent.status_code, sent.json()["type"]) == (
            415,
            "urn:larder:problem:unsupported-type",
        )
        assert "text/csv" in sent.headers["accept"]
        assert "multipart/form-data" in sent.headers["accept"]
    packed = {"Content-Encoding": "gzip", **CSV}
    answer = shared_marketing.post(path, content=gzip.compress(GOOD.encode()), headers=packed)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


def test_the_parts_of_a_form_count_towards_its_limit(
    database: Database, settings: Settings, issued: None, key_for: Callable[[Role], str],
    apart: Apart,
) -> None:  # fmt: skip
    small = settings.model_copy(update={"max_upload_bytes": 2000})
    headers = {"Authorization": key_for(Role.MARKETING)}
    with TestClient(create_app(database, small, apart=apart), headers=headers) as client:
        form = {"file": ("a.csv", b"x" * 1500, "text/csv"), "b": ("b.csv", b"x" * 1500)}
        assert client.post("/v1/deals", files=form).status_code == 413
        boundary = {"Content-Type": "multipart/form-data; boundary=x"}
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        chunks = iter([head, *[b"x" * 500] * 5, b"\r\n--x--\r\n"])
        unannounced = client.post("/v1/deals", content=chunks, headers=boundary)
        assert unannounced.status_code == 413


def test_hostile_files_are_refused_and_the_next_is_read(shared_marketing: TestClient) -> None:
    for kind in ("cells without a place", "merges over the whole sheet", "overlapping entries"):
        body = HOSTILE[kind]()
        answer = shared_marketing.post("/v1/deals/remarks", content=body, headers=CSV)
        assert answer.status_code == 422, kind
    answer = shared_marketing.post("/v1/deals/previews", content=GOOD, headers=CSV)
    assert answer.status_code == 200


def test_a_digest_accepts_only_the_file_whose_notes_were_seen(marketing: TestClient) -> None:
    """Two small prints that fit a list alone and not together are asked about."""
    rows = [
        f"{deal(n)},{letter * 4} {f'{letter * 9} ' * 65}" for n, letter in ((20, "a"), (1, "b"))
    ]
    file = "\n".join([f"{DEAL_COLUMNS},legal_text", *rows])

    def post(content: str, accept: str = "") -> Any:
        return marketing.post(f"/v1/deals?accept={accept}", content=content, headers=CSV)

    preview = marketing.post("/v1/deals/previews", content=file, headers=CSV).json()
    asked = [note["text"] for note in preview["notes"] if note["asks"]]
    assert len(asked) == 1
    assert asked[0].startswith("legal_text: the small print of up to 2 different offers")
    refused = post(file)
    assert (refused.status_code, refused.json()["notes"]) == (409, asked)
    assert preview["accept"] == refused.json()["accept"]
    other = post(f"{file}\n", preview["accept"])
    assert (other.status_code, other.json()["notes"]) == (409, asked)
    assert other.json()["accept"] != preview["accept"]
    loaded = post(file, preview["accept"])
    assert loaded.status_code == 201
    assert loaded.json()["notes"] == preview["notes"]
