"""What a cycle would come to: nothing is written, and the cycle then comes to just that."""

import dataclasses
from pathlib import Path

import pytest

from service.cycle import what_if
from service.cycle.what_if import WhatIf
from service.engine.offers.shortage import Shortage
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, DEALS, cycle, open_market, query, silent

pytestmark = pytest.mark.slow


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


def planned(database: Database, settings: Settings, **changes: int) -> WhatIf:
    return what_if(
        database,
        settings,
        as_of=AS_OF,
        seed=0,
        **{"fewer_than": 6, **changes},
        progress=silent,
    )


def everything(database: Database) -> list[tuple[str, int]]:
    tables = (
        "cycle", "cycle_household", "cycle_price", "cycle_pick", "shopping_list", "list_line",
        "ledger_entry", "forecast", "response", "offer_event", "run", "due",
    )  # fmt: skip
    return [(name, query(database, f"SELECT count(*) FROM {name}")[0][0]) for name in tables]


def test_a_plan_writes_nothing_and_the_cycle_comes_to_the_same(
    database: Database, settings: Settings, market: None
) -> None:
    before = everything(database)
    plan = planned(database, settings)
    assert everything(database) == before
    assert not settings.runs_folder.exists()
    report = cycle(database, settings)
    assert (plan.eligible, plan.holdout, plan.households) == (29, report.holdout, 30)
    assert plan.offers_issued == report.offers_issued
    assert plan.face_value_cents == report.face_value_cents
    assert plan.gap == report.gap
    assert plan.worth == report.worth
    issued = query(
        database,
        """SELECT offer_id, count(*), sum(reserved_cents * uses), sum(face_value_cents)
           FROM list_line WHERE kind = 'offer' GROUP BY offer_id ORDER BY offer_id""",
    )
    assert [
        (deal["offer_id"], deal["copies"], deal["reserved_cents"], deal["face_value_cents"])
        for deal in plan.deals
        if deal["copies"]
    ] == [tuple(map(int, row)) for row in issued]
    # A use is expected at some chance below 1, so it costs less than the worst case.
    expected = query(database, "SELECT sum(expected_uses) FROM list_line WHERE kind = 'offer'")
    assert plan.expected_redemptions == pytest.approx(float(expected[0][0]), abs=0.1 * DEALS)
    for deal in plan.deals:
        assert 0 <= deal["expected_cost_cents"] <= deal["worst_cost_cents"]
        assert deal["reserved_cents"] == deal["worst_cost_cents"]
        assert deal["overspend_chance"] in (None, 0.0)


def test_everybody_with_few_offers_has_one_reason(
    database: Database, settings: Settings, market: None
) -> None:
    plan = planned(database, settings, fewer_than=24)
    assert plan.short == 29 - plan.holdout
    assert sum(plan.short_because.values()) == plan.short
    assert set(plan.short_because) <= set(Shortage)
    # 18 deals are fewer than 24 for everybody, whatever else binds.
    assert plan.short_because == {"few_deals_in_their_categories": plan.short}
    narrow = settings.model_copy(
        update={"face_value_floor_best_cents": 0, "face_value_ceiling_best_cents": 100,
                "face_value_floor_least_cents": 0, "face_value_ceiling_least_cents": 100}
    )  # fmt: skip
    squeezed = planned(database, narrow, fewer_than=3)
    assert squeezed.short_because == {"face_value_ceiling": squeezed.short}
    assert squeezed.short > 20
    assert all(row["mean_face_value_cents"] <= 100 for row in squeezed.worth)


def test_a_sample_is_scaled_to_all(database: Database, settings: Settings, market: None) -> None:
    plan = planned(database, settings, most_households=15)
    assert plan.sampled_percent == 50
    assert plan.households % 2 == 0
    assert 10 <= plan.eligible <= 50
    for deal in plan.deals:
        assert deal["copies"] % 2 == 0


def test_expected_reservations_issue_more_and_show_the_chance(
    database: Database, settings: Settings, market: None
) -> None:
    careful = planned(database, settings)
    bold = settings.model_copy(update={"budget_mode": "expected", "expected_safety": 1.2})
    plan = planned(database, bold)
    assert plan.offers_issued > careful.offers_issued
    chances = [deal["overspend_chance"] for deal in plan.deals if deal["overspend_chance"]]
    assert chances
    assert all(0 < chance <= 1 for chance in chances)
    report = cycle(database, bold)
    assert report.violations == 0
    over = query(
        database,
        """SELECT o.id FROM offer o JOIN ledger_entry e ON e.offer_id = o.id
           WHERE e.account = 'offer_reserved' GROUP BY o.id, o.budget_cents
           HAVING sum(e.amount_cents) > o.budget_cents""",
    )
    assert over == []
    assert dataclasses.asdict(plan)["face_value_cents"] == report.face_value_cents
