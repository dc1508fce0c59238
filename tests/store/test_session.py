"""The door to the database: whole or not at all, and clear words when it cannot be opened."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.errors import Misconfigured
from service.store import access, catalogue
from service.store.session import Database, violates_unique


def stores(database: Database) -> int:
    with database.read() as session:
        found: int = session.execute(text("SELECT count(*) FROM store")).scalar_one()
    return found


def test_what_a_block_writes_is_there_when_it_ends(database: Database) -> None:
    with database.write() as session:
        catalogue.ensure_stores(session, ["1", "2"], timezone="UTC")
        assert stores(database) == 0
    assert stores(database) == 2


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            catalogue.ensure_stores(session, ["1"], timezone="UTC")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert stores(database) == 0


def test_what_a_reader_changes_is_undone(database: Database) -> None:
    with database.read() as session:
        catalogue.ensure_stores(session, ["1"], timezone="UTC")
    assert stores(database) == 0


def test_a_store_keeps_the_zone_it_has(database: Database) -> None:
    for zone in ("UTC", "Europe/Berlin"):
        with database.write() as session:
            catalogue.ensure_stores(session, ["1"], timezone=zone)
    with database.read() as session:
        assert catalogue.store_zone(session, "1") == "UTC"
        assert catalogue.store_zone(session, "2") is None


def test_a_double_is_told_from_a_missing_reference(database: Database) -> None:
    add = "INSERT INTO store (id, timezone) VALUES ('1', 'UTC'), ('1', 'UTC')"
    with pytest.raises(IntegrityError) as twice, database.write() as session:
        session.execute(text(add))
    orphan = "INSERT INTO identity (kind, digest, household_id) VALUES ('card', 'x', 99)"
    with pytest.raises(IntegrityError) as missing, database.write() as session:
        session.execute(text(orphan))
    assert violates_unique(twice.value)
    assert not violates_unique(missing.value)


def test_errors_of_the_database_carry_no_customer_data(database: Database) -> None:
    orphan = text("INSERT INTO identity (kind, digest, household_id) VALUES ('card', :digest, 99)")
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.execute(orphan, {"digest": "a digest nobody should read"})
    assert "a digest nobody should read" not in str(caught.value)


def failure(url: str) -> str:
    database = Database(url)
    with pytest.raises(Misconfigured) as caught, database.read() as session:
        access.all_keys(session)
    database.dispose()
    assert "\n" not in caught.value.detail
    assert "geheim" not in caught.value.detail
    return caught.value.detail


def test_a_database_without_tables(tmp_path: Path) -> None:
    said = failure(f"sqlite:///{tmp_path / 'new.db'}")
    assert said.endswith("new.db has no tables yet. Run `larder migrate`.")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be used: unable to open database file" in failure(
        f"sqlite:///{tmp_path / 'missing' / 'larder.db'}"
    )


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database at all, " * 100, encoding="utf-8")
    assert failure(f"sqlite:///{tmp_path / 'notes.db'}").endswith("file is not a database")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = failure(f"postgresql+psycopg://larder:geheim@127.0.0.1:{port}/larder")
    assert said.startswith(f"The database postgresql+psycopg://larder:***@127.0.0.1:{port}/larder ")
    assert "refused" in said


def test_a_password_among_the_options_is_not_shown() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = failure(
            f"postgresql+psycopg://127.0.0.1:{port}/larder"
            "?user=larder&password=geheim&sslpassword=geheimer"
        )
    assert "password=***" in said.replace("%2A", "*")
    assert "user=larder" in said


def test_a_server_whose_name_means_nothing() -> None:
    assert "cannot be used" in failure("postgresql+psycopg://larder:geheim@no.such.invalid/larder")


@pytest.mark.slow
def test_a_database_that_the_server_does_not_have(postgresql: str) -> None:
    head, _, query = postgresql.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/nowhere?{query}"
    said = failure(url.replace("postgresql://", "postgresql+psycopg://", 1))
    assert 'database "nowhere" does not exist' in said
