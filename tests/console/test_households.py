"""The customer query: found exactly, opened for a reason that is written down, and shown whole."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from service.admin.people import PersonRole
from service.console.app import PATH
from service.console.routes import household_words, households
from service.desk.households import OPEN_MINUTES, FoundBy, OpeningReason, is_open
from service.pages.languages import LANGUAGES, language_of
from service.store import audit
from tests.checkout.acts import sold
from tests.console.conftest import House, send
from tests.console.test_desk import words
from tests.shop import CARDS, H1, H3, MILK, PHONES

ASKS = {"reason": "customer_asks"}


def test_everything_has_words_in_every_language() -> None:
    for tag in LANGUAGES:
        language = language_of(tag)
        assert len({household_words.found_by(language, each) for each in FoundBy}) == len(FoundBy)
        reasons = {household_words.opening_reason(language, each) for each in OpeningReason}
        assert len(reasons) == len(OpeningReason)


def test_a_household_is_found_by_exactly_what_it_has(shared_house: House) -> None:
    client = shared_house.member(PersonRole.SERVICE)
    code = shared_house.shop.lists[H1]
    for by, value in (
        ("number", H1), ("card", CARDS[H1]), ("card", f" {CARDS[H1]} "), ("phone", PHONES[H1]),
        ("phone", "+1 (502) 555-0101"), ("list", code), ("list", f"({code[:3]}) {code[3:]}"),
    ):  # fmt: skip
        answer = send(client, "/households", by=by, value=value, **ASKS)
        assert answer.headers["location"] == f"{PATH}/households/1", (by, value)
    for by, value in (
        ("number", "H"), ("number", "h1"), ("number", "%"), ("number", ""), ("card", H1),
        ("card", CARDS[H1][:-1]), ("phone", "502"), ("phone", ""), ("list", code[:-1]),
        ("list", CARDS[H1]), ("card", "\x00"),
    ):  # fmt: skip
        answer = send(client, "/households", by=by, value=value, **ASKS)
        assert answer.status_code == 422, (by, value)
        assert "has exactly this" in answer.text


def test_nobody_looks_without_a_reason_of_their_own(house: House) -> None:
    first, second = house.member(PersonRole.SERVICE), house.member(PersonRole.ADMIN)
    for number in (1, 999):
        page = first.get(f"{PATH}/households/{number}").text
        assert "Why do you open it?" in page
        assert "Person H1" not in page
    refused = send(first, "/households/1/open", reason="other", note=" ")
    assert refused.status_code == 422
    assert send(first, "/households/1/open", reason="because").status_code == 422
    assert send(first, "/households/999/open", **ASKS).status_code == 404
    opened = send(first, "/households/1/open", reason="other", note="asked by phone")
    assert opened.headers["location"] == f"{PATH}/households/1"
    page = words(first.get(f"{PATH}/households/1").text)
    assert "Person H1" in page
    assert "Another reason" in page
    assert "asked by phone" in page
    assert "Person H1" not in second.get(f"{PATH}/households/1").text
    assert "Person H2" not in first.get(f"{PATH}/households/2").text
    person = house.person(PersonRole.SERVICE)
    with house.database.read() as session:
        (event,) = audit.find(session, subject="household")
        assert (event.act, event.subject_id, event.person_id) == ("open", "1", person.id)
        assert event.detail == {"reason": "other", "note": "asked by phone"}
    later = datetime.now(UTC) + timedelta(minutes=OPEN_MINUTES + 1)
    assert is_open(house.database, 1, person.id, now=datetime.now(UTC))
    assert not is_open(house.database, 1, person.id, now=later)


def test_a_household_is_shown_with_its_visits_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(households, "_VISITS", 2)
    for number in range(1, 6):
        day = f"2026-03-0{number + 3}"
        sold(house.database, house.settings, number, day=day,
             presented=[("list", house.shop.lists[H1])], lines=[(MILK, 1, 120)])  # fmt: skip
    client = house.member(PersonRole.ADMIN)
    send(client, "/households/1/open", **ASKS)
    path: str | None = f"{PATH}/households/1"
    seen = []
    first = client.get(path or "").text
    while path and len(seen) < 9:
        page = client.get(path).text
        visits = page.partition('id="visits"')[2].partition("</section>")[0]
        seen += re.findall(r"number=(\d+)&amp;", visits)
        found = re.search(r'rel="next" href="([^"]+)"', visits)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == ["5", "4", "3", "2", "1"]
    shown = words(first)
    assert "Visits 5 with such goods" in shown
    # The milk that was paid: 0.20 after its offer, and four times 1.20.
    assert "Spent $5.00" in shown
    assert "1 of 4 of the shop's" in shown
    assert "Dale Milk: $1.00 off used 1 of 1" in shown
    assert "The line was used before; it counts once." in shown
    assert "1 Elm Street, 42800 Applecroft, US" in shown
    assert "1 card , 1 phone number".replace(" ,", ",") in shown
    never = send(client, "/households", by="number", value=H3, **ASKS)
    assert "It never bought anything." in client.get(never.headers["location"]).text
    assert client.get(f"{PATH}/households/1?before=999999").status_code == 200
    assert client.get(f"{PATH}/households/1?before=x").status_code == 422
