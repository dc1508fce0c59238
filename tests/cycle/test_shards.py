"""Scoring in several processes."""

from datetime import timedelta
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from service.cycle import stages
from service.cycle.basis import read_basis, read_purchases
from service.cycle.shards import Task, forget_shards, score_shards
from service.engine.allocate.value import ResponseModel
from service.engine.predict import default_model
from service.engine.segment import usage_bounds
from service.settings import Settings
from service.store.session import Database
from tests.market import AS_OF, open_market, silent

pytestmark = pytest.mark.slow


def test_two_processes_score_as_one_does(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    with database.read() as session:
        purchases = read_purchases(session, settings, before=AS_OF)
        basis = read_basis(session, settings, as_of=AS_OF)
    task = Task(
        model_json=default_model(as_of=AS_OF - timedelta(days=1), horizon_days=14).to_json(),
        basis=basis,
        bounds=usage_bounds(purchases, as_of=AS_OF, weeks=stages.LOYALTY_WEEKS),
        horizon_days=14,
        by=stages.valuation(settings, seed=3, response=ResponseModel()),
    )
    alone = score_shards(purchases, task, settings=settings, progress=silent)
    forget_shards(settings, basis, seed=3)
    halves = settings.model_copy(update={"processes": 2, "shard_households": 15})
    together = score_shards(purchases, task, settings=halves, progress=silent)
    assert alone[1].height > 200
    for one, two in zip(alone, together, strict=True):
        assert_frame_equal(one, two, check_exact=True)
