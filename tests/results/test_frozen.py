"""Reports are frozen when their window is final, and anybody draws their arms again."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from service.engine.lift.silence import Silence
from service.errors import Conflict, NotFound
from service.results.count import Counted, count_outcomes
from service.results.redraw import Changed, list_reports, read_rows, redraw_report, rows_from
from service.settings import Settings
from service.store import lift_reports
from service.store.session import Database
from tests.commands.conftest import Larder, configured, larder
from tests.market import AS_OF, basket_line, more_baskets, open_issued, query

__all__ = ["configured", "larder"]

pytestmark = pytest.mark.slow
END = 56


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def sell(database: Database, settings: Settings, folder: Path, days: range, store: str) -> None:
    """A basket of household 1 in a store on each of some days of validity."""
    lines = [
        basket_line(1, f"{store}-{day}", AS_OF + timedelta(days=day), 1, 1).replace(
            ",0042,", f",{store},"
        )
        for day in days
    ]
    more_baskets(database, settings, folder, lines)


def counted(database: Database, settings: Settings) -> list[Counted]:
    return list(count_outcomes(database, settings, today=AS_OF + timedelta(days=400)))


def test_a_final_window_is_frozen_once_and_the_last_has_one_addendum(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    sell(database, settings, tmp_path, range(END + 14), "0042")
    counted(database, settings)
    deals = {each.offer_id for each in list_reports(database, 1)}
    picked = query(database, "SELECT DISTINCT offer_id FROM cycle_pick")
    assert deals == {int(offer) for (offer,) in picked}
    first = list_reports(database, 1)
    assert {(each.first_day, each.is_addendum) for each in first} == {
        (0, False), (14, False), (28, False)
    }  # fmt: skip

    sell(database, settings, tmp_path, range(END + 14, END + 42), "0042")
    assert [each.window for each in counted(database, settings)] == [(28, 56)]
    assert counted(database, settings) == []

    again = list_reports(database, 1)
    assert set(first) < set(again)
    assert {each.first_day for each in again if each.is_addendum} == {28}
    assert len(again) == 4 * len(deals)


def test_a_report_has_what_the_sums_have(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    sell(database, settings, tmp_path, range(28), "0042")
    counted(database, settings)
    ((shared,),) = query(database, "SELECT min(id) FROM offer WHERE control_share > 0")
    one = next(each for each in list_reports(database, 1) if each.offer_id == shared)

    with database.read() as session:
        found = lift_reports.get(session, one.id)

    assert found is not None
    figures = found.report.figures
    ((exposed, given),) = query(
        database,
        f"""SELECT count(*), sum(CAST(is_given AS INTEGER)) FROM cycle_pick
            WHERE offer_id = {one.offer_id} AND arm = 'exposed'""",
    )
    assert sum(each.given for each in figures.regions.values()) == given
    assert sum(each.given for each in figures.cells.values()) == given
    assert {each.exposed.households for each in figures.comparisons.values()} == {exposed}
    assert set(figures.comparisons) == {"holdout", "control"}
    assert figures.comparisons["control"].salt == f"offer:{one.offer_id}:0"
    assert figures.comparisons["holdout"].salt == f"cycle:{AS_OF}:0"


def test_a_store_that_stops_sending_keeps_its_windows_open_and_is_named(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    sell(database, settings, tmp_path, range(-30, 5), "0077")
    sell(database, settings, tmp_path, range(45), "0042")

    found = counted(database, settings)

    silence = Silence("0077", AS_OF + timedelta(days=5), AS_OF + timedelta(days=13))
    assert [(each.window[0], each.is_final) for each in found] == [
        (0, False), (14, False), (28, False)
    ]  # fmt: skip
    assert found[0].silent == (silence,)
    assert list_reports(database, 1) == []
    # Its sales come after all.
    sell(database, settings, tmp_path, range(5, 45), "0077")
    again = counted(database, settings)
    assert [(each.window[0], each.is_final) for each in again] == [
        (0, True), (14, True), (28, False)
    ]  # fmt: skip
    assert again[0].silent == ()


def test_a_store_that_stays_silent_is_awaited_for_weeks_only(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    sell(database, settings, tmp_path, range(-30, 5), "0077")
    sell(database, settings, tmp_path, range(14 + 14 + 42), "0042")

    found = counted(database, settings)

    assert [(each.window[0], each.is_final) for each in found] == [
        (0, True), (14, False), (28, False)
    ]  # fmt: skip
    with database.read() as session:
        frozen = lift_reports.get(session, list_reports(database, 1)[0].id)
    assert frozen is not None
    assert [each.store_id for each in frozen.report.figures.silent] == ["0077"]


def test_the_arms_are_drawn_again_from_the_rows_alone(
    database: Database, settings: Settings, issued: None, tmp_path: Path, configured: Larder
) -> None:
    sell(database, settings, tmp_path, range(28), "0042")
    counted(database, settings)
    report = next(each for each in list_reports(database, 1) if each.sha256)
    found = redraw_report(database, report.id, draws=50)
    against, drawn = next(iter((k, found.draws[k]) for k in found.found))
    p_value = f"p = {found.found[against].p_value:.4f} in 50 draws"

    # Whatever becomes of baskets and picks, the rows stay.
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM cycle_pick")
    said = configured("lift", "redraw", str(report.id), "--draws", "50", "--out", "rows.parquet")
    assert p_value in said.out
    assert drawn.salt in said.out
    by_file = configured(
        "lift", "redraw", "rows.parquet", "--draws", "50", "--against", against,
        "--percent", str(drawn.percent), "--salt", drawn.salt,
    )  # fmt: skip
    assert p_value in by_file.out
    assert found.sha256 in by_file.out
    assert "needs --against" in configured("lift", "redraw", "rows.parquet").err
    assert "no report 999" in configured("lift", "redraw", "999").err
    assert found.sha256 in configured("lift", "reports", "1").out


def test_rows_that_were_changed_are_refused(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    sell(database, settings, tmp_path, range(28), "0042")
    counted(database, settings)
    report = next(each for each in list_reports(database, 1) if each.sha256)
    rows = rows_from(read_rows(database, report.id)[1])
    assert rows.columns == ["pseudonym", "stratum", "arm", "outcome"]
    ((picks,),) = query(
        database, f"SELECT count(*) FROM cycle_pick WHERE offer_id = {report.offer_id}"
    )
    assert rows.height == picks
    households = pl.Series([int(each) for (each,) in query(database, "SELECT id FROM household")])
    assert not set(rows["pseudonym"]) & set(households)

    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE lift_rows SET sha256 = 'f00'")

    with pytest.raises(Changed):
        redraw_report(database, report.id)
    with pytest.raises(NotFound):
        redraw_report(database, 999)
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM lift_rows")
    with pytest.raises(Conflict, match="nothing to draw again"):
        redraw_report(database, report.id)
