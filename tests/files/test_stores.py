"""Loading the regions of stores, on both databases."""

from pathlib import Path

from service.files.stores import load_stores
from service.store import catalogue
from service.store.session import Database
from tests.files.files import write_file


def regions(database: Database) -> dict[str, str]:
    with database.read() as session:
        return catalogue.store_regions(session)


def test_known_stores_get_their_regions_and_again_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        catalogue.ensure_stores(session, ["0042", "7"], timezone="UTC")
    path = write_file(tmp_path / "stores.csv", "store_id,region\n0042,North\n7,\n")

    first, again = load_stores(database, path), load_stores(database, path)

    assert (first.read, first.taken, first.known, first.refused) == (2, 1, 1, 0)
    assert (again.taken, again.known) == (0, 2)
    assert regions(database) == {"0042": "North", "7": ""}


def test_a_store_that_is_not_known_or_in_two_regions_is_refused(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        catalogue.ensure_stores(session, ["0042", "7"], timezone="UTC")
    rows = "store_id,region\n42,North\n7,East\n7,West\n0042,South\n"

    report = load_stores(database, write_file(tmp_path / "stores.csv", rows))

    assert (report.taken, report.refused) == (1, 3)
    assert "row 2" in report.problems[0].where
    assert "'42'" in report.problems[0].detail
    assert "rows 3, 4" in report.problems[1].detail
    assert regions(database) == {"0042": "South", "7": ""}
