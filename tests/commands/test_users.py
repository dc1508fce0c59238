"""users and bound keys: from an empty database to somebody who logs in, as it is typed."""

import re
from datetime import UTC, datetime

import pytest

from service.admin import people
from service.admin.acting import acting_on_command_line
from service.admin.keys import authenticate
from service.admin.people import NewSession, Visitor
from service.commands.console import current_user
from service.errors import Conflict, NotFound
from service.settings import load_settings
from service.store.actor import Actor
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.people import PASSWORD

LINK = re.compile(r"http://localhost:8000/console/invitations/([\w-]{43})")


def token(out: str) -> str:
    found = LINK.fullmatch(out.splitlines()[-1])
    assert found is not None
    return found[1]


def test_the_first_person_of_an_empty_database(configured: Larder, database_url: str) -> None:
    made = configured("users", "add", "Anna@shop.example", "--role", "admin", "--name", "Anna W")
    assert made.out.splitlines()[0] == "anna@shop.example is person 1: admin."
    database, settings = Database(database_url), load_settings()

    def enter() -> object:
        return people.log_in(
            database, settings, email="anna@shop.example", password=PASSWORD,
            visitor=Visitor("10.0.0.1"), now=datetime.now(UTC),
        )  # fmt: skip

    people.accept(database, settings, token(made.out), PASSWORD, now=datetime.now(UTC))
    assert isinstance(enter(), NewSession)
    assert configured("users", "end", "anna@shop.example").out == (
        "anna@shop.example was logged in 1 times, and is logged out.\n"
    )
    reset = configured("users", "reset", "anna@shop.example")
    assert not isinstance(enter(), NewSession)
    people.accept(database, settings, token(reset.out), PASSWORD, now=datetime.now(UTC))
    assert isinstance(enter(), NewSession)
    last = configured("users", "disable", "anna@shop.example")
    assert (last.code, last.err.strip()) == (
        1, "larder: This is the last admin: make somebody else admin first."
    )  # fmt: skip
    configured("users", "add", "bert@shop.example", "--role", "admin", "--role", "marketing")
    assert configured("users", "disable", "anna@shop.example").code == 0
    assert not isinstance(enter(), NewSession)
    lines = configured("users", "list").out.splitlines()
    assert lines[1].split()[:4] == ["1", "anna@shop.example", "Anna", "W"]
    assert lines[1].split()[-1] == "disabled"
    assert lines[2].split() == ["2", "bert@shop.example", "bert", "marketing,", "admin"]
    assert configured("users", "enable", "anna@shop.example").code == 0
    roles = configured("users", "roles", "bert@shop.example", "--role", "finance")
    assert roles.out == "bert@shop.example: finance.\n"
    database.dispose()


def test_the_command_line_is_who_it_is_bound_to(
    configured: Larder, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(database_url)
    for name in ("anna", "bert"):
        configured("users", "add", f"{name}@shop.example", "--role", "admin")

    def actor(email: str = "", os_user: str = "ops") -> Actor:
        return acting_on_command_line(database, os_user=os_user, email=email)

    assert actor() == Actor("user ops")
    assert (actor("BERT@shop.example").person_id, actor("bert@shop.example").name) == (
        2, "bert, user ops",
    )  # fmt: skip
    with pytest.raises(NotFound, match="larder users add"):
        actor("carl@shop.example")
    assert configured("users", "bind", "anna@shop.example", "--os-user", "ops").code == 0
    assert actor() == actor("anna@shop.example")
    assert (actor().person_id, actor(os_user="root").person_id) == (1, None)
    with pytest.raises(Conflict, match="cannot act as bert"):
        actor("bert@shop.example")
    taken = configured("users", "bind", "bert@shop.example", "--os-user", "ops")
    assert (taken.code, "bound to anna@shop.example already" in taken.err) == (1, True)
    assert configured("users", "bind", "anna@shop.example").code == 1
    assert configured("users", "bind", "anna@shop.example", "--nobody").code == 0
    assert actor() == Actor("user ops")
    monkeypatch.setenv("LARDER_PERSON", "bert@shop.example")
    made = configured("keys", "add", "--role", "marketing", "--person", "anna@shop.example")
    with database.read() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT actor, person_id, act FROM audit_event WHERE subject = 'key'"
        )
        assert rows.fetchall() == [(f"bert, user {current_user()}", 2, "add")]
    found = authenticate(database, load_settings(), made.out.splitlines()[-1])
    assert found is not None
    assert found.actor.name == "anna, key 1"
    assert "anna@shop.example" in configured("keys", "list").out
    assert configured("keys", "bind", "1", "--nobody").out == "Key 1 is nobody's.\n"
    configured("users", "disable", "bert@shop.example")
    away = configured("keys", "revoke", "1")
    assert (away.code, "bert@shop.example is disabled" in away.err) == (1, True)
    database.dispose()
