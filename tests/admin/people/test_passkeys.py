"""Passkeys, as Chromium made one and logged in with it (`passkey.json`, recorded for these tests).

What a browser answers follows from the ticket, so the tickets of the recording are given out again.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_examples
from hypothesis import strategies as st
from webauthn.helpers import bytes_to_base64url

from service.admin import people
from service.admin.people import (
    NeedsSecond,
    NewSession,
    PersonRole,
    Refused,
    SignedIn,
    passkeys,
    steps,
)
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from service.store.tables.person import Passkey
from tests.conftest import settings_of
from tests.people import NOW, VISITOR, admitted, enter, signed_in

RECORDINGS = json.loads((Path(__file__).parent / "passkey.json").read_text(encoding="utf-8"))
RECORDED = RECORDINGS["device"]
PUBLIC_KEY = "pAEBAycgBiFYIA597nXLFDxGEPepZ2yfvPd_gP1uQsRIlTECDgHWQZUv"
ENROLMENT, LOG_IN = "the ticket of the enrolment", "the ticket of the log-in"
Answer = NewSession | Refused
Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"console_url": "http://localhost:8765/console"})


@pytest.fixture
def anna(database: Database, settings: Settings) -> SignedIn:
    admitted(database, settings, "anna")
    return signed_in(database, settings, "anna")


class Browser:
    """Gives out the tickets of the recording, and answers them as it did, or changed."""

    def __init__(self, database: Database, settings: Settings, patch: pytest.MonkeyPatch) -> None:
        self.database, self.settings, self._patch = database, settings, patch

    def enrol(
        self, by: SignedIn, answer: Any = RECORDED["made"], *, ticket: str = ENROLMENT
    ) -> people.KnownPasskey:
        self._patch.setattr(steps, "new_token", lambda: ticket)
        asked = people.passkey_enrol_options(self.database, self.settings, by, now=NOW)
        return people.passkey_enrol(
            self.database, self.settings, by, ticket=asked.ticket,
            credential=json.dumps(answer), name=" My  phone ", now=NOW,
        )  # fmt: skip

    def log_in(self, answer: Any = RECORDED["shown"], *, ticket: str = LOG_IN) -> Answer:
        self._patch.setattr(steps, "new_token", lambda: ticket)
        asked = people.passkey_log_in_options(self.database, self.settings, now=NOW)
        return people.passkey_log_in(
            self.database, self.settings, ticket=asked.ticket, credential=json.dumps(answer),
            visitor=VISITOR, now=NOW,
        )  # fmt: skip


@pytest.fixture
def browser(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Browser:
    return Browser(database, settings, monkeypatch)


def changed(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """An answer of which one letter in the middle of a part is another."""
    other = copy.deepcopy(answer)
    text = other["response"][name]
    middle = len(text) // 2
    letter = "A" if text[middle] != "A" else "B"
    other["response"][name] = text[:middle] + letter + text[middle + 1 :]
    return other


def test_chromium_adds_a_passkey_and_logs_in_with_it(
    database: Database, settings: Settings, anna: SignedIn, browser: Browser
) -> None:
    added = browser.enrol(anna)
    assert (added.name, added.used_at) == ("My phone", None)
    opened = browser.log_in()
    assert isinstance(opened, NewSession)
    assert opened.person == anna.person
    (known,) = people.list_passkeys(database, anna.person.id)
    assert known.used_at == NOW
    # A password alone is not enough any more.
    asked = enter(database, settings, "anna")
    assert isinstance(asked, NeedsSecond)
    assert (asked.by_code, asked.by_passkey) == (False, True)
    given_code = people.give_second(
        database, settings, ticket=asked.ticket, code="000000", visitor=VISITOR, now=NOW
    )
    assert given_code == Refused()
    people.remove_passkey(database, anna, known.passkey_id, now=NOW)
    assert browser.log_in() == Refused()
    assert isinstance(enter(database, settings, "anna"), NewSession)
    with pytest.raises(NotFound):
        people.remove_passkey(database, anna, known.passkey_id, now=NOW)


def test_what_a_browser_is_asked_names_nobody(
    database: Database, settings: Settings, anna: SignedIn
) -> None:
    asked = people.passkey_log_in_options(database, settings, now=NOW)
    options = json.loads(asked.options)
    assert options["rpId"] == "localhost"
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"
    made = json.loads(people.passkey_enrol_options(database, settings, anna, now=NOW).options)
    assert made["challenge"] != options["challenge"]
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert "anna" not in made["user"]["id"]


def test_an_enrolment_answers_its_own_options_only(
    database: Database, settings: Settings, anna: SignedIn, browser: Browser, read_only: Ask
) -> None:
    admitted(database, settings, "bert")
    bert = signed_in(database, settings, "bert")
    for answer, ticket in (
        (RECORDED["made"], "another ticket"),
        (changed(RECORDED["made"], "clientDataJSON"), ENROLMENT),
        (RECORDED["shown"], ENROLMENT),
        ({}, ENROLMENT),
    ):
        with pytest.raises(InvalidInput, match="does not fit"):
            browser.enrol(anna, answer, ticket=ticket)
    for elsewhere in ("https://localhost:8765", "http://localhost:8766", "http://shop.example"):
        browser.settings = settings.model_copy(update={"console_url": elsewhere})
        with pytest.raises(InvalidInput, match="does not fit"):
            browser.enrol(anna)
    browser.settings = settings
    assert read_only("SELECT id FROM passkey") == []
    browser.enrol(anna)
    with pytest.raises(Conflict, match="known already"):
        browser.enrol(bert)


def test_a_log_in_that_is_not_signed_for_it_is_refused(
    database: Database, settings: Settings, anna: SignedIn, browser: Browser
) -> None:
    browser.enrol(anna)
    shown = RECORDED["shown"]
    for answer, ticket in (
        (shown, "another ticket"),
        (changed(shown, "signature"), LOG_IN),
        (changed(shown, "authenticatorData"), LOG_IN),
        (changed(shown, "clientDataJSON"), LOG_IN),
        (changed(shown, "userHandle"), LOG_IN),
        ({**shown, "id": "AAAA", "rawId": "AAAA"}, LOG_IN),
        (RECORDED["made"], LOG_IN),
    ):
        assert browser.log_in(answer, ticket=ticket) == Refused()
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE passkey SET sign_count = 5")
    # The count of a copy of the key falls behind.
    assert browser.log_in() == Refused()
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE passkey SET sign_count = 1")
    assert isinstance(browser.log_in(), NewSession)
    # The step is gone: the same answer opens nothing again.
    again = people.passkey_log_in(
        database, settings, ticket=LOG_IN, credential=json.dumps(shown), visitor=VISITOR, now=NOW
    )
    assert again == Refused()


def test_a_passkey_that_is_synced_counts_in_each_device_for_itself(
    database: Database, anna: SignedIn, browser: Browser
) -> None:
    """securo#534: the second device was refused."""
    synced = RECORDINGS["synced"]
    browser.enrol(anna, synced["made"])
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE passkey SET sign_count = 5")
    assert isinstance(browser.log_in(synced["shown"]), NewSession)
    # Devices need not say whose it is (Genosyn#42); another's name is refused.
    nameless = copy.deepcopy(synced["shown"])
    del nameless["response"]["userHandle"]
    assert isinstance(browser.log_in(nameless), NewSession)


def test_a_disabled_person_has_no_passkey(
    database: Database, settings: Settings, anna: SignedIn, browser: Browser
) -> None:
    admitted(database, settings, "root", (PersonRole.ADMIN,))
    browser.enrol(anna)
    people.disable(database, anna.person.id, by=SERVICE, now=NOW)
    assert browser.log_in() == Refused()
    people.enable(database, anna.person.id, by=SERVICE, now=NOW)
    assert isinstance(browser.log_in(), NewSession)


PARTS = ("id", "rawId", "type", "response", "clientExtensionResults")
WITHIN = ("attestationObject", "clientDataJSON", "authenticatorData", "signature", "userHandle")
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=30),
    st.sampled_from(["", "AA", "o2NmbXRkbm9uZQ", "e30", "bnVsbA", "W10", "_____w"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.none()),
)  # fmt: skip


SETTINGS = settings_of("sqlite:///nowhere.db", Path()).model_copy(
    update={"console_url": "http://localhost:8765/console"}
)


@settings_of_examples(max_examples=60)
@given(part=st.sampled_from([*PARTS, *WITHIN]), odd=ODD)
def test_odd_answers_are_refused_and_break_nothing(part: str, odd: Any) -> None:
    made, shown = copy.deepcopy(RECORDED["made"]), copy.deepcopy(RECORDED["shown"])
    for answer in (made, shown):
        (answer if part in PARTS else answer["response"])[part] = odd
    enrolled = passkeys.verify_made(SETTINGS, ENROLMENT, json.dumps(made))
    assert enrolled is None or part not in ("id", "rawId", "response", *WITHIN[:2])
    read = passkeys.read_shown(json.dumps(shown))
    key = Passkey(public_key=PUBLIC_KEY, sign_count=0)
    if read is not None:
        verified = passkeys.verify_shown(SETTINGS, LOG_IN, read, key)
        assert verified is None or part not in ("id", "rawId", "response", *WITHIN[1:4])


@settings_of_examples(max_examples=30)
@given(st.one_of(ODD, st.dictionaries(st.sampled_from(["type", "challenge", "origin"]), ODD)))
def test_odd_client_data_is_refused(odd: Any) -> None:
    for text in (json.dumps(odd).encode(), str(odd).encode("utf-16")):
        made, shown = copy.deepcopy(RECORDED["made"]), copy.deepcopy(RECORDED["shown"])
        for answer in (made, shown):
            answer["response"]["clientDataJSON"] = bytes_to_base64url(text)
        assert passkeys.verify_made(SETTINGS, ENROLMENT, json.dumps(made)) is None
        read = passkeys.read_shown(json.dumps(shown))
        assert read is not None
        key = Passkey(public_key=PUBLIC_KEY, sign_count=0)
        assert passkeys.verify_shown(SETTINGS, LOG_IN, read, key) is None


def test_an_answer_without_end_is_refused() -> None:
    for text in ("[" * 60_000, "{}" + " " * (1 << 16), '{"id":' * 5_000):
        assert passkeys.verify_made(SETTINGS, ENROLMENT, text) is None
        assert passkeys.read_shown(text) is None
