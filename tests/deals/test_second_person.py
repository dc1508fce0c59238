"""Two persons stand behind a deal: by every pair of doors, and whatever the doors are called."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from service.admin.keys import add_key, authenticate, bind_key
from service.deals import load_body, steer
from service.engine.lifecycle import DealState
from service.engine.rights import PersonRole
from service.errors import Conflict
from service.files.notes import ALL
from service.files.products import load_products
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.access import Role
from tests.deals.test_listing import HEAD, JUNE, PRODUCTS
from tests.files.files import write_file
from tests.people import somebody

Ask = Callable[[str], list[tuple[Any, ...]]]
NOBODY = "a key of nobody"


@pytest.fixture
def strict(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    load_products(database, write_file(tmp_path / "p.csv", PRODUCTS))
    return settings.model_copy(update={"deal_approval": True})


def load(database: Database, ids: list[str], by: Actor, *, value: str = "0.30") -> None:
    rows = (
        f"{each},Oven Works,Bread,2000000000022,amount_off,{value},,,,100,{JUNE},," for each in ids
    )
    body = "\n".join((HEAD, *rows, "")).encode()
    load_body(database, "d.csv", body, uploaded_by=by, with_approval=True, accept=ALL)


def numbers(read_only: Ask) -> dict[str, int]:
    """The newest revision of each deal by its id."""
    return dict(read_only("SELECT deal_ref, max(id) FROM offer GROUP BY deal_ref"))


def test_every_trio_of_loader_checker_and_approver(
    database: Database, strict: Settings, read_only: Ask
) -> None:
    anna = somebody(database, strict, "anna")
    bert = somebody(database, strict, "bert", [PersonRole.ADMIN])
    carl = somebody(database, strict, "carl", [PersonRole.MARKETING])
    # Each of them through a door of its own each time: the door makes nobody somebody else.
    doors = {
        NOBODY: [Actor("key 8"), Actor("user root"), Actor("larder")],
        "anna": [anna.acting(), anna.acting("key 1"), anna.acting("user anna")],
        "bert": [bert.acting("key 2"), bert.acting("user bert"), bert.acting()],
        "carl": [carl.acting("user carl"), carl.acting(), carl.acting("key 3")],
    }
    trios = list(product((NOBODY, "anna", "bert"), (NOBODY, "anna", "carl"), doors))
    deals = {f"D{at}": trio for at, trio in enumerate(trios)}
    for loader in (NOBODY, "anna", "bert"):
        load(database, [d for d, trio in deals.items() if trio[0] == loader], doors[loader][0])
    found = numbers(read_only)
    may_approve = {"anna", "bert"}
    for deal, (loader, checker, approver) in deals.items():
        steer.check(database, found[deal], by=doors[checker][1])
        first = loader if loader != NOBODY else checker
        expected = approver in may_approve and first not in (NOBODY, approver)
        try:
            steer.approve(database, strict, found[deal], by=doors[approver][2])
        except Conflict:
            assert not expected, (loader, checker, approver)
        else:
            assert expected, (loader, checker, approver)
    approved = read_only("SELECT count(*) FROM offer WHERE state = 'approved'")
    assert approved == read_only("SELECT count(*) FROM offer_event WHERE act = 'approve'")
    assert 0 < approved[0][0] < len(trios)
    behind = read_only("SELECT DISTINCT person_id FROM offer_event WHERE act = 'approve'")
    assert sorted(behind) == [(anna.id,), (bert.id,)]


def test_who_loads_the_bytes_of_somebody_elses_file_again_is_the_first(
    database: Database, strict: Settings, read_only: Ask
) -> None:
    """The file was anna's; what it says now was brought by bert, who approved it alone."""
    anna = somebody(database, strict, "anna").acting()
    bert = somebody(database, strict, "bert").acting()
    load(database, ["D"], anna, value="0.30")
    load(database, ["D"], anna, value="0.40")
    load(database, ["D"], bert, value="0.30")
    number = numbers(read_only)["D"]
    steer.check(database, number, by=bert)
    with pytest.raises(Conflict, match="another person must"):
        steer.approve(database, strict, number, by=bert)
    assert steer.approve(database, strict, number, by=anna) is DealState.APPROVED


def test_a_refusal_says_what_to_do(database: Database, strict: Settings, read_only: Ask) -> None:
    anna = somebody(database, strict, "anna").acting()
    carl = somebody(database, strict, "carl", [PersonRole.MARKETING]).acting()
    key = Actor("key 8")
    load(database, ["D"], key)
    number = numbers(read_only)["D"]
    steer.check(database, number, by=key)
    for by, said in (
        (key, "key 8 is bound to nobody: log in, bind the key"),
        (carl, "carl may not approve deals: that needs the role approver"),
        (anna, "one must check it, and another one approve"),
    ):
        with pytest.raises(Conflict, match=said):
            steer.approve(database, strict, number, by=by)
    steer.send_back(database, number, by=key)
    steer.check(database, number, by=carl)
    assert steer.approve(database, strict, number, by=anna) is DealState.APPROVED


def test_a_key_is_bound_for_what_is_done_from_then_on(
    database: Database, strict: Settings, read_only: Ask
) -> None:
    anna = somebody(database, strict, "anna")
    bert = somebody(database, strict, "bert")
    number, presented = add_key(database, strict, role=Role.MARKETING, person_id=anna.id)
    _, other = add_key(database, strict, role=Role.ADMIN, person_id=anna.id)

    def caller(shown: str) -> Actor:
        found = authenticate(database, strict, shown)
        assert found is not None
        return found.actor

    assert caller(presented).name == f"anna, key {number}"
    load(database, ["D"], caller(presented))
    deal = numbers(read_only)["D"]
    steer.check(database, deal, by=caller(other))
    # Two keys of one person are one person, which they also were when it loaded.
    bind_key(database, number, bert.id)
    with pytest.raises(Conflict, match="another person must"):
        steer.approve(database, strict, deal, by=caller(other))
    assert steer.approve(database, strict, deal, by=caller(presented)) is DealState.APPROVED
