"""Roles and rights: one table, which the document repeats."""

import re
from itertools import combinations
from pathlib import Path

from service.engine.rights import RIGHTS, PersonRole, Right, rights_of
from service.store.actor import Actor

DOCUMENT = Path(__file__).parents[2] / "docs" / "people.md"


def test_the_document_says_who_has_which_right() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.*) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert [(right, roles.strip()) for right, roles in rows] == [
        (
            right,
            ", ".join(r for r in PersonRole if right in RIGHTS[r] and r is not PersonRole.ADMIN),
        )
        for right in Right
    ]


def test_every_role_has_rights_every_right_a_role_and_admin_all() -> None:
    assert RIGHTS.keys() == set(PersonRole)
    assert all(RIGHTS.values())
    assert RIGHTS[PersonRole.ADMIN] == set(Right)


def test_another_role_takes_nothing_away() -> None:
    for one, other in combinations(PersonRole, 2):
        both = rights_of((one, other))
        assert both == rights_of((other, one, other)) == RIGHTS[one] | RIGHTS[other]
    assert rights_of(()) == frozenset()


def test_rights_without_a_person_are_worth_nothing() -> None:
    assert not Actor("key 1", None, frozenset(Right)).may(Right.APPROVE_DEALS)
    assert Actor("anna", 1, frozenset(Right)).may(Right.APPROVE_DEALS)
    assert not Actor("anna", 1).may(Right.APPROVE_DEALS)
