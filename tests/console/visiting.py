"""A house that is open to a browser: its server, who goes in, and all pages there are."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from service.admin import people, runs
from service.admin.people import PersonRole
from service.console.app import PATH
from service.cycle.product_sums import count_products
from service.results.sales import count_sales
from service.store.actor import SERVICE
from service.store.tables.person import Passkey
from tests.checkout.acts import sold
from tests.conftest import fresh_database
from tests.console import claimed
from tests.console.browsing import served_on
from tests.console.conftest import PASSWORD, House, open_house
from tests.console.first_jobs import log_in
from tests.console.hands import Mouse
from tests.console.test_rights import NEEDED, VALUES
from tests.mail import acknowledge_rows, print_batch
from tests.results.simulated import count_programme, freeze
from tests.shop import H1
from tests.till import FULL

LOOKERS = (PersonRole.APPROVER, PersonRole.ADMIN)
"""Who looks at every page."""


@contextmanager
def serve_house(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[House, str]]:
    """A house with a redemption and a batch, served for as long as this."""
    with fresh_database(request, "sqlite", folder) as url, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://localhost:{listener.getsockname()[1]}{PATH}"
        house = open_house(url, folder, console_url=address, max_upload_bytes=50_000)
        house.console.add_api_route("/broken", _break)
        sold(house.database, house.settings, 1,
             presented=[("list", house.shop.lists[H1])], lines=FULL)  # fmt: skip
        count_products(house.database, house.settings, today=date(2026, 3, 16))
        print_batch(house.database, house.settings)
        with served_on(house.app, listener):
            yield house, address
        house.database.dispose()


def _break() -> None:
    raise ZeroDivisionError


def link_for(house: House, *roles: PersonRole) -> str:
    """The link of an invitation for somebody with these roles, as it is typed."""
    made = people.invite_again(
        house.database, house.settings, house.person(*roles).id, by=SERVICE, now=datetime.now(UTC)
    )
    return made.url


def make_known(house: House, *roles: PersonRole) -> str:
    """See that somebody with these roles has their password; their e-mail address."""
    person = house.person(*roles)
    known = {each.person.id for each in people.list_people(house.database) if each.has_password}
    if person.id not in known:
        token = link_for(house, *roles).rpartition("/")[2]
        people.accept(house.database, house.settings, token, PASSWORD, now=datetime.now(UTC))
    return person.email


def enter(page: Page, house: House, *roles: PersonRole) -> None:
    """Log in as somebody with these roles."""
    log_in(Mouse(page), house.settings.console_url, make_known(house, *roles))


def pages_of(house: House, folder: Path) -> list[str]:
    """The addresses of every page that can be opened by its address, of things that are there."""
    admin = house.person(*LOOKERS)
    with house.database.write() as session:
        session.add(
            Passkey(person_id=admin.id, credential_id="none", public_key="", sign_count=0,
                    name="Desk", made_at=datetime.now(UTC))
        )  # fmt: skip
    run = runs.request_reprint(house.database, batch_id=1)
    acknowledge_rows(house.database, house.settings, folder, "none,mailed,,soon")
    count_sales(house.database)
    count_programme(house.database)
    freeze(house.database, {1: 3_000}, windows=1)
    with house.database.write() as session:
        session.connection().exec_driver_sql("UPDATE offer SET control_share = 10 WHERE id = 1")
    values = {
        **VALUES, "{run}": run.id, "{person}": str(admin.id), **claimed.claim(house, folder),
    }  # fmt: skip
    claimed.ask(house)
    client = house.member(*LOOKERS)
    found = []
    for method, path in NEEDED:
        # A file of deals is looked at while it is sent; that picture is a form's. Plans that can be
        # proved and compared are those of `test_browser_plans`. A household is erased once opened.
        elsewhere = ("{upload}", "/form/picture", "/lift/document", "/proof", "/cycles/compare",
                     "/erase")  # fmt: skip
        if method != "GET" or any(part in path for part in elsewhere):
            continue
        filled = path
        for name, value in values.items():
            filled = filled.replace(name, value)
        if path == "/desk/receipt":
            filled += "?store=0042&terminal=1&number=1&day=2026-03-05"
        if path.startswith("/reports"):
            filled += "?first=2026-01-01&last=2026-12-31"
        answer = client.get(PATH + filled, headers={"Accept": "text/html"})
        is_page = answer.headers["content-type"].startswith("text/html")
        assert answer.status_code == 200 or not is_page, path
        if is_page:
            found.append(filled.removeprefix("/"))
    return found
