"""What the mailing house does over HTTP: find a batch and fetch its files, in parts if need be."""

import hashlib
import json

import pytest
from fastapi.testclient import TestClient

from service.jobs.worker import drain
from service.publish import publish
from service.settings import Settings
from service.store.session import Database
from tests.market import silent

pytestmark = pytest.mark.slow

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
    manifest_files = json.loads(manifest.content)
    for file in manifest_files["files"]:
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


def test_the_head_of_a_file_is_no_pickup(printed: TestClient) -> None:
    asked = printed.head(f"{FILES}/{PDF}")
    assert (asked.status_code, asked.content) == (200, b"")
    got = printed.get(f"{FILES}/{PDF}")
    for name in ("etag", "content-length", "content-type", "last-modified", "accept-ranges"):
        assert asked.headers[name] == got.headers[name]
    assert printed.head(f"{FILES}/nothing.pdf").status_code == 404


def test_a_range_beyond_the_file_is_refused(printed: TestClient) -> None:
    answer = printed.get(f"{FILES}/{PDF}", headers={"Range": "bytes=999999999-"})
    assert answer.status_code == 416


def test_only_files_of_the_manifest_leave_the_folder(printed: TestClient) -> None:
    for name in (
        ".ready",
        "..%2f..%2flarder.db",
        "%2e%2e%2flarder.db",
        "..%5clarder.db",
        "%2fetc%2fpasswd",
        "larder_lists_20260302_1of1_v1.pdf.part",
        "other.pdf",
        "a%00b",
    ):
        assert printed.get(f"{FILES}/{name}").status_code == 404, name


def test_marketing_is_told_by_name_whose_letters_are_left_out(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    assert marketing.get("/v1/batches/1/left-out").status_code == 404
    publish(database, settings, 1, progress=silent)
    page = marketing.get("/v1/batches/1/left-out").json()
    assert page["cursor"] is None
    reasons = {row["household_id"]: row["reason"] for row in page["left_out"]}
    assert sorted(reasons.values()) == ["no_consent", "no_street"]
    first = marketing.get("/v1/batches/1/left-out", params={"limit": 1}).json()
    second = marketing.get(
        "/v1/batches/1/left-out", params={"limit": 1, "after": first["cursor"]}
    ).json()
    assert [*first["left_out"], *second["left_out"]] == page["left_out"]
    assert second["cursor"] is None


def test_a_batch_that_is_not_ready_has_no_files(printed: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE batch SET state = 'rendering'")
    assert printed.get(f"{FILES}/{PDF}").status_code == 404
    assert printed.get("/v1/batches/7/files/x").status_code == 404


ACK = "piece_id,status,reason,timestamp\n"


def test_what_is_there_already_is_not_sent_again(printed: TestClient) -> None:
    etag = printed.get(f"{FILES}/{PDF}").headers["etag"]
    for named in (etag, f'"other", W/{etag}', "*"):
        again = printed.get(f"{FILES}/{PDF}", headers={"If-None-Match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert printed.get(f"{FILES}/{PDF}", headers={"If-None-Match": '"x"'}).status_code == 200


def test_the_first_pdf_is_the_pickup_and_the_house_says_that_it_has_all(
    printed: TestClient,
) -> None:
    printed.get(f"{FILES}/manifest.json")
    assert printed.get("/v1/batches/1").json()["picked_up_at"] is None
    printed.get(f"{FILES}/{PDF}", headers={"Range": "bytes=0-9"})
    batch = printed.get("/v1/batches/1").json()
    assert batch["picked_up_at"] is not None
    assert batch["received_at"] is None
    received = printed.post("/v1/batches/1/pickup").json()
    assert received["received_at"] is not None
    assert received["picked_up_at"] == batch["picked_up_at"]
    assert printed.post("/v1/batches/1/pickup").json() == received
    assert printed.post("/v1/batches/7/pickup").status_code == 404


def test_pieces_are_answered_for_and_reconciled(printed: TestClient) -> None:
    rows = printed.get(f"{FILES}/larder_lists_20260302_v1.csv").text.splitlines()[1:]
    first, second, *rest = [row.partition(",")[0] for row in rows]
    at = "2026-03-03T10:00:00Z"
    body = ACK + f"{first},spoiled,torn,{at}\n{second},mailde,,{at}\n"
    body += "".join(f"{piece},mailed,,{at}\n" for piece in rest)
    sent = {"content": body, "headers": {"Content-Type": "text/csv"}}
    answer = printed.post("/v1/acknowledgements?name=day1.csv", **sent).json()
    assert (answer["rows"], answer["taken"], answer["known"], answer["refused"]) == (27, 26, 0, 1)
    (fault,) = answer["faults"]
    assert fault["where"].startswith("day1.csv, row ")
    assert fault["where"].endswith(", column status")
    assert fault["remedy"]
    again = printed.post("/v1/acknowledgements", **sent).json()
    assert (again["taken"], again["known"], again["refused"]) == (0, 26, 1)
    found = printed.get("/v1/batches/1/reconciliation?limit=1").json()
    assert (found["pieces"], found["mailed"], found["difference"]) == (27, 25, 2)
    named = found["differences"]
    named += printed.get(f"/v1/batches/1/reconciliation?after={found['cursor']}").json()[
        "differences"
    ]
    assert {piece["piece_id"]: piece["state"] for piece in named} == {
        first: "spoiled",
        second: "outstanding",
    }


def test_a_body_that_is_no_acknowledgement_is_refused(printed: TestClient) -> None:
    wrong = printed.post("/v1/acknowledgements", json={"piece_id": "x"})
    assert (wrong.status_code, "text/csv" in wrong.headers["accept"]) == (415, True)
    form = printed.post("/v1/acknowledgements", files={"file": ("ack.csv", b"a,b\n", "text/csv")})
    assert (form.status_code, form.json()["detail"][:7]) == (422, "ack.csv")
    empty = printed.post(
        "/v1/acknowledgements", content="a,b\n", headers={"Content-Type": "text/csv"}
    )
    assert empty.status_code == 422
    assert len(empty.json()["errors"]) == 3


def test_marketing_voids_a_batch_until_it_is_picked_up(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    publish(database, settings, 1, progress=silent)
    answer = marketing.post("/v1/batches/1/void").json()
    assert (answer["batch_id"], answer["lists"]) == (1, 27)
    assert answer["released_cents"] > 0
    assert marketing.post("/v1/batches/1/void").json() == answer
    assert marketing.post("/v1/batches/7/void").status_code == 404
    assert marketing.post("/v1/batches", json={"cycle_id": 1}).status_code == 409


def test_marketing_asks_for_a_revision_and_a_reprint(
    marketing: TestClient, database: Database, settings: Settings
) -> None:
    publish(database, settings, 1, progress=silent)
    asked_for = marketing.post("/v1/batches", json={"cycle_id": 1, "revise": True})
    drain(database, settings)
    run = marketing.get(asked_for.headers["Location"]).json()
    assert (run["state"], run["result"]["name"]) == ("done", "larder_lists_20260302_v2")
    reprint = marketing.post("/v1/batches/2/reprint")
    assert reprint.status_code == 202
    drain(database, settings)
    run = marketing.get(reprint.headers["Location"]).json()
    assert (run["state"], run["problem"]["detail"]) == (
        "failed",
        "No piece of batch 2 is spoiled and waits for a reprint.",
    )
    assert marketing.post("/v1/batches/7/reprint").status_code == 404


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
