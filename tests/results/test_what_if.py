"""A cycle keeps the chances of its copies, and says from them what another policy had come to."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from service.engine.offers.picks import REDRAWS
from service.errors import Conflict, InvalidInput, NotFound
from service.results.what_if import Policy, what_if
from service.settings import Settings
from service.store import chances
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import AS_OF, basket_line, cycle, more_baskets, open_issued, open_market, query

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow

HEAVY = frozenset({"switcher_heavy", "store_brand_heavy"})


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def test_a_cycle_keeps_how_likely_its_copies_were(
    database: Database, settings: Settings, issued: None
) -> None:
    picks = query(database, "SELECT chance, depth_percent, arm FROM cycle_pick")
    assert all((chance is None) == (arm != "exposed") for chance, _, arm in picks)
    assert all(
        chance * REDRAWS == round(chance * REDRAWS) for chance, _, arm in picks if arm == "exposed"
    )
    assert all(0 < percent <= 100 for _, percent, _ in picks)
    # Each pair that was picked and might not have been is there with the same chance.
    both = query(
        database,
        """SELECT count(*), sum(CASE WHEN h.chance = g.chance THEN 1 ELSE 0 END)
           FROM cycle_pick g JOIN cycle_chance h ON h.cycle_id = g.cycle_id
               AND h.household_id = g.household_id AND h.offer_id = g.offer_id
           WHERE g.arm = 'exposed' AND g.chance > 0 AND g.chance < 1""",
    )
    unsure = query(
        database,
        "SELECT count(*) FROM cycle_pick WHERE arm = 'exposed' AND chance > 0 AND chance < 1",
    )[0][0]
    assert both == [(unsure, unsure)]
    assert unsure > 0
    # Nobody who was held out, or is in the deal's control share.
    assert query(
        database,
        """SELECT count(*) FROM cycle_chance h JOIN cycle_pick g ON h.cycle_id = g.cycle_id
               AND h.household_id = g.household_id AND h.offer_id = g.offer_id
           WHERE g.arm <> 'exposed'""",
    ) == [(0,)]
    summary = json.loads(query(database, "SELECT CAST(summary AS TEXT) FROM cycle")[0][0])
    assert 0 < summary["explore_percent"] <= settings.explore
    assert 0 <= summary["explore_cost_percent"] <= 0.2
    assert 0 < summary["learnable"] <= len(picks)


def test_without_exploration_no_chance_is_kept_and_nothing_can_be_asked(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    report = cycle(database, settings.model_copy(update={"explore": 0.0}))

    assert (report.explore_percent, report.explore_cost_percent, report.learnable) == (0, 0, 0)
    assert query(database, "SELECT count(*) FROM cycle_chance") == [(0,)]
    assert query(database, "SELECT DISTINCT chance FROM cycle_pick") == [(None,)]
    with pytest.raises(Conflict, match="explored nothing"):
        what_if(database, settings, 1, Policy(HEAVY))


def test_a_policy_is_valued_by_what_was_bought(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        what_if(database, settings, 2, Policy(HEAVY))
    with pytest.raises(InvalidInput, match="no cell heavy"):
        Policy(frozenset({"heavy"}))
    with pytest.raises(Conflict, match="No sales"):
        what_if(database, settings, 1, Policy(HEAVY))
    with database.read() as session:
        tried = chances.tried(session, 1)
    everybody = frozenset(tried["cell"].unique())
    goods = dict(query(database, "SELECT offer_id, gtin FROM offer_product"))
    # Whoever was picked for a copy buys one unit of the deal's product; deal n is on product n.
    picked = tried.filter("is_picked").rows(named=True)
    lines = [
        basket_line(
            row["household_id"], f"p{n}", AS_OF + timedelta(days=settings.mail_lead_days + 2), 1,
            int(goods[row["offer_id"]]) // 10 % 10_000,
        )
        for n, row in enumerate(picked)
    ]  # fmt: skip
    more_baskets(database, settings, tmp_path, lines)

    deepest = max(each for each in tried["depth_percent"] if each is not None)
    few = what_if(database, settings, 1, Policy(HEAVY, from_percent=deepest))
    more = what_if(database, settings, 1, Policy(everybody))
    fewer = what_if(database, settings, 1, Policy(HEAVY))

    assert few.pairs < more.pairs == tried.height
    assert more.were == len(picked)
    assert more.copies == tried.height
    assert fewer.values["bought"].difference < 0 <= more.values["bought"].difference
    with pytest.raises(Conflict, match="so much off"):
        what_if(database, settings, 1, Policy(HEAVY, from_percent=100))


def test_the_command_says_what_it_would_have_come_to(
    database: Database, settings: Settings, issued: None, tmp_path: Path, configured: Larder
) -> None:
    day = AS_OF + timedelta(days=settings.mail_lead_days + 2)
    more_baskets(database, settings, tmp_path, [basket_line(1, "b", day, 1, 3)])

    shown = configured("lift", "what-if", "1", "--to", "switcher_heavy").out
    plain = json.loads(configured("lift", "what-if", "1", "--to", "switcher_heavy", "--json").out)

    assert "all households together" in shown
    assert "supplier paid" in shown
    assert set(plain["values"]) == {"bought", "units", "sales", "margin", "supplier_paid"}
    assert plain["values"]["sales"]["by_model"] <= plain["pairs"]
