"""What the mailing house does in the console: fetch, look, report, reconcile; and who may void."""

import hashlib
from collections.abc import Iterator

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from fastapi.testclient import TestClient

from service.admin.people import PersonRole
from service.console.app import PATH
from service.engine.codes import parse_list_code
from service.jobs.worker import drain
from service.store import batches
from service.store.session import Database
from tests.conftest import fresh_database
from tests.console.conftest import House, open_house, send, token
from tests.mail import NAME, print_batch
from tests.market import query
from tests.shop import H1, H2

ONE = PATH + "/batches/1"
PDF = f"{ONE}/files/larder_lists_20260302_1of1_v1.pdf"


@pytest.fixture(scope="module")
def printed_copy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("printed")
    with fresh_database(request, "sqlite", folder) as url:
        house = open_house(url, folder)
        print_batch(house.database, house.settings)
        yield house
        house.database.dispose()


def picked_up(database: Database) -> bool:
    with database.read() as session:
        batch = batches.get(session, 1)
    assert batch is not None
    return batch.picked_up_at is not None


def report(client: TestClient, *rows: str, name: str = "back.csv") -> str:
    """Send a report of the house; the page that it leads to."""
    page = client.get(PATH + "/batches").text
    body = "\n".join(["piece_id,status,reason,timestamp", *rows, ""]).encode()
    sent = client.post(
        PATH + "/batches/acknowledgements",
        data={"csrf": token(page)},
        files={"file": (name, body, "text/csv")},
    )
    assert sent.status_code == 303, sent.text
    shown = client.get(sent.headers["location"])
    assert shown.status_code == 200
    return shown.text


def test_a_batch_from_pickup_to_reprint(printed_copy: House) -> None:
    house = printed_copy
    database = house.database
    marketing, mailing = house.member(PersonRole.MARKETING), house.member(PersonRole.MAILING)
    assert house.member(PersonRole.ADMIN).get(PDF).status_code == 200

    # Looking is no pickup, nor is a fetch by who may void; what is fetched is what was printed.
    assert NAME in marketing.get(PATH + "/batches").text
    assert f"{NAME}_v1,Ready to fetch,2" in marketing.get(PATH + "/batches.csv").text
    whole = marketing.get(PDF)
    codes = [house.shop.lists[ref] for ref in (H1, H2)]
    drawn = mailing.get(f"{ONE}/pieces/1/1")
    assert drawn.headers["content-type"] == "image/png"
    assert read_code(drawn.content, whole.content) == codes[0]
    assert not picked_up(database)
    assert mailing.get(f"{ONE}/pieces?seq=2").status_code == 200
    for path in ("pieces/3", "pieces/0", "pieces?seq=3", "pieces/1/9", "files/.ready"):
        assert mailing.get(f"{ONE}/{path}").status_code == 404, path

    # The void page names what it touches, and nothing but that batch is voided.
    asked = marketing.get(f"{ONE}/void").text
    assert "Void larder_lists_20260302_v1?" in asked
    assert "$3.16" in asked
    assert send(marketing, "/batches/1/void", confirmed="another").status_code == 422

    # A download that broke off goes on.
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(whole.content).hexdigest()}"'
    rest = mailing.get(PDF, headers={"Range": "bytes=1000-", "If-Range": etag})
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])
    assert picked_up(database)
    assert send(marketing, "/batches/1/void", confirmed=f"{NAME}_v1").status_code == 409

    # The check is a run: its progress and its end are on the page.
    assert send(mailing, "/batches/1/check").status_code == 303
    assert send(mailing, "/batches/1/check").status_code == 409
    page = mailing.get(ONE).text
    assert "Waits" in page
    assert 'hx-trigger="every 2s"' in page
    drain(database, house.settings)
    page = mailing.get(ONE).text
    assert ">Done</span>" in page
    assert "hx-trigger" not in page

    # Reports: each row by what became of it, again without harm; then what is left is reprinted.
    ids = [piece for (piece,) in query(database, "SELECT piece_id FROM mail_piece ORDER BY seq")]
    rows = [f"{ids[0]},mailed,,2026-03-05T10:00:00+00:00",
            f"{ids[1]},spoiled,jam,2026-03-05T10:00:00+00:00",
            "nobody,mailed,,2026-03-05T10:00:00+00:00"]  # fmt: skip
    answer = report(mailing, *rows, name="../..\\<b>.csv")
    assert "row 4" in answer
    assert "&lt;b&gt;.csv" in answer
    assert "<b>" not in answer
    assert figures(answer) == ["3", "2", "0", "1"]
    assert figures(report(mailing, *reversed(rows))) == ["3", "0", "2", "1"]
    left = mailing.get(f"{ONE}/reconciliation").text
    assert "1 piece is not mailed" in left
    assert ids[1] in left
    assert ids[0] not in left
    file = mailing.get(f"{ONE}/reconciliation.csv")
    assert file.headers["content-disposition"] == 'attachment; filename="not-mailed.csv"'
    assert file.text == f"\ufeffPiece,State,Batch,Reason\r\n{ids[1]},Spoiled,1,jam\r\n"
    left_out = marketing.get(f"{ONE}/left-out.csv").text
    assert left_out == "\ufeffHousehold,Reason,Mailed instead,What of it\r\n", "nobody is"
    assert marketing.get(PATH + "/batches/9/left-out.csv").status_code == 404
    assert send(mailing, "/batches/1/reprint").status_code == 303
    drain(database, house.settings)
    assert "larder_reprint" in mailing.get(PATH + "/batches").text
    assert "reprint of batch 1" in mailing.get(PATH + "/batches/2").text

    # A file that was changed after it was printed is found, and the run says where.
    path = house.settings.output_folder / f"{NAME}_v1" / PDF.rpartition("/")[2]
    path.write_bytes(whole.content[:-1])
    send(marketing, "/batches/1/check")
    drain(database, house.settings)
    page = marketing.get(ONE).text
    assert "another SHA-256" in page
    assert "print the batch again" in page

    # Files go when somebody confirms it, and who did is recorded.
    assert send(marketing, "/batches/1/purge", confirmed=f"{NAME}_v1").status_code == 303
    assert marketing.get(PDF).status_code == 404
    assert "There are no files" in marketing.get(ONE).text
    acts = query(database, "SELECT act, actor FROM audit_event WHERE subject = 'batch' ORDER BY id")
    assert acts == [("purge", "Marketing")]


def test_a_report_that_is_none_is_refused_where_it_was_sent(shared_house: House) -> None:
    mailing = shared_house.member(PersonRole.MAILING)
    page = mailing.get(PATH + "/batches").text
    nothing = mailing.post(PATH + "/batches/acknowledgements", data={"csrf": token(page)})
    assert "Choose a file first." in mailing.get(nothing.headers["location"]).text
    for body in (b"\x00\xff\xfe", b"a,b\n1,2\n", b""):
        sent = mailing.post(
            PATH + "/batches/acknowledgements",
            data={"csrf": token(page)},
            files={"file": ("x.csv", body, "text/csv")},
        )
        assert sent.status_code == 422, sent.text
    assert query(shared_house.database, "SELECT count(*) FROM acknowledgement") == [(0,)]


def figures(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split('class="value">')[1:]]


def read_code(png: bytes, pdf: bytes) -> str:
    """The list code on a picture; the page of the PDF at this size looks the same."""
    page = pdfium.PdfDocument(pdf)[0]
    drawn = page.render(scale=300 / 72, grayscale=True).to_numpy()
    (code,) = zxingcpp.read_barcodes(drawn, formats=zxingcpp.BarcodeFormat.Code128)
    assert png.startswith(b"\x89PNG")
    assert len(png) > 10_000
    assert np.frombuffer(png[16:24], ">u4").tolist() == [
        round(side * 110 / 72 + 0.5) for side in page.get_size()
    ]
    return str(parse_list_code(code.text))
