"""From the letter to the list, to ticks on two phones, to what comes next."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import Caller
from service.admin.people import PersonRole
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeem
from service.desk import cases, goodwill
from service.errors import Conflict, InvalidInput
from service.jobs.worker import drain
from service.members import pocket
from service.members.erase import erase
from service.store.actor import Actor
from service.store.tables.access import Role
from service.store.tables.offer import OfferExclusion
from tests.market import gtin, price, query
from tests.people import somebody
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


def word(
    line: int, *, minute: int, key: str, ticked: bool = True, kind: str = "tick", text: str = "yes"
) -> dict[str, Any]:
    at = (NOW + timedelta(minutes=minute)).isoformat()
    said = text if ticked else ""
    return {"key": f"{key:0>8}", "kind": kind, "line": line, "text": said, "at": at}


def say(phone: TestClient, *words: dict[str, Any], items: tuple[dict[str, Any], ...] = ()) -> Any:
    list_id = phone.get("/pocket/state").json()["list_id"]
    sent = {"list_id": list_id, "words": words, "items": items}
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
    assert query(house.database, "SELECT count(*) FROM pocket_word") == [(3,)]


def test_a_form_ticks_without_scripts(house: House) -> None:
    phone = opened(house)
    list_id = phone.get("/pocket/state").json()["list_id"]
    phone.post("/pocket/say/tick", data={"list_id": list_id, "line": 1, "text": "yes"})
    assert phone.get("/pocket/state").json()["ticked"] == [1]
    assert phone.post("/pocket/write", data={"text": "Candles"}).status_code == 403
    phone.post("/pocket/known", data={"number": CARDS["M03"]})
    assert "Candles" in phone.post("/pocket/write", data={"text": " Candles "}).text


def test_nobody_ticks_or_sees_another_household(house: House) -> None:
    mine, other = known(house), known(house, "M04")
    list_id = other.get("/pocket/state").json()["list_id"]
    sent = {"list_id": list_id, "words": [word(1, ticked=True, minute=1, key="a")]}
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
    refuse(house)
    page = phone.get("/pocket/").text
    refused = page.partition("What did not come off, and why</h2>")[2].partition("</section>")[0]
    assert "The line was used before; it counts once." in refused
    assert "receipt 2" in refused
    assert "Nothing that the offer is for was bought." not in refused
    assert "What did not come off" not in opened(house).get("/pocket/").text


def test_what_is_not_part_of_an_offer_is_told_with_what_is(house: House) -> None:
    phone = known(house)
    offer = house.document("M03").offers[0].offer_id
    counting = [
        name
        for (name,) in query(
            house.database,
            f"""SELECT DISTINCT q.description FROM offer_product p JOIN product q ON q.gtin = p.gtin
                WHERE p.offer_id = {offer} ORDER BY 1""",
        )
    ]
    ((other,),) = query(
        house.database,
        f"""SELECT min(gtin) FROM product
            WHERE gtin NOT IN (SELECT gtin FROM offer_product WHERE offer_id = {offer})""",
    )
    with house.database.write() as session:
        session.add(OfferExclusion(offer_id=offer, set_number=0, gtin=int(str(other))))
    sell(house, 1, str(other))
    page = phone.get("/pocket/").text
    shown = ", ".join(map(str, counting[:5])) + (" ..." if len(counting) > 5 else "")
    said = f"What was bought is excluded from the offer. These count: {shown}</p>"
    assert said.replace("&", "&amp;") in page


def refuse(house: House) -> None:
    """Use an offer of M03 twice, the second time in vain."""
    document = house.document("M03")
    wanted = next(each for each in document.offers if "up to 2 times" not in each.detail)
    ((code,),) = query(
        house.database, f"SELECT min(gtin) FROM offer_product WHERE offer_id = {wanted.offer_id}"
    )
    for number in (1, 2):
        sell(house, number, str(code))


def sell(house: House, number: int, code: str) -> None:
    """Sell one product to M03, who shows the card."""
    sent = BasketIn.model_validate(
        body(number, presented=[("card", CARDS["M03"])], lines=[(code, 1, 900)], day="2026-03-05")
    )
    redeem(house.database, house.settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))


def ask_why(house: House, phone: TestClient) -> None:
    """Ask with one tap why an offer was refused."""
    refuse(house)
    form = re.search(r'class="ask">(.*?)</form>', phone.get("/pocket/").text)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    answer = phone.post("/pocket/ask", data=fields)
    assert "The store has your question." in answer.text


def test_a_question_is_answered_at_the_desk_and_read_on_the_page(house: House) -> None:
    phone = known(house)
    ask_why(house, phone)
    page = phone.get("/pocket/").text
    assert "Ask the store" not in page
    assert "The answer will be here." in page
    # Asked again, or by another household, nothing is added.
    ((sale, list_id, line),) = query(
        house.database, "SELECT redemption_id, list_id, list_line FROM household_case"
    )
    form = {"sale": str(sale), "list_id": str(list_id), "line": str(line)}
    assert phone.post("/pocket/ask", data=form).status_code == 200
    assert known(house, "M04").post("/pocket/ask", data=form).status_code == 404
    letter = opened(house).post("/pocket/ask", data=form, follow_redirects=False)
    assert "first" in letter.headers["location"]
    assert query(house.database, "SELECT count(*) FROM household_case") == [(1,)]
    anna = somebody(house.database, house.settings, "anna", [PersonRole.SERVICE]).acting()
    answer = partial(cases.answer, house.database, house.settings, 1, by=anna, now=NOW)
    with pytest.raises(InvalidInput):
        answer(" ")
    answer("It counts once. Here is something for your patience.", amount_cents=200)
    with pytest.raises(Conflict):
        answer("Once more", amount_cents=200)
    page = phone.get("/pocket/").text
    assert "The store answers: It counts once." in page
    assert "$2.00 are for you at the service desk." in page
    assert [(row.amount_cents, row.list_line) for row in goodwill.show(house.database)] == [
        (200, line)
    ]


def test_notes_and_hidden_lines_are_the_household_s_on_all_phones(house: House) -> None:
    first, second = known(house), known(house)
    note = word(1, minute=1, key="a", kind="note", text=" the  blue one ")
    hide = word(2, minute=1, key="b", kind="hide")
    state = say(first, note, hide, word(1, minute=0, key="c")).json()
    assert (state["notes"], state["hidden"], state["ticked"]) == ({"1": "the blue one"}, [2], [1])
    page = second.get("/pocket/?line=1").text
    assert '<p class="note">the blue one</p>' in page
    assert page.count('class="form"') == 2, "that of the line, and one for scripts to copy"
    assert 'id="line-2" class="offer hidden' in page
    assert "Hidden lines: <span>1</span>" in page
    # Who only holds the letter reads no notes and writes none, and may hide.
    letter = opened(house)
    assert "the blue one" not in letter.get("/pocket/").text
    assert letter.get("/pocket/state").json()["notes"] == {}
    assert say(letter, word(1, minute=2, key="d", kind="note", text="x")).status_code == 403
    lines = {"list_id": state["list_id"], "line": 2}
    letter.post("/pocket/show", data=lines)
    first.post("/pocket/say/note", data={**lines, "line": 1, "text": ""})
    state = second.get("/pocket/state").json()
    assert (state["notes"], state["hidden"], state["ticked"]) == ({}, [], [1])
    assert say(first, word(1, minute=9, key="e", kind="note", text="x" * 81)).status_code == 422


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


def test_codes_and_phones_of_a_household_can_be_revoked(house: House) -> None:
    phone, other = known(house), opened(house, "M04")
    assert pocket.close_pages(house.database, "M03", by=Actor("tests"), now=NOW) == (1, 1)
    assert "Open your list with the code on your letter" in phone.get("/pocket/").text
    assert house.phone().get(f"/l/{CODES['M03']}").status_code == 404
    assert "Your list" in other.get("/pocket/").text
    # The list itself stays good at the till.
    assert query(
        house.database,
        "SELECT s.state FROM shopping_list s JOIN household h ON h.id = s.household_id "
        "WHERE h.ref = 'M03'",
    ) == [("issued",)]


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
