"""The service desk: receipts and lists in plain words, and goodwill from the form to the ledger."""

import re

import pytest

from service.admin.people import PersonRole
from service.console.app import PATH
from service.desk import goodwill
from service.desk.goodwill import GoodwillReason
from service.desk.outcomes import LineResult
from service.engine.redeem import RefusalReason
from service.pages import refusals
from service.pages.languages import LANGUAGES, language_of
from service.store.tables.goodwill import GoodwillState
from tests.checkout.acts import sold
from tests.console.conftest import House, send
from tests.shop import H1, H2, MILK

RECEIPT = "/desk/receipt?store=0042&terminal=1&number={number}&day=2026-03-05"


def words(page: str) -> str:
    """What a page shows, without its marks."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_every_outcome_has_words_in_every_language() -> None:
    for tag in LANGUAGES:
        language = language_of(tag)
        reasons = [refusals.reason(language, each) for each in RefusalReason]
        assert len(set(reasons)) == len(RefusalReason)
        assert all(refusals.advice(language, each) for each in RefusalReason)
        assert len({refusals.result(language, each) for each in LineResult}) == len(LineResult)
        assert len({refusals.goodwill_reason(language, each) for each in GoodwillReason}) == len(
            GoodwillReason
        )
        assert len({refusals.goodwill_state(language, each) for each in GoodwillState}) == len(
            GoodwillState
        )


def test_a_receipt_and_a_list_are_explained_in_the_reader_s_language(house: House) -> None:
    code = house.shop.lists[H1]
    for number in (1, 2):
        sold(house.database, house.settings, number, presented=[("list", code)],
             lines=[(MILK, 1, 120)])  # fmt: skip
    client = house.member(PersonRole.SERVICE)
    first = words(client.get(PATH + RECEIPT.format(number=1)).text)
    assert "Came off Dale Milk: $1.00 off −$1.00" in first
    assert first.count("Refused") == 2
    second = words(client.get(PATH + RECEIPT.format(number=2)).text)
    assert "Refused Dale Milk: $1.00 off The line was used before; it counts once." in second
    client.cookies.set("__Host-larder-language", "de", domain="localhost.local", path="/")
    assert "Die Zeile wurde schon eingelöst; sie zählt einmal." in words(
        client.get(PATH + RECEIPT.format(number=2)).text
    )
    client.cookies.delete("__Host-larder-language")
    answer = send(client, "/desk/list", code=f"({code[:3]}){code[3:]}")
    assert code not in answer.headers["location"]
    page = client.get(answer.headers["location"], params={"day": "2026-03-05"}).text
    assert code not in page
    listed = words(page)
    assert "Cannot be used Dale Milk: $1.00 off The line was used before" in listed
    assert "Receipt 1 · Mar 5, 2026 · Came off −$1.00" in listed
    assert listed.count("Can be used") == 2
    late = words(client.get(f"{PATH}/desk/lists/1?day=2026-03-16").text)
    assert late.count("The day was after the last day of the list.") == 2


@pytest.mark.parametrize(
    "query",
    ["", "?store=0042&terminal=1&number=9&day=2026-03-05", "?day=x", "?number=%00&day=2026-01-01"],
)
def test_what_is_not_there_says_what_to_compare(shared_house: House, query: str) -> None:
    client = shared_house.member(PersonRole.SERVICE)
    answer = client.get(f"{PATH}/desk/receipt{query}")
    assert answer.status_code == 200
    assert "No till has sent" in answer.text or "Choose the day" in answer.text
    wrong = send(client, "/desk/list", code="12")
    assert (wrong.status_code, "28 digits" in wrong.text) == (422, True)


def test_goodwill_from_the_form_to_the_second_person(house: House) -> None:
    asks, decides = house.member(PersonRole.SERVICE), house.member(PersonRole.ADMIN)
    page = asks.get(f"{PATH}/desk/lists/1").text
    asked = re.search(r'name="asked" value="([^"]+)"', page)
    assert asked is not None
    small = {"amount": "2.50", "reason": "till_fault", "list": "1", "line": "1",
             "asked": asked[1], "to": "/desk/lists/1"}  # fmt: skip
    for _ in range(2):
        answer = send(asks, "/desk/goodwill", **small)
        assert answer.headers["location"] == f"{PATH}/desk/lists/1"
        assert "$2.50 are given" in asks.get(answer.headers["location"]).text
    send(asks, "/desk/goodwill", **{**small, "amount": "25.00", "line": "", "asked": "b"})
    assert "wait for a second person" in asks.get(f"{PATH}/desk/lists/1").text
    rows = goodwill.show(house.database)
    assert [(row.amount_cents, row.state) for row in rows] == [(2500, "waiting"), (250, "given")]
    assert "Approve" not in asks.get(f"{PATH}/desk").text
    assert "Approve" in decides.get(f"{PATH}/desk").text
    send(asks, "/desk/goodwill/2/approve")
    assert goodwill.show(house.database)[0].state == "waiting"
    send(decides, "/desk/goodwill/2/approve")
    send(decides, "/desk/goodwill/1/take-back")
    states = [row.state for row in goodwill.show(house.database)]
    assert states == ["given", "voided"]
    for changed, said in (
        ({"amount": "80.00", "asked": "c", "list": "2"}, "One person gives at most"),
        ({"reason": "other", "asked": "d", "list": "2"}, "Say why in the note"),
    ):
        answer = send(asks, "/desk/goodwill", **{**small, **changed})
        assert said in asks.get(answer.headers["location"]).text
    assert len(goodwill.show(house.database)) == 2
    for wrong in ({"amount": "1,000.00"}, {"reason": "because"}, {"list": "0"}):
        assert send(asks, "/desk/goodwill", **{**small, **wrong}).status_code == 422
    assert send(asks, "/desk/goodwill/1/eat").status_code == 404
    # No page leads away from the console.
    away = send(asks, "/desk/goodwill", **{**small, "asked": "e", "to": "//evil.example"})
    assert away.headers["location"] == f"{PATH}/"
    assert H2 not in asks.get(f"{PATH}/desk").text
