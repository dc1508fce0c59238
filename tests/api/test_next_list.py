"""A household's next list over HTTP: to marketing as a draft, to the till as what is left of it."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from fastapi.testclient import TestClient

from service.admin.keys import add_key
from service.api.app import create_app
from service.jobs.worker import drain
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import STORE, gtin, price, query
from tests.till import body

pytestmark = pytest.mark.slow

CARD = "952123400000000003"
PATH = "/v1/households/M03/next-list"


@pytest.fixture
def till(database: Database, settings: Settings, issued: None) -> Iterator[TestClient]:
    _, key = add_key(database, settings, role=Role.POS, store_id=STORE)
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(create_app(database, settings), headers=headers) as client:
        yield client


def sale(
    number: int, *products: int, day: str, pieces: int = 1, shown: str = CARD
) -> dict[str, Any]:
    return body(
        number,
        presented=[("card", shown)],
        lines=[(gtin(each), pieces, pieces * price(each)) for each in products],
        day=day,
    )


def bought(till: TestClient, *given: Any, **named: Any) -> dict[str, Any]:
    answer = till.post("/v1/redemptions", json=sale(*given, **named))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_marketing_sees_the_draft_without_a_code(
    marketing: TestClient, till: TestClient, database: Database, settings: Settings
) -> None:
    missing = marketing.get(PATH)
    assert (missing.status_code, missing.headers["content-type"]) == (
        404, "application/problem+json",
    )  # fmt: skip
    assert marketing.get("/v1/households/NOBODY/next-list").status_code == 404
    assert marketing.get(f"{PATH}/pdf").status_code == 404
    bought(till, 1, 22, day="2026-03-05")
    drain(database, settings)
    ((list_id, code),) = query(database, "SELECT id, code FROM shopping_list WHERE state = 'draft'")
    read = marketing.get(PATH)
    shown = read.json()
    assert (shown["household_id"], shown["state"], shown["as_of"]) == ("M03", "draft", "2026-03-06")
    assert code not in read.text
    document = shown["document"]
    assert "list_code" not in document
    printed = [line["line"] for kind in ("offers", "reminders") for line in document[kind]]
    assert [each["line"] for each in shown["reasons"]] == sorted(printed)
    assert document["offers"]
    assert document["reminders"]
    as_list = marketing.get(f"/v1/lists/{list_id}")
    assert as_list.json()["code"] is None
    assert as_list.json()["document"] == document
    assert code not in as_list.text
    assert till.get(PATH).status_code == 403


def test_a_draft_on_paper_says_so_and_has_no_code(
    marketing: TestClient, till: TestClient, database: Database, settings: Settings
) -> None:
    bought(till, 1, 22, day="2026-03-05")
    drain(database, settings)
    ((list_id,),) = query(database, "SELECT id FROM shopping_list WHERE state = 'draft'")
    # One that was written before drafts had no code.
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"""UPDATE shopping_list SET document = replace(document, '"list_code":""',
                '"list_code":"' || code || '"') WHERE id = {list_id}"""
        )
    for path in (f"{PATH}/pdf", f"/v1/lists/{list_id}/pdf"):
        drawn = marketing.get(path)
        assert drawn.headers["content-type"] == "application/pdf"
        pages = pdfium.PdfDocument(io.BytesIO(drawn.content))
        front = pages[0].get_textpage().get_text_bounded()
        assert "This is a draft" in front
        assert "cannot be used at the checkout" in front
        assert "Show this code" not in front
        for page in pages:
            image = np.asarray(page.render(scale=3).to_pil().convert("L"))
            assert zxingcpp.read_barcodes(image) == []
    issued = pdfium.PdfDocument(io.BytesIO(marketing.get("/v1/lists/1/pdf").content))
    assert "draft" not in issued[0].get_textpage().get_text_bounded().lower()


def test_the_till_is_told_what_the_draft_has_left(
    till: TestClient, database: Database, settings: Settings
) -> None:
    assert bought(till, 1, 22, day="2026-03-05")["next_list"] == {"status": "due"}
    drain(database, settings)
    lines = query(
        database,
        """SELECT l.kind, l.text, l.item_id, l.offer_id FROM list_line l
           JOIN shopping_list s ON s.id = l.list_id WHERE s.state = 'draft' ORDER BY l.line""",
    )
    offers = [(text, offer) for kind, text, _, offer in lines if kind == "offer"]
    reminders = [(text, item) for kind, text, item, _ in lines if kind != "offer"]
    # Deal n is on product n, and its number is one more; item n has products 2n and 2n + 1.
    product = offers[0][1] - 1
    other = next(2 * (item - 1) for _, item in reminders if 2 * (item - 1) != product)
    taken = {(other // 2) + 1, (product // 2) + 1}
    left = {
        "status": "due",
        "offers": [text for text, offer in offers if offer - 1 not in (product, other)],
        "reminders": [text for text, item in reminders if item not in taken],
    }
    basket = sale(2, product, other, day="2026-03-07")
    assert till.post("/v1/quotes", json=basket).json()["next_list"] == left
    answer = till.post("/v1/redemptions", json=basket)
    assert answer.json()["next_list"] == left
    assert left["offers"]
    assert left["reminders"]
    drain(database, settings)
    # The answer is kept as it was given, though the draft is another now.
    assert till.post("/v1/redemptions", json=basket).content == answer.content
    # What comes back is not bought, and another household's draft is none of this one's.
    back = bought(till, 3, product, day="2026-03-07", pieces=-1)["next_list"]
    assert set(back) == {"status", "offers", "reminders"}
    whole = query(
        database,
        """SELECT count(*) FROM list_line l JOIN shopping_list s ON s.id = l.list_id
           WHERE s.state = 'draft'""",
    )
    assert len(back["offers"]) + len(back["reminders"]) == whole[0][0]
    stranger = bought(till, 4, product, day="2026-03-07", shown="952123400000000004")
    assert stranger["next_list"] == {"status": "due"}
    nobody = till.post("/v1/redemptions", json=body(5, lines=[(gtin(1), 1, 340)]))
    assert nobody.json()["next_list"] == {"status": "none"}
