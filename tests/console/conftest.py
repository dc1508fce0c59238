"""The console over a small shop, and a browser of anybody: a client that keeps cookies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from service.admin import people
from service.admin.people import NewPerson, Person, PersonRole
from service.admin.people.sessions import open_session
from service.admin.runs import EXPIRY
from service.console.app import PATH, create_console
from service.console.site import CONSOLE
from service.deals import load_body
from service.files.apart import Apart
from service.pages.cookies import SESSION
from service.settings import Settings
from service.store import cycles, runs
from service.store.actor import SERVICE, Actor
from service.store.people import by_email
from service.store.session import Database
from service.store.tables.cycle import Run, RunState
from service.store.tables.person import LogInMethod
from tests.conftest import fresh_database, settings_of
from tests.shop import DEALS, Shop, open_shop

ORIGIN = "https://localhost"
OWN = {"Sec-Fetch-Site": "same-origin"}
RUN = "0" * 32
"""A run of the house: lists were closed."""
PASSWORD = "orchard lantern seven maple"


@dataclass(frozen=True)
class House:
    """A shop with its console."""

    database: Database
    settings: Settings
    shop: Shop
    app: FastAPI
    console: FastAPI

    def guest(self, origin: str = ORIGIN) -> TestClient:
        """A browser of somebody who is not logged in."""
        return TestClient(self.app, base_url=origin, follow_redirects=False, headers=OWN)

    def person(self, *roles: PersonRole) -> Person:
        """Somebody with these roles, the same one each time."""
        email = f"{'-'.join(roles)}@shop.example"
        with self.database.read() as session:
            row = by_email(session, email)
        if row is not None:
            return Person.of(row)
        new = NewPerson(" ".join(roles).title(), email, roles)
        return people.invite(
            self.database, self.settings, new, by=SERVICE, now=datetime.now(UTC)
        ).person

    def member(self, *roles: PersonRole) -> TestClient:
        """A browser of somebody with these roles, logged in."""
        person = self.person(*roles)
        with self.database.write() as session:
            row = by_email(session, person.email)
            assert row is not None
            entered = open_session(
                session, self.settings, row, method=LogInMethod.PASSWORD, address="", agent="",
                now=datetime.now(UTC),
            )  # fmt: skip
        client = self.guest()
        name = f"__Host-{CONSOLE.cookies}-{SESSION}"
        client.cookies.set(name, entered.token, domain="localhost.local", path="/")
        return client


def token(page: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def send(client: TestClient, path: str, shown_at: str = "/account", **fields: Any) -> Any:
    """Send a form that stands on the page `shown_at`."""
    page = client.get(PATH + shown_at)
    assert page.status_code == 200, page.text
    return client.post(PATH + path, data={"csrf": token(page.text), **fields})


def open_house(url: str, folder: Path, *, apart: Apart | None = None, **changed: Any) -> House:
    """A shop with deals in several states, and its console; `changed` are settings."""
    named = {"legal_address": "4 Market Street; 40202; Louisville; KY", "country": "US"}
    settings = settings_of(url, folder).model_copy(update={**named, **changed})
    database = Database(url)
    shop = open_shop(database, settings, folder)
    # Once more under other names: they wait for somebody who checks them.
    waiting = DEALS.replace("-1,", "-2,").encode()
    load_body(database, "more.csv", waiting, uploaded_by=Actor("tests"), with_approval=True)
    with database.write() as session:
        _say_what_it_came_to(session)
        closed = {"lists": 0, "released_cents": 0, "before": "2026-03-01", "deals_moved": 0}
        at = datetime(2026, 3, 1, tzinfo=UTC)
        runs.add(
            session,
            Run(
                id=RUN, kind=EXPIRY, state=RunState.DONE, created_at=at, finished_at=at,
                arguments={"before": "2026-03-01"}, result=closed,
            ),
        )  # fmt: skip
    return house_over(database, settings, shop, apart=apart)


def _say_what_it_came_to(session: Session) -> None:
    """What a cycle says of its lists' worth, which the shop's, issued directly, lacks."""
    cycle = cycles.get(session, 1)
    assert cycle is not None
    tenth = {"households": 1, "floor_cents": 100, "ceiling_cents": 900, "below_floor": 0}
    worth = [{**tenth, "worth_decile": 1 + place, "mean_face_value_cents": 350 + place}
             for place in range(2)]  # fmt: skip
    cycle.summary = {**cycle.summary, "worth": worth}
    session.add(cycle)


def house_over(
    database: Database, settings: Settings, shop: Shop, *, apart: Apart | None = None
) -> House:
    """The console over a database that is filled already."""
    app = FastAPI()
    console = create_console(database, settings, apart=apart)
    app.mount(PATH, console)
    return House(database, settings, shop, app, console)


@pytest.fixture(scope="module")
def shared_house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, apart: Apart
) -> Iterator[House]:
    """A house that the tests of a file share: what they do to it they undo, or it is the last."""
    folder = tmp_path_factory.mktemp("house")
    with fresh_database(request, "sqlite", folder) as url:
        house = open_house(url, folder, apart=apart)
        yield house
        house.database.dispose()


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path, apart: Apart) -> Iterator[House]:
    """A house of this test."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        opened = open_house(url, tmp_path, apart=apart)
        yield opened
        opened.database.dispose()
