"""Pins of deals that have ended close by themselves; bans do not."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from service.cycle.overrides import (
    OverrideWanted,
    end_pins_of_ended_deals,
    make_override,
    page_overrides,
)
from service.deals.steer import follow_facts
from service.engine.offers.overrides import OverrideAct
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.shop import H1, H2, open_shop

NOW = datetime(2027, 1, 2, 3, tzinfo=UTC)


def test_a_pin_ends_with_its_deal_and_the_trail_says_why(
    database: Database, settings: Settings, tmp_path: Path, read_only: Any
) -> None:
    shop = open_shop(database, settings, tmp_path)
    for act, household in ((OverrideAct.PIN, H1), (OverrideAct.BAN, H2)):
        wanted = OverrideWanted(act, shop.milk_offer, "asked for", household=household)
        make_override(database, wanted, by=SERVICE, now=NOW)
    assert end_pins_of_ended_deals(database, now=NOW) == 0
    follow_facts(database, on=date(2027, 1, 2))
    assert [end_pins_of_ended_deals(database, now=NOW) for _ in range(2)] == [1, 0]
    ended = page_overrides(database, is_open=False, limit=9)
    assert [(each.override.act, each.override.ended_at) for each in ended] == [("pin", NOW)]
    assert [each.override.act for each in page_overrides(database, is_open=True, limit=9)] == [
        "ban"
    ]
    trail = "SELECT actor, detail FROM audit_event WHERE subject = 'override' AND act = 'end'"
    assert read_only(trail) == [(SERVICE.name, '{"reason": "the deal has ended"}')]
