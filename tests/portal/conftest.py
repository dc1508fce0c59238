"""The portal over a small shop with issued claims, and browsers of its suppliers' people."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.admin import people
from service.admin.people import NewPerson, Person
from service.admin.people.sessions import open_session
from service.clearing.documents import make_documents
from service.files.apart import Apart
from service.pages.cookies import SESSION
from service.portal.app import PATH, create_portal
from service.portal.site import PORTAL
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.people import by_email
from service.store.session import Database
from service.store.tables.person import LogInMethod
from tests.clearing.issued_claims import DALE, LATER, OVEN, billing, issue_claims
from tests.conftest import fresh_database, settings_of
from tests.console.conftest import ORIGIN, OWN

DALE_ACCOUNT, OVEN_ACCOUNT = "K-1", "K-2"


@dataclass(frozen=True)
class Portal:
    """A shop with its portal."""

    database: Database
    settings: Settings
    app: FastAPI

    def guest(self) -> TestClient:
        """A browser of somebody who is not logged in."""
        return TestClient(self.app, base_url=ORIGIN, follow_redirects=False, headers=OWN)

    def person(self, account: str, language: str = "en") -> Person:
        """Somebody of an account, the same one each time."""
        email = f"{account}-{language}@supplier.example".lower()
        with self.database.read() as session:
            row = by_email(session, email)
        if row is not None:
            return Person.of(row)
        new = NewPerson(f"Joe {account}", email, (), language, account=account)
        return people.invite(
            self.database, self.settings, new, by=SERVICE, now=datetime.now(UTC)
        ).person

    def member(self, account: str, language: str = "en") -> TestClient:
        """A browser of somebody of an account, logged in."""
        client = self.guest()
        token = session_of(self, self.person(account, language))
        name = f"__Host-{PORTAL.cookies}-{SESSION}"
        client.cookies.set(name, token, domain="localhost.local", path="/")
        return client


def session_of(portal: Portal, person: Person) -> str:
    """A session of a person."""
    with portal.database.write() as session:
        row = by_email(session, person.email)
        assert row is not None
        return open_session(
            session, portal.settings, row, method=LogInMethod.PASSWORD, address="", agent="",
            now=datetime.now(UTC),
        ).token  # fmt: skip


def send(client: TestClient, path: str, *, shown_at: str = "/account", **sent: Any) -> Any:
    """Send a form that stands on the page `shown_at`."""
    page = client.get(PATH + shown_at)
    assert page.status_code == 200, page.text
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    files = sent.pop("files", None)
    return client.post(PATH + path, data={"csrf": found[1], **sent}, files=files)


def open_portal(url: str, folder: Path, *, apart: Apart | None = None, **changed: Any) -> Portal:
    """Two claims of Dale Foods with documents, one of Oven Works, and their portal.

    `changed` are settings.
    """
    settings = billing(settings_of(url, folder)).model_copy(update=changed)
    database = Database(url)
    issue_claims(database, settings, folder, credit_limit="50.00", dispute_days=360)
    for number in (DALE, OVEN):
        make_documents(database, settings, number, now=LATER)
    app = FastAPI()
    app.mount(PATH, create_portal(database, settings, apart=apart))
    return Portal(database, settings, app)


@pytest.fixture
def portal(request: pytest.FixtureRequest, tmp_path: Path, apart: Apart) -> Iterator[Portal]:
    """A portal of this test."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        made = open_portal(url, tmp_path, apart=apart)
        yield made
        made.database.dispose()
