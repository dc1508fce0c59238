"""Invitations, resets, roles and the end of an account, on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from service.admin import people
from service.admin.people import NewPerson, NewSession, PersonRole, Refused
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.people import NOW, PASSWORD, admitted, enter, signed_in, somebody

Ask = Callable[[str], list[tuple[object, ...]]]
ADMIN = (PersonRole.ADMIN,)
TABLES = ("person", "person_link", "person_session", "passkey", "log_in_step", "guess",
          "audit_event", "provider_identity")  # fmt: skip


def test_an_invitation_is_accepted_once_and_only_digests_are_stored(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    new = NewPerson(" Anna  Weber ", "Anna@Shop.Example ", ADMIN, os_user="anna")
    made = people.invite(database, settings, new, by=SERVICE, now=NOW)
    assert (made.person.email, made.person.roles) == ("anna@shop.example", ADMIN)
    assert made.url == f"http://localhost:8000/console/invitations/{made.token}"
    assert made.token not in repr(made)
    assert isinstance(enter(database, settings, "anna"), Refused)
    assert people.invited(database, settings, made.token, now=NOW) == made.person
    with pytest.raises(InvalidInput, match="cannot be used"):
        people.accept(database, settings, made.token, "anna weber 2026", now=NOW)
    assert people.accept(database, settings, made.token, PASSWORD, now=NOW) == made.person
    with pytest.raises(NotFound, match="was used"):
        people.accept(database, settings, made.token, PASSWORD, now=NOW)
    opened = enter(database, settings, "anna")
    assert isinstance(opened, NewSession)
    stored = "".join(str(read_only(f"SELECT * FROM {table}")) for table in TABLES)
    for secret in (PASSWORD, made.token, opened.token, opened.csrf):
        assert secret not in stored
    acts = read_only("SELECT act, actor, subject_id FROM audit_event ORDER BY id")
    assert acts == [
        ("invite", "larder", "1"),
        ("set_password", "Anna Weber", "1"),
        ("log_in", "Anna Weber", "1"),
    ]


def test_a_link_ends_and_a_newer_one_replaces_it(database: Database, settings: Settings) -> None:
    new = NewPerson("anna", "anna@shop.example", ADMIN)
    first = people.invite(database, settings, new, by=SERVICE, now=NOW)
    second = people.invite_again(database, settings, first.person.id, by=SERVICE, now=NOW)
    over = second.expires_at
    for token, now in ((first.token, NOW), (second.token, over), ("", NOW), ("x" * 43, NOW)):
        assert people.invited(database, settings, token, now=now) is None
        with pytest.raises(NotFound):
            people.accept(database, settings, token, PASSWORD, now=now)
    just = over - timedelta(seconds=1)
    people.accept(database, settings, second.token, PASSWORD, now=just)
    with pytest.raises(Conflict, match="reset it instead"):
        people.invite_again(database, settings, first.person.id, by=SERVICE, now=NOW)


def test_two_who_accept_one_link_at_once_are_one_and_a_refusal(
    database: Database, settings: Settings
) -> None:
    new = NewPerson("anna", "anna@shop.example", ADMIN)
    made = people.invite(database, settings, new, by=SERVICE, now=NOW)
    outcomes: list[str] = []

    def accept(password: str) -> None:
        other = Database(settings.database_url)
        try:
            people.accept(other, settings, made.token, password, now=NOW)
            outcomes.append(password)
        except NotFound:
            outcomes.append("")
        finally:
            other.dispose()

    choices = [PASSWORD, "lantern pebble october 5"]
    threads = [threading.Thread(target=accept, args=(each,)) for each in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = filter(None, outcomes)
    assert sorted(outcomes)[0] == ""
    assert isinstance(enter(database, settings, "anna", winner), NewSession)


def test_what_cannot_be_a_person_is_refused_and_leaves_nothing(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    anna = somebody(database, settings, "anna", ADMIN, os_user="anna")
    good = NewPerson("Bert", "bert@shop.example", ADMIN)
    for wrong in (
        replace(good, email="bert"), replace(good, email="a b@shop.example"),
        replace(good, email="@shop.example"), replace(good, name=" \u200b "),
        replace(good, name="x" * 101), replace(good, roles=()), replace(good, os_user=" "),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            people.invite(database, settings, wrong, by=SERVICE, now=NOW)
    for taken in (replace(good, email="ANNA@shop.example"), replace(good, os_user="anna")):
        with pytest.raises(Conflict):
            people.invite(database, settings, taken, by=SERVICE, now=NOW)
    assert read_only("SELECT id FROM person") == [(anna.id,)]
    assert read_only("SELECT count(*) FROM person_link") == [(1,)]


def test_disabling_and_resetting_end_what_is_open(database: Database, settings: Settings) -> None:
    """goiabada#106: neither ended the sessions that were open."""
    admitted(database, settings, "root", ADMIN)
    anna = admitted(database, settings, "anna")

    def token() -> str:
        opened = enter(database, settings, "anna")
        assert isinstance(opened, NewSession)
        return opened.token

    def is_open(held: str) -> bool:
        return people.person_of(database, settings, held, now=NOW) is not None

    held = token()
    made = people.reset(database, settings, anna.id, by=SERVICE, now=NOW)
    assert not is_open(held)
    assert enter(database, settings, "anna") == Refused()
    people.accept(database, settings, made.token, PASSWORD, now=NOW)
    held = token()
    assert people.disable(database, anna.id, by=SERVICE, now=NOW).disabled
    assert not is_open(held)
    assert enter(database, settings, "anna") == Refused()
    with pytest.raises(Conflict, match="is disabled"):
        people.reset(database, settings, anna.id, by=SERVICE, now=NOW)
    people.enable(database, anna.id, by=SERVICE, now=NOW)
    assert not is_open(held)
    assert is_open(token())
    here, there = signed_in(database, settings, "anna"), token()
    people.change_password(
        database, settings, here, old=PASSWORD, new="lantern pebble october 5",
        address="10.0.0.1", now=NOW,
    )  # fmt: skip
    assert not is_open(there)
    left = people.list_sessions(database, anna.id, now=NOW, this_id=here.session_id)
    assert [(each.session_id, each.is_this) for each in left] == [(here.session_id, True)]
    wrong = people.change_password(
        database, settings, here, old=PASSWORD, new=PASSWORD, address="10.0.0.1", now=NOW
    )
    assert wrong == Refused()


def test_the_last_admin_stays(database: Database, settings: Settings) -> None:
    anna = somebody(database, settings, "anna", ADMIN)
    bert = somebody(database, settings, "bert", ADMIN)
    people.disable(database, bert.id, by=SERVICE, now=NOW)
    with pytest.raises(Conflict, match="last admin"):
        people.disable(database, anna.id, by=SERVICE, now=NOW)
    with pytest.raises(Conflict, match="last admin"):
        people.set_roles(database, anna.id, [PersonRole.SERVICE], by=SERVICE, now=NOW)
    people.enable(database, bert.id, by=SERVICE, now=NOW)
    changed = people.set_roles(
        database, anna.id, [PersonRole.SERVICE, PersonRole.MAILING] * 2, by=SERVICE, now=NOW
    )
    assert changed.roles == (PersonRole.MAILING, PersonRole.SERVICE)
    with pytest.raises(NotFound):
        people.set_roles(database, 99, ADMIN, by=SERVICE, now=NOW)


def test_two_admins_who_disable_each_other_at_once_are_not_both_gone(
    database: Database, settings: Settings, read_only: Ask
) -> None:
    pair = [somebody(database, settings, name, ADMIN) for name in ("anna", "bert")]
    refused: list[str] = []

    def disable(own: Database, other: int) -> None:
        try:
            people.disable(own, other, by=SERVICE, now=NOW)
        except Conflict as error:
            refused.append(error.detail)
        own.dispose()

    threads = [
        threading.Thread(target=disable, args=(Database(settings.database_url), each.id))
        for each in pair
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert read_only("SELECT count(*) FROM person WHERE disabled_at IS NULL") == [(1,)]
