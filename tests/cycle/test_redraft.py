"""A cycle computes the drafts again, keeps what costs next to nothing, and sweeps those in vain."""

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of
from service.api.till.schemas import BasketIn
from service.checkout import redeem
from service.cycle.expiry import expire_lists
from service.cycle.plan import plan_cycle
from service.cycle.shards import forget_shards
from service.cycle.sweep import sweep_drafts
from service.jobs.worker import drain
from service.settings import Settings
from service.store import lists, migrate
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import (
    AS_OF,
    HOUSEHOLDS,
    cycle,
    gtin,
    load_market,
    price,
    query,
    silent,
    stocked,
    store_model,
)
from tests.till import body

pytestmark = pytest.mark.slow

NEXT = AS_OF + timedelta(days=14)


def buy(
    database: Database,
    settings: Settings,
    household: int,
    day: date,
    *products: int,
    number: int | None = None,
) -> None:
    sent = BasketIn.model_validate(
        body(
            number or household,
            presented=[("card", f"9521234000000{household:05d}")],
            lines=[(gtin(product), 1, price(product)) for product in products],
            day=day.isoformat(),
        )
    )
    redeem(database, settings, basket_of(sent, Caller(1, Role.ADMIN, None, None)))


@pytest.fixture
def drafted(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Every household has bought something since the cycle, has a draft, and its list is over."""

    def fill() -> None:
        if database.is_sqlite:
            migrate.upgrade(database)
        load_market(database, settings, tmp_path)
        cycle(database, settings)
        for household in range(1, HOUSEHOLDS + 1):
            day = AS_OF + timedelta(days=3 + household % 9)
            buy(database, settings, household, day, household % 24, (household + 5) % 24)
        drain(database, settings)
        expire_lists(database, before=NEXT)
        store_model(database, settings, NEXT)

    stocked(database, tmp_path, "drafted", fill)


def offers_of(database: Database, state: str) -> dict[int, set[int]]:
    """The offers on the lists of a state, by household; of two lists the newer."""
    rows = query(
        database,
        f"""SELECT s.household_id, l.offer_id FROM shopping_list s
            LEFT JOIN list_line l ON l.list_id = s.id AND l.offer_id IS NOT NULL
            WHERE s.state = '{state}' ORDER BY s.id""",
    )
    found: dict[int, set[int]] = {}
    for household_id, offer_id in rows:
        found.setdefault(household_id, set()).update({offer_id} if offer_id else set())
    return found


def kept(drafts: dict[int, set[int]], issued: dict[int, set[int]]) -> int:
    return sum(len(offers & issued.get(home, set())) for home, offers in drafts.items())


def test_the_next_lists_keep_the_drafts_of_those_who_bought_nothing_since(
    database: Database, settings: Settings, drafted: None
) -> None:
    drafts = offers_of(database, "draft")
    del drafts[HOUSEHOLDS]  # It buys too little for a list.
    report = cycle(database, settings, NEXT)
    shown = sum(map(len, drafts.values()))
    held = kept(drafts, offers_of(database, "issued"))
    assert (report.drafts, report.draft_offers, report.draft_offers_kept) == (29, shown, held)
    assert held >= 0.8 * shown > 80
    assert report.violations == 0
    assert report.draft_cost_percent <= settings.draft_keep_percent
    summary = json.loads(query(database, "SELECT summary FROM cycle WHERE id = 2")[0][0])
    assert summary["draft_offers_kept"] == held


def test_what_is_stored_of_drafts_changes_no_list(
    database: Database, settings: Settings, drafted: None
) -> None:
    with plan_cycle(database, settings, as_of=NEXT, seed=0, progress=silent) as plan:
        pass
    forget_shards(settings, as_of=NEXT, seed=0)
    with database.write() as session:
        assert lists.remove_drafts(session, None, until=NEXT) == HOUSEHOLDS
    report = cycle(database, settings, NEXT)
    assert report.draft_offers == plan.allocation.kept.offers > 0
    issued = offers_of(database, "issued")
    chosen = plan.chosen.group_by("household_id").agg("offer_id").iter_rows()
    assert {home: set(offers) for home, offers in chosen} == {h: o for h, o in issued.items() if o}


def test_a_draft_does_not_hold_a_deal_whose_budget_is_gone(
    database: Database, settings: Settings, drafted: None
) -> None:
    drafts = offers_of(database, "draft")
    often = Counter(offer for offers in drafts.values() for offer in offers)
    lost = max(often, key=lambda offer: (often[offer], offer))
    with database.write() as session:
        session.connection().exec_driver_sql(f"UPDATE offer SET budget_cents = 0 WHERE id = {lost}")
    report = cycle(database, settings, NEXT)
    assert all(lost not in offers for offers in offers_of(database, "issued").values())
    assert report.draft_offers - report.draft_offers_possible >= often[lost] - 1 > 3
    assert report.violations == 0


def test_a_household_that_is_held_out_keeps_nothing(
    database: Database, settings: Settings, drafted: None
) -> None:
    half = settings.model_copy(update={"holdout_percent": 50})
    report = cycle(database, half, NEXT)
    arms = dict(query(database, "SELECT household_id, arm FROM cycle_household WHERE cycle_id = 2"))
    issued = offers_of(database, "issued")
    held = [home for home, arm in arms.items() if arm == "holdout"]
    assert len(held) == report.holdout > 5
    assert all(issued[home] == set() for home in held)
    assert report.drafts == len(arms) - len(held)


def test_a_setting_of_nothing_gives_nothing_up(
    database: Database, settings: Settings, drafted: None
) -> None:
    none = settings.model_copy(update={"draft_keep_percent": 0.0})
    report = cycle(database, none, NEXT)
    assert report.draft_cost_cents == 0
    assert report.draft_offers_kept > 0


def test_the_first_cycle_knows_no_drafts(
    database: Database, settings: Settings, drafted: None
) -> None:
    summary = json.loads(query(database, "SELECT summary FROM cycle WHERE id = 1")[0][0])
    assert (summary["drafts"], summary["draft_offers"], summary["draft_cost_cents"]) == (0, 0, 0)


def test_no_draft_has_a_deal_whose_copies_are_all_out(
    database: Database, settings: Settings, drafted: None
) -> None:
    out = {
        offer
        for (offer,) in query(
            database,
            """SELECT o.id FROM offer o JOIN list_line l ON l.offer_id = o.id
               JOIN shopping_list s ON s.id = l.list_id AND s.cycle_id = 1
               WHERE o.circulation_max IS NOT NULL
               GROUP BY o.id, o.circulation_max HAVING count(*) >= o.circulation_max""",
        )
    }
    assert len(out) == 6
    drafts = offers_of(database, "draft").values()
    assert out.isdisjoint(set().union(*drafts))


def test_a_cycle_ends_the_drafts_of_those_who_get_no_list(
    database: Database, settings: Settings, drafted: None
) -> None:
    buy(database, settings, HOUSEHOLDS, NEXT, 1, number=900)
    drain(database, settings)
    cycle(database, settings, NEXT)
    # Its newest basket is of the day of the cycle: the cycle has not seen it.
    assert offers_of(database, "draft").keys() == {HOUSEHOLDS}
    store_model(database, settings, NEXT + timedelta(days=14))
    cycle(database, settings, NEXT + timedelta(days=14))
    assert offers_of(database, "draft") == {}
    orphans = """SELECT count(*) FROM list_line l LEFT JOIN shopping_list s ON s.id = l.list_id
                 WHERE s.id IS NULL"""
    assert query(database, orphans) == [(0,)]


def test_every_night_drafts_of_those_who_would_get_no_list_are_removed(
    database: Database, settings: Settings, drafted: None
) -> None:
    assert sweep_drafts(database, settings, on=NEXT) == 1
    assert offers_of(database, "draft").keys() == set(range(1, HOUSEHOLDS))
    assert sweep_drafts(database, settings, on=NEXT) == 0
    # Eight weeks after the last basket nothing counts any more.
    assert sweep_drafts(database, settings, on=NEXT + timedelta(weeks=9)) == 29
    assert offers_of(database, "draft") == {}
