"""A real browser over a served console: what it complains of, and what axe finds on a page."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from starlette.types import ASGIApp

from service.admin import people
from service.admin.people import PersonRole
from service.store.actor import SERVICE
from tests.console.conftest import PASSWORD, House

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's browser; .ci/run installs it."""

AXE = (Path(__file__).with_name("axe") / "axe.min.js").read_text(encoding="utf-8")
WIDTHS = (320, 768, 1280)
SCHEMES = ("light", "dark")

_WATCH = """
window.refused = []; window.shift = 0;
document.addEventListener("securitypolicyviolation",
  (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shift += entry.value;
})).observe({ type: "layout-shift", buffered: true });
"""
_RUN_AXE = """async ([part, only]) => (await axe.run(document.querySelector(part),
    { resultTypes: ["violations"], ...(only ? { runOnly: only } : {}) })).violations
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.target).join(", ")}`)"""
_PAINTED = ["color-contrast", "link-in-text-block"]
"""What the colours decide; all else is the same in light and in dark (`test_dark_is_colours`)."""


@contextmanager
def served_on(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """An application on a socket that listens, for as long as this."""
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield started
        started.close()


@dataclass
class Tab:
    """A page of a browser and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def check(
        self,
        *,
        with_frame: bool = False,
        widths: Sequence[int] = WIDTHS,
        schemes: Sequence[str] = SCHEMES,
    ) -> list[str]:
        """What is wrong with the page as it is, at every width, light and dark.

        The frame around its content is the same on every page: it is looked at once, at the first
        width, or `with_frame` at each.
        """
        found: list[str] = []
        # What a click asked for may still be on its way into the page.
        self.page.locator(".htmx-request").first.wait_for(state="detached")
        self.page.locator("main").first.wait_for(state="attached")
        self.page.evaluate(AXE)
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in widths:
                self.page.set_viewport_size({"width": width, "height": 800})
                only = None if scheme == schemes[0] else _PAINTED
                is_first = (scheme, width) == (schemes[0], widths[0])
                part = "html" if with_frame or is_first else "main"
                wrong = self.page.evaluate(_RUN_AXE, [part, only])
                found += [f"{width} {scheme} {each}" for each in wrong]
                if self.page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{width}: wider than the window")
        return found

    def quiet(self) -> list[str]:
        """What the browser complained of since the last time: scripts, policy, moving content."""
        found = [*self.complaints, *self.page.evaluate("window.refused ?? []")]
        self.complaints.clear()
        shift = self.page.evaluate("window.shift ?? 0")
        return [*found, f"content moved by {shift}"] if shift > 0 else found


def open_tab(context: BrowserContext) -> Tab:
    """A page that notes what the browser complains of."""
    page = context.new_page()
    tab = Tab(page)
    page.add_init_script(_WATCH)

    def note(message: Any) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            tab.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab


def link_for(house: House, *roles: PersonRole) -> str:
    """The link of an invitation for somebody with these roles, as it is typed."""
    person = house.person(*roles)
    made = people.invite_again(
        house.database, house.settings, person.id, by=SERVICE, now=datetime.now(UTC)
    )
    return made.url


def enter(page: Page, house: House, *roles: PersonRole) -> None:
    """Log in as somebody with these roles, from the link of the invitation on."""
    page.goto(link_for(house, *roles))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password and log in").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
