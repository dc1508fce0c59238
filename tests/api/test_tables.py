"""Every listing as CSV: the rows of its pages to the last, read as they are sent."""

import asyncio
import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from pydantic import BaseModel

from service.api.tables import every_page, prefers_csv, table
from service.files.csv_cells import to_csv
from service.publish import NotMailed
from service.publish.package import LEFT_OUT
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Batch
from tests.api.test_roles import ALLOWED
from tests.market import query

CSV = {"Accept": "text/csv"}
LISTINGS = {
    "/v1/deals": "deals",
    "/v1/results": "results",
    "/v1/cycles": "cycles",
    "/v1/batches": "batches",
    "/v1/goodwill": "goodwill",
    "/v1/batches/{batch_id}/left-out": "left_out",
    "/v1/batches/{batch_id}/reconciliation": "differences",
}


class Row(BaseModel):
    number: int
    text: str | None
    parts: dict[str, list[int]] = {}


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("text/*, application/json;q=0.9", True),
        ("text/csv, */*;q=0.1", True),
        ("text/csv;q=0.5, application/json", False),
        ("text/csv, application/json", False),
        ("text/csv;q=0, */*;q=0", False),
        ("text/csv;q=much", False),
        ("*/*", False),
        ("text/html", False),
        ("", False),
        (None, False),
    ],
)
def test_what_a_client_would_rather_have(accept: str | None, is_csv: bool) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    assert prefers_csv(Request({"type": "http", "headers": headers})) is is_csv


def test_a_file_reads_its_rows_as_it_is_sent() -> None:
    asked: list[int] = []

    def find(after: int | None, most: int) -> list[Row]:
        asked.append(after or 0)
        first = (after or 0) + 1
        return [Row(number=n, text="=1+1") for n in range(first, min(first + most, 1002))]

    pages = every_page(find, None, key=lambda row: row.number, together=250)
    assert (next(pages)[-1].number, asked) == (250, [0]), "no more than what is wanted"
    assert [row.number for page in pages for row in page] == list(range(251, 1002))
    assert asked == [0, 250, 500, 750, 1000]


def test_no_cell_is_a_formula_and_nothing_is_lost() -> None:
    texts = ["=cmd()", "+1", "-1", "@a", "\tb", "plain", 'a,b\r\n"c"', "", None, "\uff1dx", "'=1"]
    rows = [Row(number=-n, text=text, parts={"é": [n]}) for n, text in enumerate(texts)]
    sent = table("rows", Row, iter([rows]))

    async def received() -> str:
        return "".join([str(part) async for part in sent.body_iterator])

    body = asyncio.run(received())
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    assert sent.headers["vary"] == "Accept"
    read = list(csv.reader(io.StringIO(body, newline="")))
    assert read[0] == ["number", "text", "parts"]
    assert [row[0] for row in read[1:]] == [str(-n) for n in range(len(texts))], "numbers are"
    assert [row[1] for row in read[1:]] == [
        "'=cmd()", "'+1", "'-1", "'@a", "'\tb", "plain", "a,b\r\n\"c\"", "", "", "'\uff1dx", "''=1",
    ]  # fmt: skip
    assert [json.loads(row[2]) for row in read[1:]] == [{"é": [n]} for n in range(len(texts))]


@pytest.mark.slow
def test_every_listing_is_a_file_of_the_rows_of_its_pages(
    anonymous: TestClient,
    database: Database,
    settings: Settings,
    key_for: Callable[[Role], str],
) -> None:
    """Walked by pages of one, beside the file; one deal has a formula for a title."""
    _fill(database)
    left_out = pl.DataFrame([[f"H{n}", "", "no_consent", "", "-"] for n in range(3)],
                            schema=list(NotMailed._fields), orient="row")  # fmt: skip
    (settings.output_folder / LEFT_OUT).mkdir(parents=True)
    (settings.output_folder / LEFT_OUT / "b1.csv").write_bytes(to_csv(left_out, bom=True))
    listings = {path for method, path in ALLOWED if method == "GET"} & set(LISTINGS)
    assert listings == set(LISTINGS)
    for path in sorted(LISTINGS):
        headers = {"Authorization": key_for(min(ALLOWED["GET", path] - {Role.ADMIN}))}
        where = path.replace("{batch_id}", "1")
        rows = _walk(anonymous, where, LISTINGS[path], headers)
        answer = anonymous.get(where, headers=headers | CSV)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8", path
        read = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert len(read) == len(rows) > 1, path
        for one, other in zip(read, rows, strict=True):
            assert one == {name: _shown(value) for name, value in other.items()}, path
    headers = {"Authorization": key_for(Role.MARKETING)} | CSV
    assert ",'=1+1," in anonymous.get("/v1/deals?limit=1", headers=headers).text
    assert anonymous.get("/v1/results?after=nowhere", headers=headers).status_code == 422
    assert anonymous.get("/v1/batches/9/left-out", headers=headers).status_code == 404


def _walk(
    client: TestClient, path: str, name: str, headers: dict[str, str]
) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(path, params={"limit": 1, **({"after": cursor} if cursor else {})},
                            headers=headers)  # fmt: skip
        page = answer.json()
        found += page[name]
        cursor = page["cursor"]
    return found


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in "=+-@" and value else value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fill(database: Database) -> None:
    """Three batches, pieces that nobody mailed, a use of some offers, goodwill, and a formula."""
    now = _now(database)
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("UPDATE offer SET title = '=1+1' WHERE id = 1")
        for number in (1, 2, 3):
            session.add(Batch(cycle_id=1, revision=number, name=f"b{number}", state="ready",
                              pieces=1, pages=1, manifest='{"files": []}'))  # fmt: skip
            session.flush()
            run(
                "INSERT INTO mail_piece (batch_id, seq, piece_id, list_id, address_digest, state,"
                f" reason) VALUES (1, {number}, 'P{number}', {number}, '', 'spoiled', '-')"
            )
            run(
                "INSERT INTO person (id, name, email, roles, language, totp_step, second_failures,"
                f" created_at) VALUES ({number}, 'p', 'p{number}', '[]', 'en', 0, 0, {now})"
            )
            run(
                "INSERT INTO goodwill (request, subject, state, amount_cents, reason, note,"
                " person_id, actor, asked_at, given_on) VALUES"
                f" ('r{number}', 's{number}', 'given', 5, 'other', '+', {number}, 'a',"
                f" {now}, '2026-03-05')"
            )
            run(
                "INSERT INTO redemption (id, store_id, terminal, business_date, number, digest,"
                " state, total_discount_cents, answer, redeemed_at) VALUES"
                f" ('u{number}', '0042', '1', '2026-03-0{number}', '{number}', '', 'redeemed', 1,"
                f" '', {now})"
            )
            run(
                "INSERT INTO redemption_line (redemption_id, list_id, list_line, use_number, uses,"
                " live, offer_id, units, amount_cents, supplier_cents, retailer_cents,"
                " reserved_cents, parts) SELECT"
                f" 'u{number}', list_id, line, 1, 1, true, offer_id, 1, 5, 5, 0, 0, '[]' FROM"
                " list_line WHERE offer_id IS NOT NULL ORDER BY list_id, line LIMIT 1"
                f" OFFSET {number}"
            )
        run(
            "INSERT INTO cycle (as_of, seed, valid_from, valid_to, issued_at, usage_bounds,"
            " summary) SELECT '2026-04-01', seed, valid_from, valid_to, issued_at, '[]', '{}'"
            " FROM cycle"
        )
    assert len(query(database, "SELECT 1 FROM redemption_line")) == 3


def _now(database: Database) -> str:
    moment = datetime(2026, 3, 5, 9, tzinfo=UTC)
    micros = round(moment.timestamp() * 1_000_000)
    return str(micros) if database.is_sqlite else f"'{moment.isoformat()}'"
