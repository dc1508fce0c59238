"""What went wrong on pages of this kind elsewhere, tried here."""

import csv
import io
from datetime import UTC, datetime

import pytest

from service.admin import keys, people
from service.admin.people import PersonRole
from service.console.app import PATH
from service.console.routes import batches
from service.notice import Notice
from service.pages import saying
from service.pages.languages import LANGUAGES, language_of
from service.store import audit
from service.store.actor import Actor
from service.store.tables.access import Role
from tests.console.conftest import House, send, token
from tests.mail import print_batch


def test_who_is_shut_out_is_out_with_keys_and_sessions_until_let_in_again(house: House) -> None:
    """Elsewhere keys of people who were deactivated went on (flask-security 117, marmot 252)."""
    admin, other = house.member(PersonRole.ADMIN), house.member(PersonRole.MARKETING)
    person = house.person(PersonRole.MARKETING)
    _, key = keys.add_key(house.database, house.settings, role=Role.MARKETING, person_id=person.id)

    def gets_in() -> tuple[int, bool]:
        caller = keys.authenticate(house.database, house.settings, key)
        return other.get(f"{PATH}/deals").status_code, caller is not None

    assert gets_in() == (200, True)
    send(admin, f"/people/{person.id}/disable", confirmed=person.email)
    assert gets_in() == (303, False)
    send(admin, f"/people/{person.id}/enable")
    # The key works again; the session stays ended.
    assert gets_in() == (303, True)


def test_what_was_sent_twice_is_done_once(house: House) -> None:
    """Two presses made two of a thing (keycloak 20371, devlake 3654)."""
    admin = house.member(PersonRole.ADMIN)
    form = {"name": "Mia", "email": "mia@shop.example", "role": "mailing"}
    assert [send(admin, "/people", **form).status_code for _ in range(2)] == [200, 422]
    found = [each for each in people.list_people(house.database) if each.person.name == "Mia"]
    assert len(found) == 1


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_percent_sign_in_a_value_is_one(tag: str) -> None:
    """It was taken for a place to fill in (wtforms 283, netbox 14905)."""
    language = language_of(tag)
    notice = Notice("%(name)s is too large.", name="100% %(name)s %s.csv")
    assert "100% %(name)s %s.csv" in saying.say(language, notice, "EUR")
    assert saying.say(language, Notice("5 % off"), "EUR") == "5 % off"


def test_a_file_has_every_column_that_can_be_shown_and_no_formula(house: House) -> None:
    """Choosing all columns broke the file (eventyay 1261); cells ran in Excel (tendenci 919)."""
    member = house.member(PersonRole.ADMIN)
    print_batch(house.database, house.settings)
    with house.database.write() as session:
        audit.add(session, Actor("=1+1"), "void", "batch", "@x", at=datetime.now(UTC))
    for path, columns in (
        ("batches", [each.name for each in batches._columns(house.settings)]),
        ("operations", ["run", "state", "progress", "problem", "requested", "ended", "attempts"]),
    ):
        answer = member.get(f"{PATH}/{path}.csv", params={"column": columns})
        heads, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert len(heads) == len(columns)
        assert {len(row) for row in rows} == {len(heads)}
    trail = member.get(f"{PATH}/audit.csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(trail)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "body", [b"", b"piece_id,status,reason,timestamp\n", b"\xff\xfe", b"a" * 999]
)
def test_a_report_that_says_nothing_is_answered_in_words(house: House, body: bytes) -> None:
    """A file of heads alone gave an unknown error (forus 1223)."""
    member = house.member(PersonRole.MAILING)
    csrf = token(member.get(f"{PATH}/account").text)
    answer = member.post(
        f"{PATH}/batches/acknowledgements", data={"csrf": csrf}, files={"file": ("a.csv", body)}
    )
    assert answer.status_code in (303, 422)
    if answer.status_code == 422:
        assert "This cannot be understood" in answer.text
