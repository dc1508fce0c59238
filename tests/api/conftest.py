"""The real application over each database, spoken to by a client with a key of any role."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.admin.keys import add_key
from service.api.app import create_app
from service.files.apart import Apart
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.conftest import DATABASES, fresh_database, settings_of
from tests.market import STORE, open_issued

SUPPLIER = "Supplier 0"


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


@pytest.fixture
def key_for(database: Database, settings: Settings, issued: None) -> Callable[[Role], str]:
    """Makes the `Authorization` header of a new key."""
    return partial(_new_key, database, settings)


@pytest.fixture
def anonymous(
    database: Database, settings: Settings, issued: None, apart: Apart
) -> Iterator[TestClient]:
    app = create_app(database, settings, apart=apart)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def marketing(anonymous: TestClient, key_for: Callable[[Role], str]) -> TestClient:
    anonymous.headers["Authorization"] = key_for(Role.MARKETING)
    return anonymous


@pytest.fixture(scope="module", params=DATABASES)
def shared_marketing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, apart: Apart
) -> Iterator[TestClient]:
    """Marketing's client that the tests of a file share: what they ask for changes nothing."""
    folder = tmp_path_factory.mktemp("still")
    with fresh_database(request, request.param, folder) as url:
        settings = settings_of(url, folder)
        database = Database(url)
        open_issued(database, settings, folder)
        key = _new_key(database, settings, Role.MARKETING)
        with TestClient(
            create_app(database, settings, apart=apart),
            headers={"Authorization": key},
            raise_server_exceptions=False,
        ) as client:
            yield client


@pytest.fixture
def mailing(anonymous: TestClient, key_for: Callable[[Role], str]) -> TestClient:
    anonymous.headers["Authorization"] = key_for(Role.MAILING)
    return anonymous


def _new_key(database: Database, settings: Settings, role: Role) -> str:
    _, presented = add_key(
        database,
        settings,
        role=role,
        store_id=STORE if role is Role.POS else None,
        supplier=SUPPLIER if role is Role.SUPPLIER else None,
    )
    return f"Bearer {presented}"
