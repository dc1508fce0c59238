"""A real browser over a served console: what it complains of, and what axe finds on a page."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from starlette.types import ASGIApp

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's browser; .ci/run installs it."""

AXE = (Path(__file__).with_name("axe") / "axe.min.js").read_text(encoding="utf-8")
PATIENCE_MS = 120_000
"""How long a page may take; on a machine that has much else to do, a long time."""
expect.set_options(timeout=PATIENCE_MS)

WIDTHS = (320, 768, 1280)

# What moves after somebody did something is an answer to it, however late the machine gives it.
_WATCH = """
window.refused = []; window.shift = 0; window.touched = -Infinity;
["pointerdown", "keydown", "input", "change", "resize"].forEach((kind) =>
  addEventListener(kind, () => { window.touched = performance.now(); }, true));
document.addEventListener("securitypolicyviolation",
  (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  const isAnswer = entry.hadRecentInput || entry.startTime < window.touched + 10_000;
  if (!isAnswer) window.shift += entry.value;
})).observe({ type: "layout-shift", buffered: true });
"""
_RUN_AXE = """async ([part, only]) => (await axe.run(document.querySelector(part),
    { resultTypes: ["violations"], ...(only ? { runOnly: only } : {}) })).violations
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.target).join(", ")}`)"""
_LAID_OUT = ["scrollable-region-focusable", "meta-viewport"]
"""What the width decides; all else is the same at each (`test_a_width_is_layout`)."""
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
        self, *, with_frame: bool = False, widths: Sequence[int] = WIDTHS, has_dark: bool = True
    ) -> list[str]:
        """What is wrong with the page as it is: all at the first width, then what can differ.

        The frame around its content is the same on every page: its layout is looked at
        `with_frame`, where it is laid out otherwise at another width.
        """
        found: list[str] = []

        def look(width: int, scheme: str, part: str, only: list[str] | None) -> None:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size({"width": width, "height": 800})
            wrong = self.page.evaluate(_RUN_AXE, [part, only])
            found.extend(f"{width} {scheme} {each}" for each in wrong)
            if self.page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{width}: wider than the window")

        # What a script asked for may still be on its way into the page.
        self.page.locator(".htmx-request").first.wait_for(state="detached")
        self.page.locator("main").first.wait_for(state="attached")
        self.page.evaluate(AXE)
        look(widths[0], "light", "html", None)
        for width in widths[1:]:
            look(
                width, "light", "html" if with_frame else "main", None if with_frame else _LAID_OUT
            )
        if has_dark:
            look(widths[-1], "dark", "html" if with_frame else "main", _PAINTED)
        return found

    def quiet(self) -> list[str]:
        """What the browser complained of since the last time: scripts, policy, moving content."""
        found = [*self.complaints, *self.page.evaluate("window.refused ?? []")]
        self.complaints.clear()
        shift = self.page.evaluate("window.shift ?? 0")
        return [*found, f"content moved by {shift}"] if shift > 0 else found


def open_tab(context: BrowserContext) -> Tab:
    """A page that notes what the browser complains of."""
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    tab = Tab(page)
    page.add_init_script(_WATCH)

    def note(message: Any) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            tab.complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab


def follow(target: Locator) -> None:
    """Press a link or a button, and be on the page that it leads to, whose scripts have run."""
    with target.page.expect_navigation():
        target.click()
