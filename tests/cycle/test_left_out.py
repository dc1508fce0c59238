"""Whose letter cannot be printed is known before anything is allocated, and named everywhere."""

import csv
from pathlib import Path

import pytest

from service.cycle import what_if
from service.publish import publish
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, cycle, open_market, query, ref, silent

# Names and a street as they are in registers of households, not made to fit a font.
UNPRINTABLE = {
    3: ("name", "Nguyễn Thị Ánh Tuyết", "unprintable_name"),
    7: ("street", "12 Đường Nguyễn Huệ", "unprintable_address"),
    11: ("name", "Krankenhausverwaltungsgesellschaft " * 9, "address_too_long"),
}
WITHOUT_CONSENT = 28

pytestmark = pytest.mark.slow


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


def arms(database: Database) -> dict[int, tuple[str, int, str]]:
    rows = query(database, "SELECT household_id, arm, worth_decile, tier FROM cycle_household")
    return {household: tuple(rest) for household, *rest in rows}


def test_nothing_is_reserved_for_whom_no_letter_can_be_printed(
    database: Database, settings: Settings, market: None
) -> None:
    for number in (WITHOUT_CONSENT, *UNPRINTABLE):
        column, text, _ = UNPRINTABLE.get(number, ("name", "Nguyễn", ""))
        with database.write() as session:
            session.connection().exec_driver_sql(
                f"UPDATE contact SET {column} = '{text}' WHERE household_id = "
                f"(SELECT id FROM household WHERE ref = '{ref(number)}')"
            )
    expected = {ref(number): reason for number, (*_, reason) in UNPRINTABLE.items()}
    plan = what_if(database, settings, as_of=AS_OF, seed=0, fewer_than=6, progress=silent)
    assert {row["household_id"]: row["reason"] for row in plan.left_out} == expected
    assert "U+1EC5" in plan.left_out[0]["detail"]
    unmailed = settings.model_copy(update={"mail_holdout": False})
    report = cycle(database, unmailed)
    assert (report.left_out, report.eligible, report.lists) == (3, 26, 26)
    assert query(database, "SELECT count(*) FROM cycle WHERE mail_holdout") == [(0,)]
    listed = {
        name
        for (name,) in query(
            database,
            "SELECT h.ref FROM household h JOIN shopping_list l ON l.household_id = h.id",
        )
    }
    assert not listed & expected.keys()
    # Without consent a list is for the card and the phone, whatever the name.
    assert ref(WITHOUT_CONSENT) in listed
    printed = publish(database, settings, report.cycle_id, progress=silent)
    path = settings.output_folder / "left_out" / f"{printed.name}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = {row["household_id"]: row for row in csv.DictReader(file)}
    assert {key: rows[key]["reason"] for key in expected} == expected
    assert {rows[key]["piece_id"] for key in expected} == {""}
    assert "column" not in rows[ref(3)]["detail"]
    assert printed.pieces + printed.not_mailed == report.lists + report.left_out


def test_the_others_keep_their_arms_and_their_worth(
    database: Database, settings: Settings, market: None
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE contact SET name = 'Nguyễn' WHERE household_id IN (1, 5, 9, 13, 17)"
        )
    cycle(database, settings)
    fewer = arms(database)
    other = Database(f"sqlite:///{settings.runs_folder.parent / 'whole.db'}")
    open_market(other, settings, settings.runs_folder.parent)
    cycle(other, settings)
    whole = arms(other)
    other.dispose()
    assert len(fewer) < len(whole)
    assert {key: whole[key] for key in fewer} == fewer
