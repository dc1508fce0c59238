"""The first job of marketing on a cycle, by mouse: plan, prove, pin, plan again, issue."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.admin.people import PersonRole
from service.console.app import PATH
from service.jobs.worker import drain
from service.store.session import Database
from tests.conftest import fresh_database, settings_of
from tests.console.browsing import CHROMIUM, Tab, browser, follow, open_tab, served_on
from tests.console.conftest import House, house_over
from tests.console.visiting import enter
from tests.market import AS_OF, open_market, query
from tests.shop import Shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt install chromium"
    ),
]


@pytest.fixture
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A market without a cycle, with its console at the address of its settings."""
    with fresh_database(request, "sqlite", tmp_path) as url, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://localhost:{listener.getsockname()[1]}{PATH}"
        settings = settings_of(url, tmp_path).model_copy(update={"console_url": address})
        database = Database(url)
        open_market(database, settings, tmp_path)
        house = house_over(database, settings, Shop({}, 0, 0, 0))
        with served_on(house.app, listener):
            yield house
        database.dispose()


def clean(tab: Tab) -> None:
    """Nothing is wrong with the page: no rule of axe, no complaint, nothing moved."""
    assert [*tab.quiet(), *tab.check(), *tab.quiet()] == []
    tab.page.set_viewport_size({"width": 1280, "height": 800})


def planned(page: Page, house: House, button: str) -> None:
    follow(page.get_by_role("button", name=button, exact=True))
    expect(page.get_by_text("Waits", exact=True)).to_be_visible()
    drain(house.database, house.settings)
    expect(page.get_by_role("heading", name="as it would be now")).to_be_visible()
    # What a plan came to takes the place of its progress; from here on nothing moves.
    page.reload()


def test_a_cycle_is_planned_proved_pinned_and_issued_by_mouse(market: House) -> None:
    house = market
    with browser() as chromium:
        context = chromium.new_context(locale="en", viewport={"width": 1280, "height": 800})
        tab = open_tab(context)
        page = tab.page
        enter(page, house, PersonRole.MARKETING)
        follow(page.get_by_role("link", name="Cycles"))
        follow(page.get_by_role("link", name="Plan a cycle"))
        page.get_by_label("Day").fill(AS_OF.isoformat())
        planned(page, house, "Plan")
        clean(tab)
        follow(page.get_by_role("link", name="See ten lists"))
        expect(page.locator(".sheets")).to_have_count(10)
        first = page.locator("section", has=page.get_by_role("heading", name="Worth most"))
        expect(first.get_by_role("img").first).to_have_js_property("naturalWidth", 910)
        first.get_by_text("Pin or ban a deal").click()
        clean(tab)
        household = first.get_by_role("heading").inner_text().split()[1]
        listed = first.get_by_label("Deal", exact=True)
        banned = listed.locator("option").nth(1).get_attribute("value")
        assert banned is not None
        listed.select_option(banned)
        first.get_by_label("Why").fill("The supplier asked.")
        follow(first.get_by_role("button", name="Save"))
        expect(page.get_by_text("holds from the next list on")).to_be_visible()
        planned(page, house, "Plan again")
        follow(page.get_by_role("link", name="All pins and bans"))
        expect(page.get_by_role("cell", name=f"Household {household}")).to_be_visible()
        clean(tab)
        page.go_back()
        follow(page.get_by_role("button", name="Compare"))
        expect(page.get_by_role("heading", name="Two plans of")).to_be_visible()
        clean(tab)
        page.go_back()
        follow(page.get_by_role("button", name="Issue this plan"))
        expect(page.get_by_text("Households", exact=True)).to_be_visible()
        follow(page.get_by_role("button", name="Issue lists"))
        expect(page.get_by_text("Waits", exact=True)).to_be_visible()
        drain(house.database, house.settings)
        expect(page.get_by_text("29 lists were issued")).to_be_visible()
        assert tab.quiet() == []
        context.close()
    holders = query(
        house.database,
        f"""SELECT h.ref FROM list_line l JOIN shopping_list s ON s.id = l.list_id
            JOIN household h ON h.id = s.household_id WHERE l.offer_id = {banned}""",
    )
    assert holders
    assert (household,) not in holders
