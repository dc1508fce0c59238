"""Migrations: they build what the tables say, once, and whoever comes at the same time waits."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from service.errors import Busy, Misconfigured
from service.store import migrate
from service.store.session import Database
from service.store.tables import metadata

Ask = Callable[[str], list[tuple[object, ...]]]


def test_the_migrated_database_is_what_the_tables_say(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_every_table_and_index_is_there_by_name(database: Database, read_only: Ask) -> None:
    catalogue = (
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        if database.is_sqlite
        else "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relkind IN ('r', 'i')"
    )
    found = {str(row[0]) for row in read_only(catalogue)}
    named = {index.name for table in metadata.tables.values() for index in table.indexes}
    assert named | set(metadata.tables) <= found


def test_an_upgrade_without_anything_to_do_does_nothing(database: Database, read_only: Ask) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("INSERT INTO supplier (id, name) VALUES (5, 'Dale')")
    migrate.upgrade(database)
    assert read_only("SELECT version_num FROM alembic_version") == [(migrate.head(),)]
    assert read_only("SELECT id, name FROM supplier") == [(5, "Dale")]


def test_the_database_of_a_newer_version_is_left_alone(database: Database, read_only: Ask) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match=r"does not know\. Install the newer version"):
        migrate.upgrade(database)
    assert read_only("SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_migration_does_not_wait_behind_a_long_transaction(
    database: Database, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("one writer at a time: nobody queues behind a reader")
    monkeypatch.setattr(migrate, "LOCK_MILLISECONDS", 200)
    with database.alter() as connection:
        config = Config()
        config.set_main_option("script_location", "service/store/migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    with psycopg.connect(database.url.replace("+psycopg", "")) as till:
        till.execute("SELECT count(*) FROM batch")  # its transaction stays open
        with pytest.raises(Busy, match=r"nothing was changed: .* run `larder migrate` again"):
            migrate.upgrade(database)
        assert read_only("SELECT version_num FROM alembic_version") == [("0003",)]
    migrate.upgrade(database)
    assert read_only("SELECT version_num FROM alembic_version") == [(migrate.head(),)]
    with database.read() as session:
        shown = session.connection().exec_driver_sql("SHOW lock_timeout").scalar_one()
    assert shown == "0"


UPGRADE = """
import sys
from service.store import migrate
from service.store.session import Database

database = Database(sys.argv[1])
sys.stdin.readline()
migrate.upgrade(database)
"""


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'empty.db'}"
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return database_url


def test_products_of_an_older_database_have_no_cost(empty_url: str) -> None:
    database = Database(empty_url)
    with database.alter() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for row in (
            "supplier (id, name) VALUES (1, 'Dale')",
            "category (id, name, department) VALUES (1, 'Dairy', 'Chilled')",
            "item (id, name, category_id) VALUES (1, 'Milk', 1)",
            "product (gtin, description, brand, private_label, item_id, category_id, supplier_id, "
            "package_size, restriction, price_cents) VALUES (15, 'Milk', '', true, 1, 1, 1, '', "
            "'', 120)",
        ):
            connection.exec_driver_sql(f"INSERT INTO {row}")
    migrate.upgrade(database)
    with database.read() as session:
        found = session.connection().exec_driver_sql(
            "SELECT gtin, price_cents, cost_cents FROM product"
        )
        assert found.fetchall() == [(15, 120, None)]
    database.dispose()


@pytest.mark.slow
def test_two_processes_that_migrate_at_once_take_turns(empty_url: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, empty_url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    database = Database(empty_url)
    with database.read() as session:
        assert migrate.revision(session.connection()) == migrate.head()
    database.dispose()
