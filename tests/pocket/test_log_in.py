"""Logging in without a letter, by a code; nobody learns by it who is a household."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from service.jobs.postman import post_all
from service.members.consents import Said, say
from service.members.contact import change
from service.store.actor import Actor
from service.store.tables.consent import ConsentChannel, Purpose
from tests.market import query
from tests.pocket.conftest import CARDS, House, with_settings

BY = Actor("tests")
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
EMAIL = "ada@example.org"
UNKNOWN = "952123400000009999"


@pytest.fixture
def reached(house: House) -> House:
    """The service with a folder for e-mails, and a household that agreed to them."""
    agreed = Said(Purpose.EMAIL, True, ConsentChannel.DESK, "We may write to you.", "1", "0042")
    say(house.database, "M03", agreed, by=BY, now=NOW)
    change(house.database, house.settings, "M03", email=EMAIL, by=BY, now=NOW)
    return with_settings(
        house, email_channel="file", messages_folder=house.settings.output_folder / "messages"
    )


def ask(phone: TestClient, number: str) -> Any:
    return phone.post("/pocket/code", data={"number": number})


def codes(house: House) -> list[str]:
    """The codes that went out, the oldest first; they are in files, and nothing of them is left."""
    post_all(house.database, house.settings)
    paths = sorted(
        house.settings.messages_folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns
    )
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert all(EMAIL in text for text in texts)
    return [re.findall(r"\d{6}", text)[0] for text in texts]


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """The statements that the database gets meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    engines = {house.database._writer, house.database._reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield found
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_a_code_opens_the_household_s_page_once_in_the_browser_that_asked(reached: House) -> None:
    phone = reached.phone()
    assert "No letter at hand?" in phone.get("/pocket/").text
    answer = ask(phone, CARDS["M03"])
    assert "a code is on its way" in answer.text
    (code,) = codes(reached)
    other = reached.phone()
    ask(other, UNKNOWN)
    assert "wrong or too old" in other.post("/pocket/log-in", data={"code": code}).text
    wrong = "000000" if code != "000000" else "000001"
    assert "wrong or too old" in phone.post("/pocket/log-in", data={"code": wrong}).text
    cookies = dict(phone.cookies)
    answer = phone.post("/pocket/log-in", data={"code": f" {code[:3]} {code[3:]}"})
    assert "This phone now shows all of your lists." in answer.text
    assert "Your next list</h2>" in answer.text
    # Neither the address nor the card is on the page, and the code is used up.
    assert EMAIL not in answer.text
    assert CARDS["M03"] not in answer.text
    again = reached.phone()
    again.cookies.update(cookies)
    assert "wrong or too old" in again.post("/pocket/log-in", data={"code": code}).text
    assert codes(reached) == [code]


def test_nobody_learns_whether_a_card_is_known(reached: House) -> None:
    known, unknown = reached.phone(), reached.phone()
    with statements(reached) as of_known:
        first = ask(known, CARDS["M03"])
    with statements(reached) as of_unknown:
        second = ask(unknown, UNKNOWN)
    assert (first.status_code, first.text) == (second.status_code, second.text)
    # The same work, and none that depends on whose card it is.
    assert of_known == of_unknown
    assert not [each for each in of_known if "identity" in each or "contact" in each]
    assert len(codes(reached)) == 1
    with statements(reached) as of_known:
        first = known.post("/pocket/log-in", data={"code": "1"})
    with statements(reached) as of_unknown:
        second = unknown.post("/pocket/log-in", data={"code": "1"})
    assert (first.text, of_known) == (second.text, of_unknown)


def test_no_code_goes_to_whom_nobody_may_write(reached: House) -> None:
    no = Said(Purpose.EMAIL, False, ConsentChannel.DESK)
    say(reached.database, "M03", no, by=BY, now=NOW + timedelta(days=1))
    for number in (CARDS["M03"], CARDS["M04"], "anybody"):
        assert "a code is on its way" in ask(reached.phone(), number).text
    assert codes(reached) == []
    assert query(
        reached.database,
        "SELECT count(*) FROM pocket_log_in WHERE number_sealed <> '' OR code_digest <> ''",
    ) == [(0,)]


def test_a_code_is_tried_five_times_and_numbers_wait(reached: House) -> None:
    phone = reached.phone()
    ask(phone, CARDS["M03"])
    (code,) = codes(reached)
    for _ in range(5):
        phone.post("/pocket/log-in", data={"code": "1"})
    assert "wrong or too old" in phone.post("/pocket/log-in", data={"code": code}).text
    # Written otherwise it is the same number.
    assert ask(phone, f"{CARDS['M03'][:9]} {CARDS['M03'][9:]}").status_code == 200
    assert ask(phone, CARDS["M03"]).status_code == 200
    assert ask(phone, CARDS["M03"]).status_code == 429


def test_who_asked_under_a_lost_key_keeps_nobody_else_waiting(reached: House) -> None:
    ask(reached.phone(), CARDS["M03"])
    with reached.database.write() as session:
        lost = "UPDATE pocket_log_in SET number_sealed = 'bG9zdA=='"
        session.connection().exec_driver_sql(lost)
    ask(reached.phone(), CARDS["M03"])
    assert len(codes(reached)) == 1


def test_all_codes_together_are_limited(reached: House) -> None:
    few = with_settings(reached, codes_most=2)
    for place in range(2):
        assert ask(few.phone(), f"{UNKNOWN}{place}").status_code == 200
    refused = ask(few.phone(), CARDS["M03"])
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_without_a_channel_no_code_is_offered(house: House) -> None:
    phone = house.phone()
    assert "No letter at hand?" not in phone.get("/pocket/").text
    assert ask(phone, CARDS["M03"]).status_code == 404
