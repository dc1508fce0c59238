"""Work in parts: all of it is done once, whatever dies."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from service.errors import WorkersDied
from service.executors.each import TRIES, Opened, each_done
from service.executors.local import in_process, pool
from tests.executors.acts import Step, refuse, square, threads

two: Callable[[], AbstractContextManager[Opened]] = partial(pool, 2)


def test_here_one_is_done_after_the_other(tmp_path: Path) -> None:
    found = each_done(in_process, square, [Step(each, tmp_path) for each in range(3)])
    assert next(found) == (0, 0)
    assert len([*tmp_path.iterdir()]) == 1
    assert [*found] == [(1, 1), (2, 4)]


def test_a_fault_of_the_act_ends_the_work(tmp_path: Path) -> None:
    found = each_done(in_process, refuse, [Step(each, tmp_path) for each in range(3)])
    assert next(found) == (0, 0)
    with pytest.raises(ValueError, match="the second one"):
        next(found)


@pytest.mark.slow
def test_what_a_killed_process_had_is_done_again(tmp_path: Path) -> None:
    steps = [Step(each, tmp_path, dies_at=4) for each in range(12)]
    assert sorted(each_done(two, square, steps)) == [(each, each**2) for each in range(12)]
    assert (tmp_path / "death-0").exists()
    done = [path.name.split("-")[1] for path in tmp_path.glob("done-*")]
    # What was finished before is not done again: at most what the pool held then is done twice.
    assert len(done) <= 12 + 4


@pytest.mark.slow
def test_a_part_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    steps = [Step(each, tmp_path, dies_at=2, times=99) for each in range(3)]
    found: list[tuple[int, int]] = []
    with pytest.raises(WorkersDied, match="1 parts are left"):
        found.extend(each_done(partial(pool, 1), square, steps))
    assert len([*tmp_path.glob("death-*")]) >= TRIES


@pytest.mark.slow
def test_a_process_of_a_pool_has_one_thread(tmp_path: Path) -> None:
    assert [*each_done(two, threads, [Step(0, tmp_path)])] == [(0, 1)]
