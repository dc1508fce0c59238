"""A cycle that is given up while a worker makes it."""

import threading
from pathlib import Path

import pytest

from service.admin import runs
from service.errors import Conflict
from service.jobs.worker import work_until
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, open_market, query

pytestmark = pytest.mark.slow


class GivesUp(threading.Event):
    """An event that is never set; the nth time a worker asks for it a person ends the run."""

    def __init__(self, database: Database, run_id: str, *, at: str) -> None:
        super().__init__()
        self.database, self.run_id, self.at = database, run_id, at
        self.stages: list[str] = []
        self.refused = 0

    def is_set(self) -> bool:
        run = runs.get_run(self.database, self.run_id)
        self.stages.append(run.stage)
        if run.stage == self.at and run.state == "running":
            try:
                runs.give_up(self.database, self.run_id)
            except Conflict:
                self.refused += 1
        return run.state in ("done", "failed")


def test_a_cycle_that_is_given_up_ends_at_its_next_shard_and_leaves_nothing(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    sharded = settings.model_copy(update={"shard_households": 10})
    first = runs.request_cycle(database, as_of=AS_OF, seed=0)
    ends = GivesUp(database, first.id, at="predict")
    work_until(database, sharded, ends)
    given_up = runs.get_run(database, first.id)
    assert (given_up.state, given_up.stage, given_up.done) == ("failed", "predict", 0)
    assert query(database, "SELECT count(*) FROM cycle") == [(0,)]

    again = runs.request_cycle(database, as_of=AS_OF, seed=0)
    stays = GivesUp(database, again.id, at="issue")
    work_until(database, sharded, stays)
    assert stays.refused > 0
    assert runs.get_run(database, again.id).state == "done"
    assert query(database, "SELECT count(*) FROM shopping_list") == [(29,)]
