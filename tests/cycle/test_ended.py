"""A cycle counts no money of lists that ended, whoever calls it and wherever the stores are."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from service.cycle import run_cycle, what_if
from service.cycle.expiry import closing_day, expire_lists
from service.deals.steer import follow_facts
from service.settings import Settings
from service.store import catalogue, ledger
from service.store.offers import issuable
from service.store.session import Database
from tests.market import AS_OF, cycle, documents, open_issued, query, silent, store_model

LATER = AS_OF + timedelta(days=14)
"""The lists of AS_OF were valid until the day before."""

DONE = datetime(2026, 6, 1, tzinfo=UTC)
"""Long after: today does not matter."""

FIRST, AGAIN, LESS = 3326, 2744, 1685
"""Cents that the first cycle reserves, the next, and the next while the first still holds its."""


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)
    store_model(database, settings, LATER)


def reserved(database: Database) -> dict[date, int]:
    """What the lists of each cycle reserve of all budgets."""
    rows = query(
        database,
        """SELECT s.valid_from, sum(l.reserved_cents * l.uses) FROM list_line l
           JOIN shopping_list s ON s.id = l.list_id WHERE l.kind = 'offer'
           GROUP BY s.valid_from ORDER BY s.valid_from""",
    )
    return {date.fromisoformat(day): int(cents) for day, cents in rows}


def states(database: Database, table: str = "shopping_list") -> dict[str, int]:
    return dict(query(database, f"SELECT state, count(*) FROM {table} GROUP BY state"))  # type: ignore[arg-type]


def test_a_cycle_promises_the_money_of_lists_that_ended_again(
    database: Database, settings: Settings, issued: None
) -> None:
    assert states(database, "offer") == {"exhausted": 11, "running": 7}
    assert reserved(database) == {AS_OF: FIRST}
    seen: list[tuple[str, int, int]] = []
    report = run_cycle(
        database, settings, as_of=LATER, seed=0, now=DONE,
        progress=lambda *step: seen.append(step),
    )  # fmt: skip
    assert seen[:2] == [("expiry", 29, 29), ("history", 0, 1)]
    assert states(database) == {"expired": 29, "issued": 29}
    assert reserved(database) == {AS_OF: FIRST, LATER: AGAIN}
    assert states(database, "offer") == {"exhausted": 11, "running": 7}
    assert report.violations == 0
    held = "SELECT sum(amount_cents) FROM ledger_entry WHERE account = 'offer_reserved'"
    assert int(query(database, held)[0][0]) == AGAIN
    with database.read() as session:
        assert ledger.imbalance(session) == []


@pytest.mark.parametrize(
    ("zone", "now", "closed"),
    [
        # Still the lists' last day there.
        ("America/Los_Angeles", "2026-03-16T06:59Z", 0),
        ("America/Los_Angeles", "2026-03-16T07:00Z", 29),
        ("UTC", "2026-03-16T00:00Z", 29),
    ],
)
def test_lists_are_closed_when_their_last_day_is_over_where_the_stores_are(
    database: Database, settings: Settings, issued: None, zone: str, now: str, closed: int
) -> None:
    there = settings.model_copy(update={"timezone": zone})
    run_cycle(
        database, there, as_of=LATER, seed=0, progress=silent, now=datetime.fromisoformat(now)
    )
    expected = {"expired": closed, "issued": 58 - closed}
    assert states(database) == {state: count for state, count in expected.items() if count}
    assert reserved(database)[LATER] == (AGAIN if closed else LESS)


def test_the_store_that_is_furthest_behind_says_which_day_it_is(
    database: Database, settings: Settings
) -> None:
    def day(as_of: str, now: str, zone: str) -> str:
        there = settings.model_copy(update={"timezone": zone})
        with database.read() as session:
            found = closing_day(
                session,
                there,
                as_of=date.fromisoformat(as_of),
                now=datetime.fromisoformat(now),
            )
        return found.isoformat()

    # 16 March has begun in Auckland at 11:00 UTC of the 15th, and at 07:00 UTC in Los Angeles.
    assert day("2026-03-16", "2026-03-15T10:59Z", "Pacific/Auckland") == "2026-03-15"
    assert day("2026-03-16", "2026-03-15T11:00Z", "Pacific/Auckland") == "2026-03-16"
    assert day("2017-12-09", "2026-03-15T11:00Z", "Pacific/Auckland") == "2017-12-09"
    with database.write() as session:
        catalogue.ensure_stores(session, ["1"], timezone="America/Los_Angeles")
    assert day("2026-03-16", "2026-03-15T11:00Z", "Pacific/Auckland") == "2026-03-15"
    assert day("2026-03-16", "2026-03-16T06:59Z", "Pacific/Auckland") == "2026-03-15"
    assert day("2026-03-16", "2026-03-16T07:00Z", "Pacific/Auckland") == "2026-03-16"


def test_a_dry_run_closes_nothing_and_says_what_the_cycle_comes_to(
    database: Database, settings: Settings, issued: None
) -> None:
    entries = query(database, "SELECT * FROM ledger_entry ORDER BY id")
    plan = what_if(database, settings, as_of=LATER, seed=0, fewer_than=6, progress=silent, now=DONE)
    assert states(database) == {"issued": 29}
    assert query(database, "SELECT * FROM ledger_entry ORDER BY id") == entries
    run_cycle(database, settings, as_of=LATER, seed=0, progress=silent, now=DONE)
    copies = query(
        database,
        """SELECT l.offer_id, count(*), sum(l.reserved_cents * l.uses) FROM list_line l
           JOIN shopping_list s ON s.id = l.list_id
           WHERE l.kind = 'offer' AND s.state = 'issued' GROUP BY l.offer_id ORDER BY l.offer_id""",
    )
    assert [
        (deal["offer_id"], deal["copies"], deal["reserved_cents"])
        for deal in plan.deals
        if deal["copies"]
    ] == [tuple(map(int, row)) for row in copies]
    assert sum(deal["reserved_cents"] for deal in plan.deals) == AGAIN


def test_a_night_before_it_changes_nothing_of_a_cycle(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    expire_lists(database, before=LATER)
    follow_facts(database, on=LATER)
    run_cycle(database, settings, as_of=LATER, seed=0, progress=silent, now=DONE)
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    open_issued(other, settings, tmp_path)
    store_model(other, settings, LATER)
    run_cycle(other, settings, as_of=LATER, seed=0, progress=silent, now=DONE)
    assert documents(other) == documents(database)
    assert states(other, "offer") == states(database, "offer")
    other.dispose()


def test_what_ended_is_left_out_of_what_is_promised_as_if_it_were_closed(
    database: Database, issued: None
) -> None:
    with database.read() as session:
        before = issuable.committed(session)
        assert issuable.committed(session, ended_before=LATER - timedelta(days=1)).equals(before)
        without = issuable.committed(session, ended_before=LATER)
    assert int(before["spent_cents"].sum()) == FIRST
    assert int(without["spent_cents"].sum()) == 0
    assert without["issued"].equals(before["issued"])
    assert expire_lists(database, before=LATER) == (29, FIRST)
    with database.read() as session:
        assert issuable.committed(session).equals(without)


def test_a_cycle_of_a_past_date_and_one_made_ahead_close_nothing_that_is_valid(
    database: Database, settings: Settings, issued: None
) -> None:
    past = AS_OF + timedelta(days=13)
    store_model(database, settings, past)
    cycle(database, settings, as_of=past)
    assert states(database) == {"issued": 58}
    # A deal whose last day at the till is today does not end today because of a cycle made ahead.
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE offer SET redeem_to = '{past}' WHERE id = (SELECT min(id) FROM offer)"
        )
    noon = datetime(past.year, past.month, past.day, 12, tzinfo=UTC)
    run_cycle(database, settings, as_of=LATER, seed=0, progress=silent, now=noon)
    assert states(database) == {"issued": 87}
    assert "ended" not in states(database, "offer")
