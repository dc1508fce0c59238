"""The same files give the same lists on both databases, however often and in what parts they came.

The holdout and the control shares are drawn by the numbers of households and offers, so these must
not depend on the database.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store.session import Database
from tests.conftest import CODE, SECRET
from tests.market import AS_OF, cycle, documents, load_market, query

pytestmark = pytest.mark.slow

ARMS = """SELECT h.ref, a.arm FROM cycle_household a JOIN household h ON h.id = a.household_id
          ORDER BY h.ref"""


@pytest.fixture
def urls(
    tmp_path: Path, migrated: Path, postgresql: str, postgresql_template: str
) -> Iterator[tuple[str, str]]:
    """A fresh database at the newest tables of each kind."""
    shutil.copy(migrated, tmp_path / "larder.db")
    server = make_url(postgresql)
    name = "larder_beside_sqlite"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgresql_template}".encode())
        address = server.set(drivername="postgresql+psycopg", database=name)
        yield f"sqlite:///{tmp_path}/larder.db", address.render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def made(url: str, folder: Path) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The lists and arms of a cycle after loading some files in parts, and again."""
    folder.mkdir()
    settings = Settings(
        _env_file=None,
        database_url=url,
        secret_key=SECRET,
        code_key=CODE,
        runs_folder=folder / "runs",
        holdout_percent=20,
    )
    database = Database(url)
    first = "household_id\nM09\nM30\nM02\n"
    (folder / "first.csv").write_text(first, encoding="utf-8")
    for _ in range(2):
        load_households(
            database, folder / "first.csv", secret_key=settings.secret_key, language="en"
        )
    load_market(database, settings, folder)
    load_products(database, folder / "products.csv")
    cycle(database, settings, AS_OF)
    found = documents(database), query(database, ARMS)
    database.dispose()
    return found


def test_the_same_lists_and_arms(urls: tuple[str, str], tmp_path: Path) -> None:
    embedded, served = (made(url, tmp_path / name) for url, name in zip(urls, "ab", strict=True))
    lists, arms = served
    assert embedded == served
    assert len({ref for ref, *_ in lists}) > 20
    assert {arm for _, arm in arms} == {"holdout", "exposed"}
