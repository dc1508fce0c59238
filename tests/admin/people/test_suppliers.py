"""People of suppliers: who they are, and that each side's people are nobody on the other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.admin import people
from service.admin.acting import acting_on_command_line
from service.admin.keys import add_key, bind_key
from service.admin.people import NewPerson, NewSession, PersonRole, Refused, Side
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from service.store.tables.access import Role
from tests.clearing.conftest import shop
from tests.people import NOW, PASSWORD, VISITOR, admitted

__all__ = ["shop"]
JOE = NewPerson("Joe", "joe@dale.example", (), account="S-1")
AT_PORTAL = replace(VISITOR, side=Side.SUPPLIER)


@pytest.fixture
def joe(database: Database, settings: Settings, shop: Any) -> people.Person:
    made = people.invite(database, settings, JOE, by=SERVICE, now=NOW)
    assert made.url == f"http://localhost:8000/portal/invitations/{made.token}"
    assert people.invited(database, settings, made.token, side=Side.RETAILER, now=NOW) is None
    assert people.invited(database, settings, made.token, side=Side.SUPPLIER, now=NOW)
    return people.accept(database, settings, made.token, PASSWORD, now=NOW)


def test_each_side_logs_in_at_its_own_pages(
    database: Database, settings: Settings, joe: people.Person
) -> None:
    anna = admitted(database, settings, "anna")
    assert (joe.side, joe.roles, joe.rights, joe.account_id) == (Side.SUPPLIER, (), frozenset(), 1)
    for who, visitor, way in (
        (joe, VISITOR, Refused), (joe, AT_PORTAL, NewSession),
        (anna, AT_PORTAL, Refused), (anna, VISITOR, NewSession),
    ):  # fmt: skip
        answer = people.log_in(
            database, settings, email=who.email, password=PASSWORD, visitor=visitor, now=NOW
        )
        assert isinstance(answer, way), (who.name, visitor.side)
        if isinstance(answer, NewSession):
            for side in Side:
                found = people.person_of(database, settings, answer.token, side=side, now=NOW)
                assert (found is not None) is (side is who.side)


def test_a_person_of_a_supplier_gets_nothing_of_the_retailer(
    database: Database, settings: Settings, joe: people.Person
) -> None:
    acts: list[Callable[[], object]] = [
        lambda: people.set_roles(database, joe.id, (PersonRole.ADMIN,), by=SERVICE, now=NOW),
        lambda: people.bind_os_user(database, joe.id, "joe", by=SERVICE, now=NOW),
        lambda: acting_on_command_line(database, os_user="root", email=joe.email),
    ]
    for act in acts:
        with pytest.raises(Conflict, match="of a supplier"):
            act()
    number, _ = add_key(database, settings, role=Role.FINANCE)
    with pytest.raises(NotFound):
        bind_key(database, number, joe.id)
    assert people.get_person(database, joe.id) == joe


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"account": "S-9"}, NotFound), ({"roles": (PersonRole.FINANCE,)}, InvalidInput),
        ({"os_user": "joe"}, InvalidInput),
    ],
)  # fmt: skip
def test_who_cannot_be_is_not_invited(
    database: Database, settings: Settings, shop: Any, changed: Any, error: Any, tmp_path: Path
) -> None:
    with pytest.raises(error):
        people.invite(database, settings, replace(JOE, **changed), by=SERVICE, now=NOW)
    assert people.list_people(database) == []
