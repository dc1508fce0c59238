"""Outcomes of an issued cycle are counted, once and again, and compared with both controls."""

import json
import struct
from datetime import timedelta
from pathlib import Path

import pytest

from service.engine.lift.outcomes import index_of
from service.errors import Conflict, NotFound
from service.results.count import Counted, count_outcomes
from service.results.lift import Against, lift_of
from service.settings import Settings
from service.store import catalogue
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import AS_OF, STORE, basket_line, more_baskets, open_issued, query

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def counted(database: Database, settings: Settings, days: int) -> list[Counted]:
    return list(count_outcomes(database, settings, today=AS_OF + timedelta(days=days)))


def picked(database: Database, arm: str) -> list[tuple[int, int, int]]:
    """(household, offer, product) of the picks of an arm; deal n is on product n."""
    rows = query(
        database,
        f"""SELECT g.household_id, g.offer_id, p.gtin FROM cycle_pick g
            JOIN offer_product p ON p.offer_id = g.offer_id
            WHERE g.arm = '{arm}' ORDER BY 1, 2""",
    )
    return [(int(home), int(offer), int(gtin) // 10 % 10_000) for home, offer, gtin in rows]


def numbers(packed: object) -> list[float]:
    """Sums as they are stored, read by hand."""
    raw = bytes(packed)  # type: ignore[call-overload]
    return list(struct.unpack(f"<{len(raw) // 8}d", raw))


def totals(database: Database, name: str) -> dict[tuple[int, str], float]:
    """The sum of a variable over all groups of (offer, arm), where it is not 0."""
    rows = query(database, "SELECT offer_id, arm, sums FROM outcome_sum WHERE first_day = 0")
    found: dict[tuple[int, str], float] = {}
    for offer, arm, sums in rows:
        key = (int(str(offer)), str(arm))
        found[key] = found.get(key, 0.0) + numbers(sums)[index_of(name)]
    return {key: value for key, value in found.items() if value}


def test_purchases_in_the_window_are_counted_by_arm_and_a_later_count_replaces_them(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    valid_from = AS_OF + timedelta(days=settings.mail_lead_days)
    with database.write() as session:
        catalogue.set_regions(session, {STORE: "North"})
    home, offer, product = picked(database, "exposed")[0]
    held, other, goods = picked(database, "control")[0]
    lines = [
        basket_line(home, "first", valid_from + timedelta(days=3), 1, product),
        basket_line(held, "held", valid_from + timedelta(days=4), 1, goods),
    ]
    more_baskets(database, settings, tmp_path, lines)

    # Sales are there to the fourth day: nothing is known of later windows, or final.
    first = counted(database, settings, 400)

    assert [(each.window, each.is_final) for each in first] == [((0, 14), False)]
    assert first[0].copies == len(query(database, "SELECT 1 FROM cycle_pick"))
    units = totals(database, "units")
    assert units[offer, "exposed"] >= 1
    assert units[other, "control"] >= 1
    assert totals(database, "sales").keys() == units.keys()
    assert query(database, "SELECT DISTINCT region FROM outcome_sum") == [("North",)]

    late = [basket_line(home, "late", valid_from + timedelta(days=30), 1, product)]
    # The store sells other goods on the days between.
    late += [basket_line(1, f"o{n}", valid_from + timedelta(days=n), 1, 20) for n in range(5, 30)]
    more_baskets(database, settings, tmp_path, late)
    second = counted(database, settings, 400)
    assert [(each.window[0], each.is_final) for each in second] == [
        (0, True), (14, False), (28, False)
    ]  # fmt: skip
    assert totals(database, "units") == units
    # What is final stays.
    assert [each.window[0] for each in counted(database, settings, 400)] == [14, 28]


def test_the_year_before_is_kept_when_lists_are_made_and_else_read_from_the_baskets(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    home, _, product = picked(database, "exposed")[0]
    more_baskets(database, settings, tmp_path, [basket_line(home, "first", AS_OF, 1, product)])
    by = "SELECT offer_id, arm, cell, households, sums FROM outcome_sum ORDER BY 1, 2, 3"

    counted(database, settings, 400)
    kept = query(database, by)
    assert totals(database, "before_sales")
    assert totals(database, "placebo_sales")
    assert query(database, "SELECT count(*) FROM cycle_cap WHERE deal_cents > 0") != [(0,)]
    # A cycle of before anything was kept.
    with database.write() as session:
        for change in (
            "DELETE FROM cycle_cap", "DELETE FROM outcome_sum", "DELETE FROM outcome_window",
            "UPDATE cycle_pick SET paid_year_cents = NULL, paid_14_cents = NULL",
        ):  # fmt: skip
            session.connection().exec_driver_sql(change)
    counted(database, settings, 400)

    assert query(database, by) == kept


def test_a_deal_is_compared_with_each_control_apart(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    valid_from = AS_OF + timedelta(days=settings.mail_lead_days)
    homes = picked(database, "exposed")
    lines = [
        basket_line(home, f"b{n}", valid_from + timedelta(days=1), 1, product)
        for n, (home, _, product) in enumerate(homes)
    ]
    more_baskets(database, settings, tmp_path, lines)
    counted(database, settings, 400)

    found = lift_of(database, 1)

    assert {each.lift.against for each in found} == {Against.HOLDOUT, Against.CONTROL}
    by_arm = query(
        database,
        """SELECT offer_id, arm, count(*), sum(CAST(is_given AS INTEGER)) FROM cycle_pick
           GROUP BY offer_id, arm""",
    )
    counts = {(int(str(o)), str(arm)): (int(str(n)), int(str(g))) for o, arm, n, g in by_arm}
    for each in found:
        lift = each.lift
        exposed, given = counts.get((lift.offer_id, "exposed"), (0, 0))
        assert lift.exposed.households == exposed
        assert lift.control.households == counts.get((lift.offer_id, lift.against), (0, 0))[0]
        assert lift.exposed.given_share == pytest.approx(given / exposed if exposed else 0)
        assert lift.live is None or lift.live.low <= lift.live.high
    one = lift_of(database, 1, offer_id=found[0].lift.offer_id)
    assert {each.lift.offer_id for each in one} == {found[0].lift.offer_id}
    assert one[0].sold_more == found[0].sold_more
    with pytest.raises(NotFound, match="no such deal"):
        lift_of(database, 1, offer_id=99_999)


def test_there_is_nothing_to_show_before_anything_was_counted(
    database: Database, settings: Settings, issued: None
) -> None:
    with pytest.raises(Conflict, match="lift count"):
        lift_of(database, 1)
    with pytest.raises(NotFound):
        lift_of(database, 2)
    # The history ends before the lists become valid.
    assert counted(database, settings, 400) == []


def test_the_commands_count_and_show(
    database: Database, settings: Settings, issued: None, tmp_path: Path, configured: Larder
) -> None:
    assert "nothing to count" in configured("lift", "count").out
    refused = configured("lift", "show", "2")
    assert refused.code != 0
    assert "no such cycle" in refused.err
    home, offer, product = picked(database, "exposed")[0]
    day = AS_OF + timedelta(days=settings.mail_lead_days + 20)
    more_baskets(database, settings, tmp_path, [basket_line(home, "b", day, 1, product)])

    assert "days 0 to 13" in configured("lift", "count", "--as-of", "2027-01-01").out
    shown = configured("lift", "show", "1").out
    assert "against households that got the next best deal instead" in shown
    rows = json.loads(configured("lift", "show", "1", "--json", "--offer", str(offer)).out)

    assert {row["offer_id"] for row in rows} == {offer}
    assert {tuple(row["window"]) for row in rows} == {(0, 14), (14, 28)}
    assert [row["final"] for row in rows] == [False] * len(rows)
