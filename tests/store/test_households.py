"""How households are reached, among more households than one statement takes parameters."""

from pathlib import Path

from service.settings import Settings
from service.store import households
from service.store.session import Database
from tests.shop import H1, H2, H3, open_shop

MANY = 70_000


def test_how_households_are_reached_is_found_among_very_many(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_shop(database, settings, tmp_path)
    with database.write() as session:
        ids = households.ids_by_ref(session)
        session.connection().exec_driver_sql(
            f"UPDATE contact SET mail_consent = false WHERE household_id = {ids[H2]}"
        )
    with database.read() as session:
        found = households.contacts(session, [*ids.values(), *range(10**6, 10**6 + MANY)])
    assert found.select("household_id", "name", "mail_consent", "came_back").rows() == [
        (ids[H1], "Person H1", True, False),
        (ids[H2], "Person H2", False, False),
        (ids[H3], "Person H3", True, False),
    ]
