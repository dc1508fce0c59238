"""overrides and runs: pins, bans and the work of workers at the command line."""

from pathlib import Path

import pytest

from service.admin.runs import request_plan
from service.jobs.worker import drain
from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import AS_OF, open_market

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_deal_is_pinned_planned_issued_and_explained(
    configured: Larder, database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    why = ("--why", "the buyer asked")
    pinned = configured("overrides", "pin", "3", "--household", "M05", *why)
    assert pinned.out == (
        "Override 1, a pin of Supplier 2 D2 for household M05, holds from the next list on.\n"
    )
    assert configured("overrides", "ban", "4", *why).code == 0
    refused = configured("overrides", "ban", "3", "--household", "M05", *why)
    assert (refused.code, "end it first" in refused.err) == (1, True)
    assert configured("overrides", "pin", "3", "--cell", "none", *why).code == 1
    listed = configured("overrides", "list").out
    assert "the buyer asked" in listed
    assert listed.splitlines()[-1] == "2 pins and bans"
    day = ("--as-of", AS_OF.isoformat())
    dry = configured("cycle", "--dry-run", *day).out
    assert "pin 1 of D2 for household M05: 1 copies" in dry
    assert "bans forbid" in dry
    plan = request_plan(database, as_of=AS_OF, seed=0, fewer_than=6, most_households=10_000)
    drain(database, settings)
    compared = configured("runs", "compare", plan.id, plan.id).out
    assert "offers issued" in compared
    assert "Supplier 2" in compared
    halved = configured("cycle", "--dry-run", *day, "--budgets", "0", "--holdout", "20").out
    assert halved != dry
    assert configured("cycle", *day, "--budgets", "50").code == 2
    issued = configured("runs", "issue", plan.id).out
    run = issued.split()[1]
    assert configured("runs", "give-up", run).code == 0
    again = configured("runs", "again", run).out.split()[1]
    drain(database, settings)
    assert '"state": "done"' in configured("runs", "show", again).out
    assert "Given up" not in configured("runs", "list").out.splitlines()[1]
    told = " ".join(configured("explain", "--household", "M05", *day).out.split())
    assert "pinned to it" in told
    assert configured("overrides", "end", "1").code == 0
    assert configured("overrides", "list").out.splitlines()[-1] == "1 pins and bans"
    assert configured("overrides", "end", "9").code == 1
