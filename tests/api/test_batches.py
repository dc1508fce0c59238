"""What the mailing house does over HTTP: find a batch and fetch its files, in parts if need be."""

import hashlib
import json

import pytest
from fastapi.testclient import TestClient

from service.publish import publish
from service.settings import Settings
from service.store.session import Database
from service.worker import drain
from tests.market import silent

FILES = "/v1/batches/1/files"
PDF = "larder_lists_20260302_1of1_v1.pdf"


@pytest.fixture
def printed(mailing: TestClient, database: Database, settings: Settings) -> TestClient:
    publish(database, settings, 1, progress=silent)
    return mailing


def test_a_batch_is_listed_with_its_files(printed: TestClient) -> None:
    page = printed.get("/v1/batches").json()
    (batch,) = page["batches"]
    assert page["cursor"] is None
    assert (batch["state"], batch["pieces"], batch["cycle_id"]) == ("ready", 27, 1)
    assert [file["name"] for file in batch["files"]] == [
        PDF,
        "larder_lists_20260302_v1.csv",
        "larder_lists_20260302_v1_left_out.csv",
    ]
    assert {reason: n for reason, n in batch["left_out"].items() if n} == {
        "no_consent": 1,
        "no_street": 1,
    }
    assert printed.get("/v1/batches/1").json() == batch


def test_every_file_is_what_the_manifest_says(printed: TestClient) -> None:
    manifest = printed.get(f"{FILES}/manifest.json")
    told = json.loads(manifest.content)
    for file in told["files"]:
        fetched = printed.get(f"{FILES}/{file['name']}")
        assert len(fetched.content) == file["bytes"]
        assert hashlib.sha256(fetched.content).hexdigest() == file["sha256"]
        assert fetched.headers["etag"] == f'"{file["sha256"]}"'
    digest = hashlib.sha256(manifest.content).hexdigest()
    assert manifest.headers["etag"] == f'"{digest}"'


def test_a_fetch_that_broke_off_goes_on(printed: TestClient) -> None:
    whole = printed.get(f"{FILES}/{PDF}")
    assert whole.headers["accept-ranges"] == "bytes"
    rest = printed.get(
        f"{FILES}/{PDF}", headers={"Range": "bytes=1000-", "If-Range": whole.headers["etag"]}
    )
    assert rest.status_code == 206
    assert whole.content[:1000] + rest.content == whole.content
    assert rest.headers["content-range"] == f"bytes 1000-{len(whole.content) - 1}/" + str(
        len(whole.content)
    )
    changed = printed.get(
        f"{FILES}/{PDF}", headers={"Range": "bytes=1000-", "If-Range": '"of another file"'}
    )
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_a_range_beyond_the_file_is_refused(printed: TestClient) -> None:
    answer = printed.get(f"{FILES}/{PDF}", headers={"Range": "bytes=999999999-"})
    assert answer.status_code == 416


@pytest.mark.parametrize(
    "name",
    [
        ".ready",
        "..%2f..%2flarder.db",
        "%2e%2e%2flarder.db",
        "..%5clarder.db",
        "%2fetc%2fpasswd",
        "larder_lists_20260302_1of1_v1.pdf.part",
        "other.pdf",
        "a%00b",
    ],
)
def test_only_files_of_the_manifest_leave_the_folder(printed: TestClient, name: str) -> None:
    assert printed.get(f"{FILES}/{name}").status_code == 404


def test_a_batch_that_is_not_ready_has_no_files(printed: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE batch SET state = 'rendering'")
    assert printed.get(f"{FILES}/{PDF}").status_code == 404
    assert printed.get("/v1/batches/7/files/x").status_code == 404


def test_marketing_asks_for_a_batch_and_a_worker_prints_it(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    asked_for = marketing.post("/v1/batches", json={"cycle_id": 1})
    assert asked_for.status_code == 202
    drain(database, settings)
    run = marketing.get(asked_for.headers["Location"]).json()
    assert (run["state"], run["result"]["pieces"]) == ("done", 27)
    assert marketing.post("/v1/batches", json={"cycle_id": 1}).status_code == 409
    assert marketing.post("/v1/batches", json={"cycle_id": 2}).status_code == 404
    assert marketing.post("/v1/batches", json={"cycle_id": 2**63}).status_code == 422
