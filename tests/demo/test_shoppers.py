"""Simulated shoppers respond as stated, and what is learned and measured from it holds together."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from service.demo.learning import show_learning
from service.demo.shoppers import run_shoppers
from service.store.session import Database
from tests.demo.test_run import cut_sample
from tests.market import query, silent


@pytest.mark.slow
def test_two_cycles_of_shoppers_who_respond_strongly_are_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "larder-demo"
    learnt = list(
        run_shoppers(
            folder, progress=silent, source=cut_sample(tmp_path / "cut", households=60), cycles=2,
            truth=3.0,
        )
    )  # fmt: skip

    assert [each.number for each in learnt] == [1, 2]
    first, second = learnt
    assert 0 < first.added < second.added
    assert second.error < first.error < 0.5
    assert second.factor > 1.5
    # Each cell adds what was asked, but for the draws of some hundred copies.
    assert second.factor_truth == pytest.approx(3.0, abs=0.5)
    assert second.measured is not None
    assert second.measured[0] > 1
    database = Database(f"sqlite:///{folder.resolve() / 'larder.db'}")
    try:
        # What was added went through tills, and used the lists.
        assert int(query(database, "SELECT count(*) FROM redemption_line WHERE live")[0][0]) > 50
        # Nobody's baskets would hide what copies add: those held out show theirs too.
        assert query(database, "SELECT count(*) FROM basket WHERE household_id IS NULL") == [(0,)]
        assert query(database, "SELECT count(*) FROM programme_window") == [(2,)]
        learned = query(database, "SELECT count(*) FROM response")
        assert learned == [(2,)]
    finally:
        database.dispose()
    out = io.StringIO()
    show_learning(learnt, Console(file=out, width=200), truth=3.0)
    shown = out.getvalue()
    assert "Larder is not told" in shown
    assert f"{second.factor:.2f}" in shown
    assert f"{second.truth:.2f}" in shown
