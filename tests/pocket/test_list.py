"""From the letter to the list, to ticks on two phones, to what comes next."""

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeem
from service.jobs.worker import drain
from service.members.erase import erase
from service.store.actor import Actor
from service.store.tables.access import Role
from tests.market import gtin, price, query
from tests.pocket.conftest import CARDS, CODES, House
from tests.till import body

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


def opened(house: House, ref: str = "M03") -> TestClient:
    """A phone that opened the letter of a household."""
    phone = house.phone()
    answer = phone.get(f"/l/{CODES[ref]}")
    assert (answer.status_code, answer.url.path) == (200, "/pocket/")
    return phone


def known(house: House, ref: str = "M03") -> TestClient:
    phone = opened(house, ref)
    answer = phone.post("/pocket/known", data={"number": CARDS[ref]})
    assert "This phone now shows all of your lists." in answer.text
    return phone


def word(line: int, *, ticked: bool, minute: int, key: str) -> dict[str, Any]:
    at = (NOW + timedelta(minutes=minute)).isoformat()
    return {"key": f"{key:0>8}", "line": line, "ticked": ticked, "at": at}


def say(phone: TestClient, *ticks: dict[str, Any], items: tuple[dict[str, Any], ...] = ()) -> Any:
    list_id = phone.get("/pocket/state").json()["list_id"]
    sent = {"list_id": list_id, "ticks": ticks, "items": items}
    return phone.post("/pocket/words", json=sent)


def test_the_code_on_the_letter_opens_its_list_and_no_more(house: House) -> None:
    phone = opened(house)
    answer = phone.get("/pocket/")
    document = house.document("M03")
    for offer in document.offers:
        assert offer.value_text in answer.text
    for reminder in document.reminders:
        assert reminder.item in answer.text
    digits = f"(255){document.list_code[3:]}"
    assert digits in answer.text
    assert "Your next list</h2>" not in answer.text
    assert 'name="number"' in answer.text
    assert len(answer.content) < 60_000
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    # Nothing leads to another host, and the code is in no address.
    assert re.findall(r'(?:src|href|action)="(?!/pocket/)[^"]*"', answer.text) == []
    assert CODES["M03"] not in answer.text
    cookie = house.phone().get(f"/pocket/l/{CODES['M03']}", follow_redirects=False)
    said = cookie.headers["set-cookie"]
    assert said.startswith("__Host-pocket-session=")
    assert "HttpOnly" in said
    assert "Secure" in said


def test_a_code_that_is_not_known_opens_nothing_and_many_must_wait(house: House) -> None:
    phone = house.phone()
    assert phone.get("/pocket/").status_code == 200
    assert "Open your list with the code on your letter" in phone.get("/pocket/").text
    assert phone.get("/pocket/state", headers={"Accept": "application/json"}).status_code == 401
    for place in range(50):
        assert phone.get(f"/l/{place:026d}").status_code == 404
    refused = phone.get(f"/l/{CODES['M03']}")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_a_card_of_the_household_shows_more_and_no_other_does(house: House) -> None:
    phone = opened(house)
    for other in (CARDS["M04"], "952123400000009999", "12345"):
        answer = phone.post("/pocket/known", data={"number": other})
        assert "no card or telephone number of this household" in answer.text
        assert "Your next list</h2>" not in answer.text
    answer = phone.post("/pocket/known", data={"number": CARDS["M03"]})
    assert "Your next list</h2>" in answer.text
    # The other phone of the household is asked for itself.
    assert 'name="number"' in opened(house).get("/pocket/").text


def test_guessing_cards_has_to_wait(house: House) -> None:
    phone = opened(house)
    for place in range(10):
        phone.post("/pocket/known", data={"number": f"95212340000000{place:04d}9"})
    assert phone.post("/pocket/known", data={"number": CARDS["M03"]}).status_code == 429


def test_both_phones_agree_whatever_came_first_and_however_often(house: House) -> None:
    first, second = opened(house), opened(house)
    words = [
        word(1, ticked=True, minute=1, key="a"), word(1, ticked=False, minute=3, key="b"),
        word(2, ticked=True, minute=2, key="c"), word(3, ticked=False, minute=4, key="d"),
        word(3, ticked=True, minute=4, key="e"), word(99, ticked=True, minute=1, key="f"),
    ]  # fmt: skip
    random = Random(5)
    for _ in range(3):
        random.shuffle(words)
        for place, each in enumerate(words):
            assert say((first, second)[place % 2], each).status_code == 200
        states = [phone.get("/pocket/state").json()["ticked"] for phone in (first, second)]
        assert states == [[2, 3], [2, 3]]
    assert query(house.database, "SELECT count(*) FROM pocket_mark") == [(3,)]


def test_a_form_ticks_without_scripts(house: House) -> None:
    phone = opened(house)
    list_id = phone.get("/pocket/state").json()["list_id"]
    phone.post("/pocket/tick", data={"list_id": list_id, "line": 1, "ticked": "true"})
    assert phone.get("/pocket/state").json()["ticked"] == [1]
    assert phone.post("/pocket/write", data={"text": "Candles"}).status_code == 403
    phone.post("/pocket/known", data={"number": CARDS["M03"]})
    assert "Candles" in phone.post("/pocket/write", data={"text": " Candles "}).text


def test_nobody_ticks_or_sees_another_household(house: House) -> None:
    mine, other = known(house), known(house, "M04")
    list_id = other.get("/pocket/state").json()["list_id"]
    sent = {"list_id": list_id, "ticks": [word(1, ticked=True, minute=1, key="a")]}
    assert mine.post("/pocket/words", json=sent).status_code == 200
    assert other.get("/pocket/state").json()["ticked"] == []
    milk = {"key": "12345678", "id": "own-item-1", "text": "Candles", "at": NOW.isoformat()}
    assert say(mine, items=(milk,)).json()["items"] == [
        {"id": "own-item-1", "text": "Candles", "ticked": False}
    ]
    assert other.get("/pocket/state").json()["items"] == []
    # Who only holds the letter writes nothing, and what another site sends is refused.
    assert say(opened(house), items=(milk,)).status_code == 403
    foreign = mine.post("/pocket/words", json=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_a_sale_is_on_the_page_and_changes_the_next_list(house: House) -> None:
    phone = known(house)
    sent = BasketIn.model_validate(
        body(
            1, presented=[("card", CARDS["M03"])],
            lines=[(gtin(n), 2, 2 * price(n)) for n in range(12)], day="2026-03-05",
        )
    )  # fmt: skip
    redeem(house.database, house.settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))
    state = phone.get("/pocket/state").json()
    assert state["used"]
    assert state["saved_cents"] > 0
    assert "It is written after your next shopping." in phone.get("/pocket/").text
    drain(house.database, house.settings)
    page = phone.get("/pocket/").text
    ((text,),) = query(house.database, "SELECT document FROM shopping_list WHERE state = 'draft'")
    assert re.search(r"\d+ offers? would be on it", page)
    # Of a draft only the number of offers is told.
    needs = page.partition("Your next list</h2>")[2].partition("</section>")[0]
    assert "about " in needs
    assert str(text)
    assert "off" not in re.sub(r"offers?", "", needs)


def test_what_did_not_come_off_says_why(house: House) -> None:
    phone = known(house)
    document = house.document("M03")
    wanted = next(each for each in document.offers if "up to 2 times" not in each.detail)
    ((code,),) = query(
        house.database,
        f"SELECT min(gtin) FROM offer_product WHERE offer_id = {wanted.offer_id}",
    )
    for number in (1, 2):
        sent = BasketIn.model_validate(
            body(number, presented=[("card", CARDS["M03"])], lines=[(str(code), 1, 900)],
                 day="2026-03-05")
        )  # fmt: skip
        redeem(house.database, house.settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))
    page = phone.get("/pocket/").text
    refused = page.partition("What did not come off, and why</h2>")[2].partition("</section>")[0]
    assert "The line was used before; it counts once." in refused
    assert "receipt 2" in refused
    assert "Nothing that the offer is for was bought." not in refused
    assert "What did not come off" not in opened(house).get("/pocket/").text


def test_never_leaves_the_next_list(house: House) -> None:
    phone = known(house)
    item = house.document("M03").reminders[0].item
    answer = phone.post("/pocket/wish", data={"item": item, "act": "never"})
    assert "Noted. Your next list follows in a moment." in answer.text
    named = f'<span class="name">{item}</span>'
    assert named not in answer.text
    assert named in opened(house).get("/pocket/").text
    assert "What you told us" in answer.text
    drain(house.database, house.settings)
    needs = phone.get("/pocket/").text.partition("Your next list</h2>")[2].partition("</ul>")[0]
    assert f"<li>{item} " not in needs
    # Who only holds the letter says nothing for the household.
    assert "first" in str(opened(house).post(
        "/pocket/wish", data={"item": item, "act": "anything"}, follow_redirects=False
    ).headers["location"])  # fmt: skip


def test_no_more_letters_needs_no_card(house: House) -> None:
    phone = opened(house)
    assert "No more letters" in phone.get("/pocket/").text
    assert "You will get no more letters." in phone.post("/pocket/opt-out").text
    assert query(
        house.database,
        "SELECT mail_consent FROM contact c JOIN household h ON h.id = c.household_id "
        "WHERE h.ref = 'M03'",
    ) in ([(False,)], [(0,)])
    assert "Send no more letters" not in phone.get("/pocket/").text


def test_an_erased_household_has_no_page(house: House) -> None:
    phone = known(house)
    erase(house.database, house.settings, "M03", by=Actor("tests"), now=NOW)
    assert "Open your list with the code on your letter" in phone.get("/pocket/").text
    assert house.phone().get(f"/l/{CODES['M03']}").status_code == 404
    assert query(house.database, "SELECT count(*) FROM pocket_session") == [(0,)]


def test_a_phone_can_be_forgotten(house: House) -> None:
    phone = known(house)
    phone.post("/pocket/leave")
    assert "Open your list with the code on your letter" in phone.get("/pocket/").text


@pytest.mark.parametrize("path", ["worker.js", "manifest.webmanifest"])
def test_the_page_can_be_installed(house: House, path: str) -> None:
    phone = opened(house)
    page = phone.get("/pocket/").text
    whole = len(page)
    for asset in set(re.findall(r'"/pocket(/static/[^"]+)"', page)):
        answer = phone.get(f"/pocket{asset}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        whole += len(answer.content)
    answer = phone.get(f"/pocket/{path}")
    assert answer.status_code == 200
    assert "/pocket/static/" in answer.text
    assert whole + len(answer.content) < 60_000
    assert phone.get("/pocket/static/0/pocket.css").status_code == 404
