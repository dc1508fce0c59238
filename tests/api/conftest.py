"""The real application over each database, spoken to by a client with a key of any role."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.access import add_key
from service.api.app import create_app
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.market import STORE, open_issued

SUPPLIER = "Supplier 0"


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


@pytest.fixture
def key_for(database: Database, settings: Settings, issued: None) -> Callable[[Role], str]:
    """Makes the `Authorization` header of a new key."""

    def make(role: Role) -> str:
        _, presented = add_key(
            database,
            settings,
            role=role,
            store_id=STORE if role is Role.POS else None,
            supplier=SUPPLIER if role is Role.SUPPLIER else None,
        )
        return f"Bearer {presented}"

    return make


@pytest.fixture
def anonymous(database: Database, settings: Settings, issued: None) -> Iterator[TestClient]:
    with TestClient(create_app(database, settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def marketing(anonymous: TestClient, key_for: Callable[[Role], str]) -> TestClient:
    anonymous.headers["Authorization"] = key_for(Role.MARKETING)
    return anonymous


@pytest.fixture
def mailing(anonymous: TestClient, key_for: Callable[[Role], str]) -> TestClient:
    anonymous.headers["Authorization"] = key_for(Role.MAILING)
    return anonymous
