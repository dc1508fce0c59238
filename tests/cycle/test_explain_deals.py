"""Every offer of a list is explained, and so are the next ones; nothing is written."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from service.cycle.explain_deals import DealsWhy, explain_deals
from service.engine.offers.why import Why
from service.errors import NotFound
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, DEALS, HOUSEHOLDS, open_issued, open_market, query, ref

pytestmark = pytest.mark.slow


def explained(
    database: Database, settings: Settings, household: int, *, after_days: int = 0
) -> DealsWhy:
    return explain_deals(
        database, settings, ref(household), as_of=AS_OF + timedelta(after_days), most_missed=DEALS
    )


def test_all_offers_of_a_list_are_explained(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    lists = {
        (household, line): (offer_id, face)
        for household, line, offer_id, face in query(
            database,
            """SELECT h.ref, l.line, l.offer_id, l.face_value_cents
               FROM list_line l JOIN shopping_list s ON s.id = l.list_id
               JOIN household h ON h.id = s.household_id WHERE l.offer_id IS NOT NULL""",
        )
    }
    copies = dict(
        query(database, "SELECT offer_id, count(*) FROM list_line GROUP BY offer_id")
    )  # fmt: skip
    arms = dict(
        query(
            database,
            """SELECT h.ref, c.arm FROM cycle_household c
               JOIN household h ON h.id = c.household_id""",
        )
    )
    some = [
        *range(1, HOUSEHOLDS, 3),
        *(int(ref_[1:]) for ref_, arm in arms.items() if arm != "exposed"),
    ]
    everyone = [explained(database, settings, n) for n in sorted({*some})]
    found = {
        (each.household, offer.line): (offer.offer_id, offer.face_value_cents)
        for each in everyone
        for offer in each.listed
    }
    explained_refs = {each.household for each in everyone}
    assert found == {key: value for key, value in lists.items() if key[0] in explained_refs}
    missed = [(each, offer) for each in everyone for offer in each.missed]
    for each, offer in missed:
        assert (each.household, each.arm) in arms.items()
        assert (offer.reason == Why.HOLDOUT) == (each.arm == "holdout")
        if offer.reason in (Why.BUDGET, Why.COPIES):
            assert offer.buyers is not None
            assert offer.buyers.copies == offer.buyers.valued == copies[offer.offer_id]
            assert sum(offer.buyers.tiers.values()) == sum(offer.buyers.cells.values())
            assert offer.buyers.last is not None
            assert offer.buyers.mean_value_cents is not None
            assert offer.buyers.last.value_cents <= offer.buyers.mean_value_cents
    for each in everyone:
        assert each.issued
        assert each.considered == len(each.listed) + len(each.missed)
        losses = [offer.loss_cents for offer in each.missed if offer.loss_cents is not None]
        assert losses == sorted(losses)
    reasons = {offer.reason for _, offer in missed}
    assert reasons >= {Why.HOLDOUT, Why.CONTROL, Why.COPIES, Why.BUDGET, Why.CATEGORY}


def test_later_it_is_what_the_prices_would_give_and_nothing_is_written(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    before = query(database, "SELECT count(*), max(id) FROM shopping_list")
    later = explained(database, settings, 3, after_days=5)
    assert (later.issued, later.cycle_as_of) == (False, AS_OF)
    assert later.listed
    assert {offer.reason for offer in later.listed} <= {Why.WORTH, Why.FLOOR, Why.PROMISED}
    assert asdict(explained(database, settings, 3, after_days=5)) == asdict(later)
    early = explained(database, settings, 3, after_days=-1)
    assert (early.cycle_as_of, early.listed) == (None, ())
    assert query(database, "SELECT count(*), max(id) FROM shopping_list") == before


def test_a_deal_that_was_stopped_says_so(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_issued(database, settings, tmp_path)
    first = explained(database, settings, 3).listed[0]
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE offer SET state = 'paused' WHERE id = {first.offer_id}"
        )
    stopped = explained(database, settings, 3).listed[0]
    assert (stopped.offer_id, stopped.line) == (first.offer_id, first.line)
    assert stopped.reason == Why.NO_LONGER_RUNS
    assert (stopped.face_value_cents, stopped.value_cents) == (first.face_value_cents, None)


def test_unknown_households_and_those_without_purchases_are_named(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    with pytest.raises(NotFound, match="no household 'nobody'"):
        explain_deals(database, settings, "nobody", as_of=AS_OF)
    with pytest.raises(NotFound, match="bought nothing before"):
        explained(database, settings, 1, after_days=-365)
