"""Files of shards: what names them, what is read of them, and what is not whole."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from service.cycle import stages
from service.cycle.inputs import Inputs
from service.cycle.plan import plan_cycle
from service.cycle.shards import Shards, keep_bought, score_shards
from service.cycle.task import Task
from service.engine.allocate.value import ResponseModel
from service.engine.offers.candidates import LOYALTY_WEEKS
from service.engine.predict import default_model
from service.engine.segment import unit_counts, usage_bounds
from service.errors import Conflict, Misconfigured
from service.executors import open_executor
from service.files.checked import write_frames
from service.settings import Settings
from service.store.session import Database
from tests.conftest import settings_of
from tests.engine.offers.frames import AS_OF, purchases, running
from tests.market import silent

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of no database: shards are frames and files."""
    return settings_of(f"sqlite:///{tmp_path}/none.db", tmp_path)


@pytest.fixture
def task(settings: Settings) -> Task:
    return make_task(settings)


def make_task(settings: Settings) -> Task:
    """A task of the offers that run, and of no drafts."""
    offers = running(costs={1: (400, 310)})
    return Task(
        model_json=default_model(as_of=AS_OF - timedelta(days=1), horizon_days=14).to_json(),
        inputs=Inputs(
            as_of=AS_OF,
            valid_from=AS_OF,
            valid_to=AS_OF + timedelta(days=13),
            catalogue=offers.products,
            running=offers,
            terms={},
        ),
        bounds=usage_bounds(unit_counts(purchases(), as_of=AS_OF, weeks=LOYALTY_WEEKS)),
        horizon_days=14,
        by=stages.valuation(settings, seed=3, response=ResponseModel()),
    )


def scored(settings: Settings, task: Task) -> Shards:
    """The shards of what was bought, in the folder of runs."""
    bought, size = purchases(), settings.shard_households
    ids = bought["household_id"].unique().sort().to_list()
    settings.runs_folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        mine = bought.filter(pl.col("household_id").is_in(some))
        parts.append(keep_bought(settings.runs_folder, some, mine))
    return score_shards(
        parts,
        task,
        folder=settings.runs_folder,
        opener=partial(open_executor, settings),
        progress=silent,
    )


def frames(shards: Shards) -> tuple[pl.DataFrame, ...]:
    scores = pl.concat(map(shards.scores, shards.all))
    return scores, shards.every_pair(), shards.drafts()


def test_of_a_shard_only_the_columns_asked_for_are_read_with_what_was_promised(
    settings: Settings, task: Task
) -> None:
    shards = scored(settings, task)
    (shard,) = shards.all
    first, unlikely = pl.col("offer_id") == 1, pl.lit("unlikely")
    marked = shards.every_pair().with_columns(
        pl.when(first).then(unlikely).otherwise("left_out").alias("left_out")
    )
    write_frames(shard.result, {"pairs": marked})
    wanted = ["household_id", "left_out"]
    assert_frame_equal(shards.pairs(shard, wanted), marked.select(wanted))
    least = pl.DataFrame({"offer_id": [1], "least_chance": [0.0]})
    kept = replace(shards, promised=least).pairs(shard, wanted)
    assert kept.columns == wanted
    unlikely_before = (marked["left_out"] == "unlikely").sum()
    assert kept["left_out"].null_count() - marked["left_out"].null_count() == unlikely_before > 0


def test_a_task_with_another_cost_is_another_task(task: Task) -> None:
    """Finished shards of other margins are not used."""
    dearer = replace(task.inputs, running=running(costs={1: (400, 311)}))
    assert replace(task, inputs=dearer).fingerprint() != task.fingerprint()
    assert replace(task, inputs=replace(dearer, running=running(costs={1: (400, 310)}))
                   ).fingerprint() == task.fingerprint()  # fmt: skip


def truncated(stored: bytes) -> bytes:
    return stored[:-1]


def emptied(_stored: bytes) -> bytes:
    return b""


def with_a_flipped_bit(stored: bytes) -> bytes:
    place = len(stored) // 2
    return stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]


@pytest.mark.parametrize("damage", [truncated, emptied, with_a_flipped_bit])
def test_a_shard_that_is_not_whole_is_scored_again(
    settings: Settings,
    task: Task,
    damage: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = settings.model_copy(update={"shard_households": 1})
    whole = frames(scored(settings, task))
    files = sorted(settings.runs_folder.rglob("*.scored"))
    untouched = {each: each.stat().st_mtime_ns for each in files[1:]}
    files[0].write_bytes(damage(files[0].read_bytes()))
    again = frames(scored(settings, task))
    for one, two in zip(whole, again, strict=True):
        assert_frame_equal(one, two, check_exact=True)
    assert f"shard {files[0].stem} cannot be read and is scored again" in caplog.text
    assert {each: each.stat().st_mtime_ns for each in files[1:]} == untouched


def test_a_run_whose_files_another_one_removed_says_so(settings: Settings, task: Task) -> None:
    shards = scored(settings, task)
    shutil.rmtree(settings.runs_folder)
    (shard,) = shards.all
    for read in (shards.scores, shards.pairs, shards.purchases):
        with pytest.raises(Conflict, match="another run of the date ended"):
            read(shard)


def test_a_shard_of_other_code_is_scored_again(
    settings: Settings, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(settings, task)
    before = {*settings.runs_folder.rglob("*.scored")}
    monkeypatch.setattr("service.cycle.shards.sources_digest", lambda: "another version")
    scored(settings, task)
    assert len({*settings.runs_folder.rglob("*.scored")} - before) == 1


def test_an_executor_that_cannot_be_used_is_refused_before_anything_is_read(
    settings: Settings,
) -> None:
    nowhere = settings.model_copy(update={"executor": "dask", "scheduler": "nowhere"})
    stages: list[str] = []
    unread = Database(nowhere.database_url)
    with (
        pytest.raises(Misconfigured, match="The cluster cannot be used"),
        plan_cycle(
            unread, nowhere, as_of=AS_OF, seed=3, progress=lambda stage, *_: stages.append(stage)
        ),
    ):
        pass
    unread.dispose()
    assert stages == []
    assert not settings.runs_folder.exists()
