"""A supplier's file: its own brands or nothing, and nothing runs before somebody approves it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.admin import people
from service.admin.people import NewPerson, PersonRole
from service.deals import steer
from service.errors import Conflict, InvalidInput
from service.files.apart import Apart, limits_of
from service.settings import Settings
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.suppliers.scope import Scope
from service.suppliers.upload import load_own
from tests.clearing.conftest import BY, NOW
from tests.people import acting
from tests.shop import DEALS, Shop

HEAD, MILK_ROW, BREAD_ROW, SOAP_ROW = DEALS.splitlines()
NEW = MILK_ROW.replace("MILK-1", "MILK-2")


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    """The processes that read files."""
    made = Apart(limits_of(Settings(secret_key="k" * 32, code_key="0" * 64)))
    yield made
    made.close()


def sent(
    database: Database, settings: Settings, scope: Scope, apart: Apart, folder: Path, text: str,
    *, by: Actor = BY,
) -> Any:  # fmt: skip
    file = folder / "sent.csv"
    file.write_text(text, encoding="utf-8")
    return load_own(database, settings, scope, apart, "sent.csv", file, accept="", by=by)


def test_it_waits_as_a_draft_until_the_retailer_approves(
    database: Database, settings: Settings, shop: Shop, dale: Scope, apart: Apart, tmp_path: Path,
    read_only: Any,
) -> None:  # fmt: skip
    report = sent(database, settings, dale, apart, tmp_path, f"{HEAD}\n{NEW}\n")
    assert (report.added, report.revised) == (1, 0)
    asked = "SELECT state FROM offer WHERE deal_ref = 'MILK-2'"
    assert read_only(asked) == [("draft",)]
    again = sent(database, settings, dale, apart, tmp_path, f"{HEAD}\n{NEW}\n")
    assert again.already_loaded


def test_a_file_without_a_supplier_is_of_the_only_one(
    database: Database, settings: Settings, shop: Shop, dale: Scope, apart: Apart, tmp_path: Path,
    read_only: Any,
) -> None:  # fmt: skip
    nameless = f"{HEAD}\n{NEW}\n".replace("supplier,", "").replace("Dale Foods,", "")
    assert sent(database, settings, dale, apart, tmp_path, nameless).added == 1
    blank = f"{HEAD}\n{NEW}\n".replace("MILK-2", "MILK-3").replace("Dale Foods,", ",")
    assert sent(database, settings, dale, apart, tmp_path, blank).added == 1
    assert read_only("SELECT supplier_id FROM offer WHERE title = 'Dale Milk'") == [(1,)] * 3


def test_a_row_of_another_supplier_refuses_the_file_by_its_cell(
    database: Database, settings: Settings, shop: Shop, dale: Scope, others: Scope, apart: Apart,
    tmp_path: Path, read_only: Any,
) -> None:  # fmt: skip
    text = f"{HEAD}\n{NEW}\n{BREAD_ROW.replace('BREAD-1', 'BREAD-2')}\n"
    with pytest.raises(InvalidInput) as refused:
        sent(database, settings, dale, apart, tmp_path, text)
    [problem] = refused.value.problems
    assert str(problem) == (
        "sent.csv, B3, column supplier: 'Oven Works' is none of yours (write Dale Foods)"
    )
    invented = f"{HEAD}\n{NEW.replace('Dale Foods', 'Nobody')}\n"
    with pytest.raises(InvalidInput) as refused:
        sent(database, settings, dale, apart, tmp_path, invented)
    assert "'Nobody' is none of yours" in str(refused.value.problems[0])
    assert read_only("SELECT count(*) FROM offer") == [(3,)]
    both = f"{HEAD}\n{BREAD_ROW}\n{SOAP_ROW}\n".replace("-1,", "-2,")
    assert sent(database, settings, others, apart, tmp_path, both).added == 2


def test_whom_a_supplier_sent_is_no_person_of_the_two(
    database: Database, settings: Settings, shop: Shop, dale: Scope, apart: Apart, tmp_path: Path,
    read_only: Any,
) -> None:  # fmt: skip
    strict = settings.model_copy(update={"deal_approval": True})
    new = NewPerson("Joe", "joe@dale.example", (), account="S-1")
    joe = people.invite(database, strict, new, by=SERVICE, now=NOW).person.acting("account S-1")
    sent(database, strict, dale, apart, tmp_path, f"{HEAD}\n{NEW}\n", by=joe)
    [(number,)] = read_only("SELECT id FROM offer WHERE deal_ref = 'MILK-2'")
    anna = acting(database, strict, "anna")
    bea = acting(database, strict, "bea")
    steer.check(database, number, by=anna)
    with pytest.raises(Conflict, match="Who checked a deal"):
        steer.approve(database, strict, number, by=anna)
    assert steer.approve(database, strict, number, by=bea) == "approved"
    assert PersonRole.APPROVER in people.get_person(database, bea.person_id or 0).roles
