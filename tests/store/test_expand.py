"""An older version serves while the database is at newer tables: migrations only add.

Two halves of one proof: this version works on tables that have more than it knows, and each
migration from `FIRST` on does no more than that to tables that are there.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import event

from service.admin.keys import add_key, authenticate
from service.admin.status import read_status
from service.cycle.expiry import expire_lists
from service.files.households import load_households
from service.settings import Settings
from service.store import migrate
from service.store.session import Database
from service.store.tables import metadata
from service.store.tables.access import Role
from tests.checkout.acts import off, replayed, returned, sold, voided
from tests.shop import BREAD, CARDS, H1, H2, MILK, VALID_TO, Shop, shop
from tests.store.test_migrate import empty_url

__all__ = ["empty_url", "shop"]

FIRST = "0049"
"""Before it migrations were run with every process stopped."""
_HARMLESS = re.compile(
    r"(CREATE TABLE|COMMENT ON|SELECT|SHOW|SET|INSERT INTO alembic_version)\b", re.IGNORECASE
)
_COLUMN = re.compile(r"ALTER TABLE \S+ ADD COLUMN \S+ (?P<kind>.*)", re.IGNORECASE)
_INDEX = re.compile(r"CREATE (?P<unique>UNIQUE )?INDEX \S+ ON (?P<table>\S+)", re.IGNORECASE)
_TABLE = re.compile(r"CREATE TABLE (\S+)", re.IGNORECASE)
_MADE_AT = re.compile(r"(?:SET version_num=|VALUES \()'(\d+)'")


def refused(statements: list[str]) -> list[str]:
    """The statements of one migration that an older version would not survive.

    It may write rows as it knows them, so new columns have a default or may be null; it may hold
    any old row, so nothing is renamed, dropped, narrowed or rewritten. An index is for tables that
    are made with it: on one that is there it would keep every writer waiting.
    """
    made = {found[1] for each in statements if (found := _TABLE.match(each))}
    return [
        each
        for each in statements
        if not _HARMLESS.match(each)
        and not ((index := _INDEX.match(each)) and index["table"] in made)
        and not ((column := _COLUMN.match(each)) and _is_at_once(column["kind"].upper()))
    ]


def _is_at_once(kind: str) -> bool:
    """Whether a column can be added without a row being written: no default that is computed."""
    _, has_default, default = kind.partition("DEFAULT")
    return "(" not in default and (bool(has_default) or "NOT NULL" not in kind)


@pytest.fixture
def migrations(empty_url: str) -> dict[str, list[str]]:
    """What each migration does to the database, by its number."""
    database = Database(empty_url)
    done: dict[str, list[str]] = {}
    waiting: list[str] = []

    def heard(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        said = " ".join(statement.split())
        if found := _MADE_AT.search(said):
            done[found[1]] = [*waiting]
            waiting.clear()
        else:
            waiting.append(said)

    event.listen(database._writer, "before_cursor_execute", heard)
    migrate.upgrade(database)
    database.dispose()
    return done


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.slow)],
                         indirect=True)  # fmt: skip
def test_migrations_add_and_change_nothing_that_an_older_version_uses(
    migrations: dict[str, list[str]],
) -> None:
    scripts = ScriptDirectory.from_config(migrate._config())
    later = [each for each in scripts.walk_revisions() if each.revision >= FIRST]
    assert FIRST in {each.revision for each in later} <= migrations.keys()
    # The old ones show that it is seen: 0006 rewrote the ledger.
    assert any("DROP" in each for each in refused(migrations["0006"]))
    for script in later:
        stops = getattr(script.module, "stops_older", "")
        assert stops or refused(migrations[script.revision]) == [], script.revision


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE basket DROP COLUMN terminal",
        "ALTER TABLE basket RENAME COLUMN terminal TO till",
        "ALTER TABLE basket ADD COLUMN till VARCHAR NOT NULL",
        "ALTER TABLE basket ADD COLUMN at TIMESTAMPTZ DEFAULT clock_timestamp() NOT NULL",
        "ALTER TABLE basket ALTER COLUMN number SET NOT NULL",
        "ALTER TABLE basket ADD CONSTRAINT c CHECK (number <> '')",
        "CREATE UNIQUE INDEX ux_basket ON basket (number)",
        "CREATE INDEX ix_basket ON basket (number)",
        "UPDATE basket SET terminal = '1'",
        "DROP INDEX ix_basket",
    ],
)
def test_what_would_stop_an_older_version_is_refused(statement: str) -> None:
    harmless = ["CREATE TABLE more (id BIGINT NOT NULL)", "CREATE INDEX ix_more ON more (id)",
                "ALTER TABLE basket ADD COLUMN till VARCHAR DEFAULT '' NOT NULL",
                "ALTER TABLE basket ADD COLUMN later DATE"]  # fmt: skip
    assert refused([*harmless, statement]) == [statement]


def test_this_version_serves_on_tables_that_have_more_than_it_knows(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path
) -> None:
    _, key = add_key(database, settings, role=Role.ADMIN)
    shown = [("list", shop.lists[H1])]
    # Statements are prepared on connections that stay open, as those of a running service.
    sold(database, settings, 1, presented=shown)
    assert authenticate(database, settings, key) is not None
    with database.alter() as connection:
        for table in metadata.tables:
            added = f"ALTER TABLE {table} ADD COLUMN {{}}"
            connection.exec_driver_sql(added.format("later varchar NOT NULL DEFAULT ''"))
            connection.exec_driver_sql(added.format("much_later date"))
        connection.exec_driver_sql("CREATE TABLE later (id bigint PRIMARY KEY)")
    bread = [(MILK, 1, 120), (BREAD, 1, 250)]
    assert sold(database, settings, 2, presented=shown, lines=bread)["total_discount_cents"] == 50
    assert voided(database, 1)["total_discount_cents"] == 100
    assert returned(database, settings, 3, of=2, lines=[(2, 1)])["total_refund_cents"] == 200
    taken = [off(shop.lists[H2], 1, 100)]
    late = replayed(database, settings, 4, presented=[("list", shop.lists[H2])], discounts=taken)
    assert late["status"] == "accepted"
    assert sold(database, settings, 5, presented=[("card", CARDS[H1])])["redemption_id"]
    load_households(
        database, tmp_path / "households.csv", secret_key=settings.secret_key, language="en"
    )
    assert authenticate(database, settings, key) is not None
    assert expire_lists(database, before=VALID_TO.replace(day=16)).lists == 2
    assert read_status(database).unbalanced_postings == 0
