"""Lists of households that agreed to no profile: nothing that they bought decides anything."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.admin.status import read_status
from service.cycle import what_if
from service.cycle.explain import explain_household
from service.cycle.explain_deals import explain_deals
from service.cycle.next_list import write_next_list
from service.engine.records import Due, ListDocument
from service.errors import Conflict
from service.members import consents
from service.members.consents import Said
from service.settings import Settings
from service.store import migrate
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel, Purpose
from tests.market import AS_OF, cycle, open_market, query, ref, silent

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
GENERAL, NEITHER = (3, 30), 28
"""Two that agreed to letters (the second buys too little for a list), and one that did not."""


@pytest.fixture
def general(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    open_market(database, settings, tmp_path)
    for number in (*GENERAL, NEITHER):
        said = Said(Purpose.PROFILE, False, ConsentChannel.DESK)
        consents.say(database, ref(number), said, by=Actor("tests"), now=NOW)
    return settings.model_copy(update={"without_profile": "general", "holdout_percent": 50})


def document(database: Database, number: int, state: str = "issued") -> ListDocument | None:
    rows = query(
        database,
        f"""SELECT s.document FROM shopping_list s JOIN household h ON h.id = s.household_id
            WHERE h.ref = '{ref(number)}' AND s.state = '{state}'""",
    )
    return ListDocument.from_json(rows[0][0]) if rows else None


def forget_purchases(database: Database, number: int) -> None:
    of_household = f"(SELECT id FROM household WHERE ref = '{ref(number)}')"
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run(f"""DELETE FROM basket_line WHERE basket_id IN
                (SELECT id FROM basket WHERE household_id = {of_household})""")
        run(f"DELETE FROM basket WHERE household_id = {of_household}")


def mark_due(database: Database, number: int) -> int:
    ((household_id,),) = query(database, f"SELECT id FROM household WHERE ref = '{ref(number)}'")
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"""INSERT INTO due (household_id, marked_at)
                SELECT {household_id}, min(issued_at) FROM cycle WHERE true
                ON CONFLICT DO NOTHING"""
        )
    return int(household_id)


def test_a_general_list_is_the_same_whatever_its_household_bought(
    database: Database, general: Settings, tmp_path: Path
) -> None:
    report = cycle(database, general)
    assert (report.general, report.left_out) == (2, 1)
    first, second = (document(database, number) for number in GENERAL)
    assert first is not None
    assert second is not None
    assert document(database, NEITHER) is None
    # Also whom spending would leave out: what it spends is not asked.
    assert first.is_general
    assert second.is_general
    assert first.offers
    assert {line.reason for line in first.reminders} == {"bought by many households"}
    assert {line.due for line in first.reminders} == {Due.OPEN}
    assert {line.item for line in first.offers} == {""}
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate.upgrade(other)
    open_market(other, general, tmp_path)
    for number in (*GENERAL, NEITHER):
        said = Said(Purpose.PROFILE, False, ConsentChannel.DESK)
        consents.say(other, ref(number), said, by=Actor("tests"), now=NOW)
        forget_purchases(other, number)
    cycle(other, general)
    assert [document(other, number) for number in GENERAL] == [first, second]
    other.dispose()


def test_a_general_list_is_in_no_arm_and_teaches_nothing(
    database: Database, general: Settings
) -> None:
    plan = what_if(database, general, as_of=AS_OF, seed=0, fewer_than=6, progress=silent)
    report = cycle(database, general)
    assert plan.holdout == report.holdout < report.eligible - report.general
    arms = """SELECT h.ref, a.arm, a.tier, a.worth_decile FROM cycle_household a
              JOIN household h ON h.id = a.household_id WHERE a.arm = 'general' ORDER BY h.ref"""
    assert query(database, arms) == [(ref(each), "general", None, None) for each in GENERAL]
    mine = f"""SELECT count(*) FROM {{}} p JOIN household h ON h.id = p.household_id
               WHERE h.ref IN ('{ref(GENERAL[0])}', '{ref(GENERAL[1])}')"""
    assert query(database, mine.format("cycle_pick")) == [(0,)]
    assert query(database, mine.format("cycle_chance")) == [(0,)]
    cells = mine.format("shopping_list") + " AND EXISTS (SELECT 1 FROM list_line l WHERE {})"
    assert query(database, cells.format("l.list_id = p.id AND l.cell IS NOT NULL")) == [(0,)]
    assert query(database, cells.format("l.list_id = p.id AND l.offer_id > 0")) == [(2,)]


def test_the_draft_after_a_sale_is_general_too(database: Database, general: Settings) -> None:
    cycle(database, general)
    number = GENERAL[0]
    household_id = mark_due(database, number)
    at = datetime(2026, 3, 5, 18, tzinfo=UTC)
    write_next_list(database, general, household_id, marked_at=at)
    draft, issued = document(database, number, "draft"), document(database, number)
    assert draft is not None
    assert issued is not None
    assert draft.is_general
    assert [line.item for line in draft.reminders] == [line.item for line in issued.reminders]
    # What is on lists to the last copy is in no draft.
    assert {line.title for line in draft.offers} <= {line.title for line in issued.offers}
    assert draft.offers
    forget_purchases(database, number)
    mark_due(database, number)
    write_next_list(database, general, household_id, marked_at=at)
    assert document(database, number, "draft") == draft


def test_none_is_made_where_the_setting_says_so(database: Database, general: Settings) -> None:
    none = general.model_copy(update={"without_profile": "none"})
    report = cycle(database, none)
    assert (report.general, document(database, GENERAL[0])) == (0, None)
    assert query(
        database, "SELECT count(*) FROM cycle_left_out WHERE reason = 'no_profile_consent'"
    ) == [(2,)]


def test_an_explanation_reads_no_purchase_and_status_counts_both(
    database: Database, general: Settings
) -> None:
    cycle(database, general)
    explained = explain_household(database, general, ref(GENERAL[0]), as_of=AS_OF)
    assert set(explained["reason"]) == {"bought by many households"}
    assert explained["last_bought_on"].null_count() == explained.height > 0
    why = explain_deals(database, general, ref(GENERAL[0]), as_of=AS_OF)
    assert (why.arm, why.tier) == ("general", None)
    said = {each.why for each in (*why.listed, *why.missed)}
    assert said
    assert all("not from its purchases" in str(each) for each in said)
    assert {each.cell for each in why.listed} == {None}
    with pytest.raises(Conflict, match="gets none"):
        explain_household(database, general, ref(NEITHER), as_of=AS_OF)
    status = read_status(database)
    assert (status.lists_without_profile, status.households_without_list) == (2, 1)


def test_none_is_made_where_nothing_is_bought_by_many(
    database: Database, general: Settings
) -> None:
    for (each,) in query(database, "SELECT ref FROM household"):
        said = Said(Purpose.PROFILE, False, ConsentChannel.DESK)
        consents.say(database, each, said, by=Actor("tests"), now=NOW)
    with pytest.raises(Conflict, match="No eligible household"):
        cycle(database, general)
