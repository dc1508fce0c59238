"""What a cycle leaves behind teaches the next, and nothing after its date is looked at."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from service.cycle.learn import evidence_of, learned, model_of
from service.engine.allocate.value import ResponseModel
from service.settings import Settings
from service.store.offers import responses
from service.store.session import Database
from tests.market import (
    AS_OF,
    basket_line,
    cycle,
    gtin,
    more_baskets,
    open_issued,
    query,
    store_model,
)

pytestmark = pytest.mark.slow

NEXT = AS_OF + timedelta(weeks=2)


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def copies(database: Database) -> list[tuple[int, int, str]]:
    """(household, product, cell) of the copies of the cycle; deal n is on product n."""
    rows = query(
        database,
        """SELECT s.household_id, p.gtin, l.cell FROM list_line l
           JOIN shopping_list s ON s.id = l.list_id JOIN offer_product p ON p.offer_id = l.offer_id
           WHERE l.kind = 'offer' ORDER BY 1, 2""",
    )
    numbers = {int(gtin(n)): n for n in range(24)}
    return [(int(household), numbers[int(key)], str(cell)) for household, key, cell in rows]


def test_every_copy_says_what_was_expected_of_it(database: Database, issued: None) -> None:
    unknown = "SELECT count(*) FROM list_line WHERE kind = 'offer' AND (cell IS NULL"
    assert query(database, f"{unknown} OR expected_uses IS NULL OR expected_gain IS NULL)") == [
        (0,)
    ]
    assert query(
        database,
        """SELECT count(*) FROM list_line
           WHERE kind = 'offer' AND (expected_uses <= 0 OR expected_uses > 1)""",
    ) == [(0,)]
    assert query(
        database, "SELECT count(*) FROM list_line WHERE kind <> 'offer' AND cell IS NOT NULL"
    ) == [(0,)]


def test_a_ghost_is_a_copy_that_was_held_out(
    database: Database, settings: Settings, issued: None
) -> None:
    arms = dict(query(database, "SELECT arm, count(*) FROM cycle_pick GROUP BY arm"))
    assert set(arms) <= {"exposed", "holdout", "control"}
    assert arms["control"] > 0
    # Nobody both got a copy and is a ghost of it.
    assert query(
        database,
        """SELECT count(*) FROM cycle_pick g JOIN shopping_list s
               ON s.household_id = g.household_id AND s.cycle_id = g.cycle_id
           JOIN list_line l ON l.list_id = s.id AND l.offer_id = g.offer_id
           WHERE g.arm <> 'exposed'""",
    ) == [(0,)]
    # 30 % in control and 5 % held out: (.95 * .7) / (.05 * .7 + .95 * .3) copies for each ghost.
    weights = query(
        database,
        """SELECT DISTINCT g.weight FROM cycle_pick g JOIN offer o ON o.id = g.offer_id
           WHERE o.control_share = 30 AND g.arm <> 'exposed'""",
    )
    assert [float(weight) for (weight,) in weights] == [pytest.approx(0.665 / 0.32)]


def test_the_next_cycle_learns_from_those_that_ended_and_looks_at_nothing_later(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    mine = copies(database)
    household, product, cell = mine[0]
    later = next(each for each in mine if each[0] != household)
    lines = [
        basket_line(household, "in-time", AS_OF + timedelta(days=13), 1, product),
        basket_line(later[0], "too-late", NEXT, 1, later[1]),
    ]
    more_baskets(database, settings, tmp_path, lines)
    with database.read() as session:
        # The lists are valid through the day before NEXT: on that very day they had not ended.
        assert learned(session, settings, as_of=NEXT - timedelta(days=1)).evidence.is_empty()
        found = learned(session, settings, as_of=NEXT)
    by_cell = found.evidence.group_by("cell").agg(
        pl.col("exposed", "exposed_buyers", "ghosts").sum()
    )
    rows = {row["cell"]: row for row in by_cell.iter_rows(named=True)}
    assert sum(row["exposed"] for row in rows.values()) == len(mine)
    assert {name: row["exposed_buyers"] for name, row in rows.items()} == {
        name: int(name == cell) for name in rows
    }
    ghosts = query(database, "SELECT count(*) FROM cycle_pick g WHERE g.arm <> 'exposed'")[0][0]
    assert sum(row["ghosts"] for row in rows.values()) <= ghosts
    assert found.evidence["cycle_id"].unique().to_list() == [1]


def test_a_cycle_uses_and_keeps_what_was_learned_and_counts_a_cycle_once(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    store_model(database, settings, NEXT)
    report = cycle(database, settings, as_of=NEXT)
    assert report.learned_cycles == 1
    with database.read() as session:
        first, second = (responses.as_of(session, day) for day in (AS_OF, NEXT))
        assert first is not None
        assert second is not None
        assert model_of(first) == ResponseModel()
        assert second.window_from == NEXT - timedelta(weeks=26)
        # Nobody bought anything: deals that change nothing are worth less.
        assert max(model_of(second).factors.values()) < 1
        assert model_of(second).redeemed < 1
    # A basket that turns up late changes nothing: the cycle was counted.
    household, product, _ = copies(database)[0]
    more_baskets(
        database,
        settings,
        tmp_path,
        [basket_line(household, "late", AS_OF + timedelta(days=1), 1, product)],
    )
    with database.read() as session:
        again = learned(session, settings, as_of=NEXT + timedelta(days=7))
    assert again.evidence.equals(evidence_of(second))
    assert second.evidence[0]["exposed_buyers"] == 0


def test_a_cycle_out_of_the_window_is_forgotten(
    database: Database, settings: Settings, issued: None
) -> None:
    narrow = settings.model_copy(update={"response_weeks": 1})
    with database.read() as session:
        assert not learned(session, narrow, as_of=NEXT).evidence.is_empty()
        assert learned(session, narrow, as_of=NEXT + timedelta(days=7)).evidence.is_empty()
        assert learned(session, narrow, as_of=date(2027, 1, 1)).lesson.model == ResponseModel()
