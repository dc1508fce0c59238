"""What deals hold of their budgets, in types that are the same on both databases."""

from datetime import UTC, date, datetime
from pathlib import Path

from service.engine.lifecycle import DealState
from service.settings import Settings
from service.store.offers import overview, states
from service.store.session import Database
from tests.shop import open_shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_deal_with_what_it_holds(database: Database, settings: Settings, tmp_path: Path) -> None:
    shop = open_shop(database, settings, tmp_path)
    with database.write() as session:
        states.set_stopped(session, states.lock_deal(session, shop.bread_offer), at=NOON)
        found = overview.deals(session)
        one = overview.deals(session, offer_id=shop.milk_offer, states=(DealState.RUNNING,))
        none = overview.deals(session, after=shop.soap_offer)
    assert dict(found.schema) == overview.DEALS == dict(none.schema)
    milk, bread, _ = found.select(
        "deal_id", "redeem_to", "budget_cents", "issued", "reserved_cents", "spent_cents",
        "use_cents", "stopped",
    ).rows()  # fmt: skip
    assert milk == ("MILK-1", date(2026, 12, 31), 10_000, 2, 216, 0, 108, False)
    assert bread == ("BREAD-1", date(2026, 12, 31), None, 2, 100, 0, 25, True)
    assert one["offer_id"].to_list() == [shop.milk_offer]
    assert none.height == 0


def test_the_dearest_face_value_is_what_a_use_may_cost(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    with database.write() as session:
        (milk,) = states.lock_deal(session, shop.milk_offer)
        milk.face_values = [40, 250, 90]
        session.add(milk)
        session.flush()
        found = overview.deals(session, offer_id=shop.milk_offer)
    assert found["use_cents"].to_list() == [258]
