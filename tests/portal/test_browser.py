"""The portal in a real browser: from the log-in to a dispute and a report, and axe on its pages."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from service.admin import people
from service.files.apart import Apart
from service.portal.app import PATH
from service.store.actor import SERVICE
from tests.conftest import fresh_database
from tests.console.browsing import CHROMIUM, browser, follow, open_tab, served_on
from tests.people import PASSWORD
from tests.portal.conftest import DALE_ACCOUNT, Portal, open_portal
from tests.results.simulated import freeze

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt install chromium"
    ),
]
PAGES = ("/", "/deals", "/deals/1", "/deals/send", "/stock", "/claims", "/claims/1",
         "/claims/1/lines/1/share", "/disputes", "/payments", "/agreement", "/account",
         "/results", "/results/report?brand=1&deal=MILK-1")  # fmt: skip


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def served(
    request: pytest.FixtureRequest, tmp_path: Path, apart: Apart
) -> Iterator[tuple[Portal, str]]:
    """A portal and its address."""
    with (
        fresh_database(request, "sqlite", tmp_path) as url,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        origin = f"http://localhost:{listener.getsockname()[1]}"
        portal = open_portal(url, tmp_path, apart=apart, portal_url=origin + PATH)
        with served_on(portal.app, listener):
            yield portal, origin + PATH
        portal.database.dispose()


def test_a_supplier_s_first_jobs(
    chromium: Browser, served: tuple[Portal, str], tmp_path: Path
) -> None:
    portal, address = served
    joe = portal.person(DALE_ACCOUNT)
    link = people.invite_again(
        portal.database, portal.settings, joe.id, by=SERVICE, now=datetime.now(UTC)
    )
    context = chromium.new_context(locale="en", accept_downloads=True)
    tab = open_tab(context)
    page = tab.page
    page.goto(link.url)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    follow(page.get_by_role("button", name="Set the password and log in"))
    expect(page.get_by_role("heading", name="Dale Foods Ltd")).to_be_visible()

    follow(page.get_by_role("link", name="C2026-000001").first)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Statement of reimbursement", exact=True).click()
    saved.value.save_as(tmp_path / "statement.pdf")
    assert (tmp_path / "statement.pdf").read_bytes().startswith(b"%PDF")

    follow(page.get_by_role("link", name="Dispute line 1: Share of discounts"))
    page.get_by_label("Reason").select_option(label="Claimed twice")
    page.get_by_label("Amount").fill("0.20")
    follow(page.get_by_role("button", name="Dispute it"))
    expect(page.get_by_text("$0.20 is in dispute")).to_be_visible()

    follow(page.get_by_role("link", name="Out of stock").first)
    page.get_by_label("Product or deal").select_option(label="Dale Milk (MILK-1)")
    later = datetime.now(UTC).date() + timedelta(days=9)
    page.get_by_label("In stock again on").fill(later.isoformat())
    follow(page.get_by_role("button", name="Pause it"))
    expect(page.get_by_text("1 deal is paused.")).to_be_visible()

    freeze(portal.database, {1: 6_000})
    wrong = {}
    for path in PAGES:
        page.goto(address + path)
        found = [*tab.quiet(), *tab.check(with_frame=path == "/"), *tab.quiet()]
        if found:
            wrong[path] = found
    assert wrong == {}
    context.close()
