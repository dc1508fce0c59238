"""Pins and bans of people, through the dry run, the cycle, the draft and the explanation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from service.cycle import WhatIf, run_cycle, what_if, write_next_list
from service.cycle.explain_deals import explain_deals
from service.cycle.overrides import (
    OverrideWanted,
    end_override,
    make_override,
    page_overrides,
)
from service.engine.offers.overrides import OverrideAct
from service.engine.offers.why import Why
from service.errors import Conflict, InvalidInput, NotFound
from service.settings import Settings
from service.store import work
from service.store.actor import Actor
from service.store.session import Database
from tests.market import AS_OF, cycle, open_issued, open_market, query, ref, silent

pytestmark = pytest.mark.slow

ANNA = Actor("Anna")
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
PIN, BAN = OverrideAct.PIN, OverrideAct.BAN
Make = Callable[..., int]


@pytest.fixture
def make(database: Database) -> Make:
    """Pin or ban deal D`n`; the number of the override."""

    def act(of: OverrideAct, n: int, *, household: str = "", cell: str = "") -> int:
        wanted = OverrideWanted(of, n + 1, "the supplier asked", household=household, cell=cell)
        return make_override(database, wanted, by=ANNA, now=NOW).override.id

    return act


def planned(database: Database, settings: Settings) -> WhatIf:
    return what_if(
        database, settings, as_of=AS_OF, seed=0, fewer_than=6, most_households=10_000,
        progress=silent,
    )  # fmt: skip


def holders(database: Database, n: int) -> set[str]:
    """Who has deal D`n` on an issued list."""
    rows = query(
        database,
        f"""SELECT h.ref FROM list_line l JOIN shopping_list s ON s.id = l.list_id
            JOIN household h ON h.id = s.household_id JOIN offer o ON o.id = l.offer_id
            WHERE o.deal_ref = 'D{n}' AND s.state = 'issued'""",
    )
    return {row[0] for row in rows}


def test_what_is_pinned_is_issued_or_named_and_what_is_banned_is_not(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_market(database, settings, tmp_path)
    plain = planned(database, settings)
    assert (plain.pins, plain.banned) == ((), 0)
    wanted = [
        (PIN, 0, ref(7), ""),  # A budget of 2.00.
        (PIN, 4, "", ""),  # 5 copies for all.
        (PIN, 5, "", ""),  # A control share of 30 %.
        (BAN, 6, "", ""),
        (BAN, 8, ref(3), ""),
        (PIN, 6, ref(4), ""),  # Banned for all.
        (PIN, 9, ref(30), ""),  # Buys too little for a list.
    ]
    Random(3).shuffle(wanted)
    numbers = {
        (act, n): make(act, n, household=household, cell=cell) for act, n, household, cell in wanted
    }
    plan = planned(database, settings)
    kept = {each.override_id: each for each in plan.pins}
    assert len(kept) == 5
    assert (kept[numbers[PIN, 0]].copies, kept[numbers[PIN, 0]].refused) == (1, {})
    few = kept[numbers[PIN, 4]]
    assert few.copies == 5
    assert few.refused[Why.COPIES] + few.refused[Why.HOLDOUT] == plan.eligible - 5
    controlled = kept[numbers[PIN, 5]]
    assert controlled.refused[Why.CONTROL] > 0
    assert controlled.copies + sum(controlled.refused.values()) == plan.eligible
    assert kept[numbers[PIN, 6]].refused == {Why.BANNED: 1}
    assert kept[numbers[PIN, 9]].refused == {"no_list": 1}
    assert plan.banned > 0

    report = cycle(database, settings)
    assert report.violations == 0
    assert report.offers_issued == plan.offers_issued
    # What a pin counts on the lists is what it counted in the plan.
    assert [dict(each) for each in report.pins] == [  # type: ignore[call-overload]
        {name: getattr(each, name) for name in each.__slots__} for each in plan.pins
    ]
    assert ref(7) in holders(database, 0)
    assert len(holders(database, 4)) == 5
    assert len(holders(database, 5)) == controlled.copies
    assert holders(database, 6) == set()
    assert ref(3) not in holders(database, 8)
    over = query(
        database,
        """SELECT o.deal_ref FROM cycle_offer c JOIN offer o ON o.id = c.offer_id
           WHERE c.reserved_cents > o.budget_cents OR c.copies > o.circulation_max""",
    )
    assert over == []
    ghosts = query(
        database,
        """SELECT g.arm, count(*) FROM cycle_pick g JOIN offer o ON o.id = g.offer_id
           WHERE o.deal_ref = 'D5' GROUP BY g.arm ORDER BY g.arm""",
    )
    assert dict(ghosts)["control"] == controlled.refused[Why.CONTROL], "they would have got it"
    assert not query(
        database,
        """SELECT 1 FROM cycle_pick g JOIN offer o ON o.id = g.offer_id WHERE o.deal_ref = 'D6'""",
    )
    _explained(database, settings)


def _explained(database: Database, settings: Settings) -> None:
    def reasons(household: str, n: int) -> list[tuple[Why, bool, bool]]:
        found = explain_deals(database, settings, household, as_of=AS_OF, most_missed=18)
        return [
            (each.reason, each.pinned, each.line is not None)
            for each in (*found.listed, *found.missed)
            if each.deal_id == f"D{n}"
        ]

    assert reasons(ref(7), 0) == [(Why.PINNED, True, True)]
    assert (Why.BANNED, True, False) in reasons(ref(4), 6)
    assert {why for why, _, _ in reasons(ref(3), 8)} <= {Why.BANNED, Why.HOLDOUT}


def test_the_order_in_which_pins_are_made_changes_no_list(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_market(database, settings, tmp_path)
    wanted = [(n, ref(1 + n % 3)) for n in range(9)] + [(n, "") for n in range(0, 18, 2)]
    digests = []
    for seed in range(2):
        Random(seed).shuffle(wanted)
        numbers = [make(PIN, n, household=household) for n, household in wanted]
        digests.append(planned(database, settings).digests["lists"])
        for number in numbers:
            end_override(database, number, by=ANNA, now=NOW)
    assert digests[0] == digests[1]
    assert digests[0] != planned(database, settings).digests["lists"]


def test_a_deal_that_is_banned_while_lists_are_made_is_on_none(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_market(database, settings, tmp_path)

    def then_ban(stage: str, _done: int, _total: int) -> None:
        if stage == "compose":
            make(BAN, 6)
            make(PIN, 7, household=ref(1))

    with pytest.raises(Conflict, match="banned while the lists were made"):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=then_ban)
    assert query(database, "SELECT 1 FROM shopping_list") == []
    assert query(database, "SELECT 1 FROM ledger_entry") == []
    cycle(database, settings)
    assert holders(database, 6) == set()


def test_a_draft_follows_a_pin_and_a_ban_at_once(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_issued(database, settings, tmp_path)

    def draft(number: int) -> list[int]:
        (home,) = query(database, f"SELECT id FROM household WHERE ref = '{ref(number)}'")
        with database.write() as session:
            work.mark_due(session, home[0], at=NOW)
        write_next_list(database, settings, home[0], marked_at=NOW)
        rows = query(
            database,
            f"""SELECT l.offer_id FROM list_line l JOIN shopping_list s ON s.id = l.list_id
                WHERE s.state = 'draft' AND s.household_id = {home[0]}
                AND l.offer_id IS NOT NULL""",
        )
        return sorted(row[0] for row in rows)

    before = draft(5)
    banned = before[0]
    missing = next(n for n in range(2, 19, 3) if n not in before)
    make(BAN, banned - 1)
    make(PIN, missing - 1, household=ref(5))
    after = draft(5)
    assert banned not in after
    full = query(
        database,
        f"""SELECT 1 FROM offer o WHERE o.id = {missing} AND o.circulation_max <=
            (SELECT count(*) FROM list_line l WHERE l.offer_id = o.id)""",
    )
    assert (missing in after) is not bool(full)


def test_who_made_it_when_and_why_is_kept_and_the_same_again_changes_nothing(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_market(database, settings, tmp_path)
    number = make(PIN, 2, household=ref(1))
    assert make(PIN, 2, household=ref(1)) == number
    with pytest.raises(Conflict, match="end it first"):
        make(BAN, 2, household=ref(1))
    others = [make(BAN, 2, household=ref(2)), make(BAN, 2), make(BAN, 2, cell="switcher_light")]
    (found,) = page_overrides(database, household=ref(1), limit=10)
    assert (found.override.actor, found.override.made_at, found.override.reason) == (
        "Anna", NOW, "the supplier asked",
    )  # fmt: skip
    assert (found.supplier, found.deal_ref, found.household) == ("Supplier 2", "D2", ref(1))
    ended = end_override(database, number, by=Actor("Ben"), now=NOW + timedelta(hours=1))
    assert end_override(database, number, by=ANNA, now=NOW + timedelta(hours=2)) == ended
    assert (ended.override.ended_by, ended.override.ended_at) == ("Ben", NOW + timedelta(hours=1))
    listed = page_overrides(database, deal=3, is_open=True, limit=10)
    assert [each.override.id for each in listed] == others[::-1]
    assert make(BAN, 2, household=ref(1)) > max(others), "another may follow"
    trail = query(
        database, "SELECT act, actor, subject_id FROM audit_event WHERE subject = 'override'"
    )
    assert [tuple(row) for row in trail[:1]] == [("pin", "Anna", str(number))]
    assert ("end", "Ben", str(number)) in [tuple(row) for row in trail]


def test_of_a_pin_and_a_ban_at_once_one_holds(
    database: Database, settings: Settings, tmp_path: Path, make: Make
) -> None:
    open_market(database, settings, tmp_path)

    def try_to(act: OverrideAct) -> int | None:
        try:
            return make(act, 2, household=ref(1))
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(try_to, (PIN, BAN, PIN, BAN))]
    (found,) = page_overrides(database, is_open=True, limit=10)
    assert {each for each in made if each is not None} == {found.override.id}
    assert sum(each is None for each in made) == 2, "the other act is refused, the same is known"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_faulty_wish_is_refused_by_name_and_changes_nothing(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    for changes, error, said in (
        ({"offer_id": 99}, NotFound, "no such deal"),
        ({"household": "nobody"}, NotFound, "no household 'nobody'"),
        ({"cell": "purple"}, InvalidInput, "no cell is 'purple'"),
        ({"cell": "switcher_light", "household": ref(1)}, InvalidInput, "a cell are named"),
        ({"reason": " "}, InvalidInput, "say why"),
        ({"reason": "x" * 301}, InvalidInput, "say why"),
    ):
        wanted = {"act": PIN, "offer_id": 1, "reason": "why", **changes}
        with pytest.raises(error, match=said):
            make_override(database, OverrideWanted(**wanted), by=ANNA, now=NOW)
    assert query(database, "SELECT 1 FROM deal_override") == []
    with pytest.raises(NotFound):
        end_override(database, 1, by=ANNA, now=NOW)
