"""A file of deals in the console: sent, read, corrected, and loaded when somebody asks for it."""

import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from service.admin.people import PersonRole
from service.console.app import PATH
from service.store.offers import overview
from service.store.offers.overview import ALL_DEALS
from tests.console.conftest import House, token
from tests.served import eventually
from tests.shop import DEALS

pytestmark = pytest.mark.slow

UPLOAD = PATH + "/deals/upload"
CELL = re.compile(r'name="(cell:[^"]+)" value="([^"]*)"[^>]*aria-invalid')
GOOD = DEALS.replace("-1,", "-3,")


def send_file(client: TestClient, body: bytes | str, name: str = "spring.csv", **how: str) -> str:
    """Send a file; the address of its page."""
    form = {"csrf": token(client.get(UPLOAD).text), **how}
    sent = client.post(UPLOAD, data=form, files={"file": (name, body)})
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def look(client: TestClient, path: str) -> Any:
    """The page of a file when it has been read."""
    pages = []

    def has_been_read() -> bool:
        pages.append(client.get(path))
        return 'class="card narrow working"' not in pages[-1].text

    eventually(has_been_read)
    return pages[-1]


def act(client: TestClient, path: str, page: str, what: str, **form: Any) -> Any:
    return client.post(f"{path}/{what}", data={"csrf": token(page), **form})


def deals(house: House) -> dict[str, tuple[str, int | None]]:
    with house.database.read() as session:
        found = overview.deals(session, chosen=ALL_DEALS)
    return {row[0]: row[1:] for row in found.select("deal_id", "title", "budget_cents").iter_rows()}


def test_a_file_is_understood_corrected_and_loaded(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    before = deals(house)
    bad = GOOD.replace("100.00", "tbd").replace("Oven Works", "Oven Wroks")
    path = send_file(client, bad)
    page = look(client, path).text
    assert "2 faults: nothing can be loaded yet" in page
    # The rows without a fault are said in a sentence, those with one have their cells to write in.
    assert "House Brand gives $2.00 off" in page
    assert "Dale Foods gives" not in page
    cells = {name: unescape(text) for name, text in CELL.findall(page)}
    assert cells == {"cell:1:10:": "tbd", "cell:2:1:": "Oven Wroks"}
    assert "/load" not in page
    refused = act(client, path, page, "load")
    assert refused.status_code == 303
    assert "2 faults; no deal of it was loaded" in look(client, path).text
    assert deals(house) == before
    act(client, path, page, "correct", **{"cell:1:10:": "250.00", "cell:2:1:": "Oven Works"})
    page = look(client, path).text
    assert "K2: corrected from &#39;tbd&#39; to &#39;250.00&#39;" in page
    assert "Load 3 deals" in page
    assert deals(house) == before, "reading changes nothing"
    # The file with remarks is what was sent, and says what each row means now.
    book = openpyxl.load_workbook(io.BytesIO(client.get(path + "/remarks").content)).active
    assert [row[10] for row in book.values][:2] == ["budget", "250.00"]
    digest = re.search(r'name="accept" value="(\w+)"', page)
    act(client, path, page, "load", accept=digest[1] if digest else "", accepted="true")
    done = look(client, path)
    assert (done.status_code, done.headers["location"]) == (303, PATH + "/deals?order=newest")
    assert "Loaded: 3 new, 0 revised, 0 unchanged." in client.get(done.headers["location"]).text
    assert deals(house)["MILK-3"] == ("Dale Milk", 25000)
    assert client.get(path).status_code == 404, "what is loaded waits no more"


def test_what_asks_is_confirmed_before_it_is_loaded(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    first, *rows = GOOD.strip().split("\n")
    asking = "\n".join([first + ",status", rows[0] + ",on hold", *(row + "," for row in rows[1:])])
    path = send_file(client, asking)
    page = look(client, path).text
    found = re.search(r'name="accept" value="(\w+)"', page)
    assert found is not None
    assert 'name="accepted" value="true" required' in page
    for form in ({}, {"accept": found[1]}, {"accept": "0" * 16, "accepted": "true"}):
        act(client, path, page, "load", **form)
        assert "Nothing was loaded: read the notes below" in look(client, path).text
    assert "MILK-3" not in deals(house)
    act(client, path, page, "load", accept=found[1], accepted="true")
    assert look(client, path).status_code == 303
    assert "MILK-3" in deals(house)


def test_a_row_is_left_out_and_all_of_it_is_undone(shared_house: House) -> None:
    client = shared_house.member(PersonRole.MARKETING)
    first, *rows = GOOD.strip().split("\n")
    twice = "\n".join([first, *rows, rows[0].replace("Dale Milk", "Milk of Dale")])
    path = send_file(client, twice, "../../etc/twice.csv")
    page = look(client, path).text
    assert "<h1>twice.csv</h1>" in page
    out = re.findall(r'name="(out:[^"]+)" value="([\d,]+)"', page)
    assert out
    act(client, path, page, "correct", **{out[-1][0]: out[-1][1]})
    page = look(client, path).text
    assert "Load 3 deals" in page
    act(client, path, page, "undo")
    assert "nothing can be loaded yet" in look(client, path).text
    assert act(client, path, page, "drop").headers["location"] == UPLOAD
    assert client.get(path).status_code == 404


def test_what_cannot_be_read_says_why(shared_house: House) -> None:
    client = shared_house.member(PersonRole.MARKETING)
    for body, name in (
        (b"\x00\x01\x02", "x.bin"), (b"PK\x03\x04", "x.xlsx"), (b"a,b\n1,2\n", "x.csv"),
        (b"\xd0\xcf\x11\xe0", "old.xls"),
    ):  # fmt: skip
        page = look(client, send_file(client, body, name))
        assert (page.status_code, "This file cannot be read" in page.text) == (422, True), name
    form = {"csrf": token(client.get(UPLOAD).text)}
    empty = client.post(UPLOAD, data=form, files={"file": ("e.csv", b"")})
    assert empty.headers["location"] == UPLOAD
    assert client.post(UPLOAD, data=form).status_code == 422
    path = send_file(client, GOOD)
    page = look(client, path).text
    for wrong in (
        {"cell:99999:1:": "x"}, {"cell:1:999:": "x"}, {"cell:-1:1:": "x"}, {"cell:1:1:Other": "x"},
        {"out:1:": "x"}, {"cell:1:1:": "a" * 3000},
    ):  # fmt: skip
        answer = act(client, path, page, "correct", **wrong)
        shown = answer if answer.status_code == 422 else look(client, path)
        assert shown.status_code == 422, wrong
        act(client, path, page, "undo")
    assert "Load 3 deals" in look(client, path).text
