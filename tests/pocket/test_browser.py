"""The list on two phones in a real browser: 360 pixels wide, with and without a net."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx2 as httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from service.admin.keys import add_key
from service.engine.records import ListDocument
from service.files.apart import Apart
from service.jobs.worker import drain
from service.store.session import Database
from service.store.tables.access import Role
from tests.conftest import fresh_database, settings_of
from tests.console.browsing import CHROMIUM, Tab, browser, open_tab, served_on
from tests.market import AS_OF, cycle, gtin, price, query, store_model
from tests.pocket.conftest import CARDS, CODES, House, open_house, with_settings
from tests.served import eventually
from tests.till import body

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt install chromium"
    ),
]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def served(
    request: pytest.FixtureRequest, tmp_path: Path, apart: Apart
) -> Iterator[tuple[House, str]]:
    """A service with lists, and its address."""
    with (
        fresh_database(request, "sqlite", tmp_path) as url,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        settings = settings_of(url, tmp_path)
        database = Database(url)
        house = with_settings(
            open_house(database, settings, tmp_path, apart),
            email_channel="file", messages_folder=tmp_path / "messages",
        )  # fmt: skip
        with served_on(Weak(house.app), listener):
            yield house, f"http://localhost:{listener.getsockname()[1]}"
        database.dispose()


@dataclass
class Weak:
    """An application whose net is there and brings nothing while it is `stuck`."""

    app: ASGIApp
    stuck: ClassVar[threading.Event] = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while self.stuck.is_set():
            await asyncio.sleep(0.1)
        await self.app(scope, receive, send)


@contextmanager
def phones() -> Iterator[Callable[[], BrowserContext]]:
    """Makes phones, each with cookies and a cache of its own."""
    with browser() as chromium:
        yield lambda: chromium.new_context(locale="en", viewport=PHONE, has_touch=True)


def ticked(page: Page) -> list[str]:
    return page.locator("#list li.ticked").evaluate_all("rows => rows.map(row => row.id)")


def tap(page: Page, line: int) -> None:
    page.locator(f"[data-line='{line}']").tap()


def item_named(page: Page, heading: str) -> str:
    return page.locator("section", has=page.get_by_role("heading", name=heading)).inner_text()


def test_from_the_letter_to_the_next_one(served: tuple[House, str]) -> None:
    house, origin = served
    with phones() as phone:
        here, there = phone(), phone()
        wrong: dict[str, list[str]] = {}

        def look(tab: Tab, name: str) -> None:
            found = [*tab.quiet(), *tab.check(widths=(320,), has_dark=False), *tab.quiet()]
            tab.page.set_viewport_size(PHONE)
            if found:
                wrong[name] = found

        # The code on the letter opens the list; ticks agree, also those made without a net.
        first = open_tab(here)
        page = first.page
        page.goto(f"{origin}/l/{CODES['M03']}")
        expect(page.get_by_role("heading", name="Your list", exact=True)).to_be_visible()
        eventually(lambda: page.evaluate("caches.match('/pocket/').then(Boolean)"))
        tap(page, 1)
        look(first, "the letter")
        here.set_offline(True)
        tap(page, 2)
        page.reload()
        expect(page.locator("#list li.ticked")).to_have_count(2)
        tap(page, 1)
        assert ticked(page) == ["line-2"]
        second = open_tab(there)
        second.page.goto(f"{origin}/l/{CODES['M03']}")
        assert ticked(second.page) == ["line-1"]
        tap(second.page, 3)
        here.set_offline(False)
        expect(second.page.locator("#line-2.ticked")).to_be_visible(timeout=20_000)
        for each in (page, second.page):
            expect(each.locator("#line-3.ticked")).to_be_visible(timeout=20_000)
            assert ticked(each) == ["line-2", "line-3"]
        there.close()
        # Where a net is there and brings nothing, the page shows what the phone knows.
        Weak.stuck.set()
        page.reload()
        expect(page.locator("#line-2.ticked")).to_be_visible()
        assert ticked(page) == ["line-2", "line-3"]
        Weak.stuck.clear()
        # That there was no net, the browser said; nothing else.
        assert {each for each in first.complaints if "INTERNET_DISCONNECTED" not in each} == set()
        first.complaints.clear()

        # A card shows more; a sale at a till changes the next list on the page by itself.
        page.get_by_label("Loyalty card or telephone number").fill(CARDS["M03"])
        page.get_by_role("button", name="Show", exact=True).tap()
        expect(page.get_by_text("It is written after your next shopping.")).to_be_visible()
        _, key = add_key(house.database, house.settings, role=Role.ADMIN)
        bought = [(gtin(n), 2, 2 * price(n)) for n in range(12)]
        sent = body(1, presented=[("card", CARDS["M03"])], lines=bought, day="2026-03-05")
        answer = httpx.post(
            f"{origin}/v1/redemptions", json=sent, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code in (200, 201)
        drain(house.database, house.settings)
        expect(page.get_by_text(re.compile("offers? would be on it"))).to_be_visible(timeout=20_000)
        expect(page.get_by_text("Saved so far")).to_be_visible()
        look(first, "the household")

        # What it never wants is gone from the page, the next list, and the next cycle's letter.
        item = house.document("M03").reminders[0].item
        line = page.locator("#list li.item").filter(has_text=item).first
        line.get_by_role("link", name="More").tap()
        line.get_by_label("Note").fill("the blue one")
        line.get_by_role("button", name="Keep the note").tap()
        expect(line.locator(".note")).to_have_text("the blue one")
        line.get_by_role("button", name="Never again").tap()
        expect(page.get_by_text("Noted. Your next list follows in a moment.")).to_be_visible()
        expect(page.locator("#list .name", has_text=re.compile(f"^{item}$"))).to_have_count(0)
        drain(house.database, house.settings)
        page.reload()
        assert f"\n{item} " not in item_named(page, "Your next list")

        # A phone that forgot the household asks for a card, and offers a code.
        page.get_by_role("button", name="Forget this phone").tap()
        expect(page.get_by_role("heading", name="No letter at hand?")).to_be_visible()
        assert page.evaluate("Object.keys(localStorage)") == []
        look(first, "nobody")
        page.get_by_label("Loyalty card or telephone number").fill(CARDS["M03"])
        page.get_by_role("button", name="Send me a code").tap()
        expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
        look(first, "the code")
        assert wrong == {}
    reminded = reminded_in_the_next_cycle(house, item)
    assert reminded
    assert "M03" not in reminded


def reminded_in_the_next_cycle(house: House, item: str) -> set[str]:
    """The households whose next letter has an item; M03 gets one."""
    later = AS_OF + timedelta(days=14)
    with house.database.write() as session:
        session.connection().exec_driver_sql("UPDATE shopping_list SET valid_to = '2026-03-15'")
    store_model(house.database, house.settings, later)
    cycle(house.database, house.settings, as_of=later)
    rows = query(
        house.database,
        """SELECT h.ref, s.document FROM shopping_list s JOIN household h ON h.id = s.household_id
           WHERE s.state = 'issued' ORDER BY s.id""",
    )
    newest = {str(ref): ListDocument.from_json(str(text)) for ref, text in rows}
    assert "M03" in newest
    return {ref for ref, each in newest.items() if item in [row.item for row in each.reminders]}
