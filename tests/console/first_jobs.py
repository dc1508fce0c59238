"""What each role does first, from the log-in to done, whichever hand does it."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, expect

from service.admin.people import PersonRole
from tests.console.browsing import PATIENCE_MS
from tests.console.conftest import PASSWORD
from tests.console.hands import Hand
from tests.shop import DEALS

TITLES = ("Dale Milk", "Oven Bread", "House Soap")
"""Of the deals that wait for approval: each turn approves another."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One time that a job is done: which it is, a folder for files, and a list that is open."""

    number: int
    folder: Path
    code: str


def log_in(hand: Hand, address: str, email: str) -> None:
    """From the log-in page to Today."""
    page = hand.page
    page.goto(f"{address}/log-in")
    hand.fill(page.get_by_label("E-mail address"), email)
    hand.fill(page.get_by_label("Password"), PASSWORD)
    hand.follow(page.get_by_role("button", name="Log in", exact=True))
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def _go_to(hand: Hand, place: str) -> None:
    places = hand.page.get_by_role("navigation", name="Places")
    hand.follow(places.get_by_role("link", name=place, exact=True))
    expect(hand.page.locator("nav.places [aria-current=page]")).to_have_text(place)


def _upload_deals(hand: Hand, turn: Turn) -> None:
    page = hand.page
    file = turn.folder / f"spring{turn.number}.csv"
    file.write_text(DEALS.replace("-1,", f"-U{turn.number},"), encoding="utf-8")
    _go_to(hand, "Deals")
    hand.follow(page.get_by_role("link", name="Upload a file"))
    field = page.get_by_label("Drop a file here")
    if hand.has_scripts:
        # It is sent as soon as it is chosen.
        with page.expect_navigation():
            hand.send(field, file)
    else:
        hand.send(field, file)
        hand.follow(page.get_by_role("button", name="See what it means"))
    load = page.get_by_role("button", name="Load 3 deals")
    _wait(hand, load)
    hand.follow(load)
    _wait(hand, page.get_by_text("Loaded: 3 new, 0 revised, 0 unchanged."))


def _wait(hand: Hand, target: Locator) -> None:
    """Wait for what takes the service a moment; without JavaScript the page is loaded again."""
    page = hand.page
    again = page.get_by_role("link", name="Look again")
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while again.is_visible() and time.monotonic() < give_up:
        page.wait_for_timeout(100)
        page.reload()
    expect(target).to_be_visible()


def _approve_a_deal(hand: Hand, turn: Turn) -> None:
    page, title = hand.page, TITLES[turn.number]
    hand.follow(page.get_by_role("link", name="Approve", exact=True))
    hand.press(page.get_by_label(f"Choose {title}"))
    hand.follow(page.get_by_role("button", name="Approve", exact=True))
    expect(page.get_by_role("heading", name=f"Approve: {title}?")).to_be_visible()
    hand.follow(page.get_by_role("button", name="Approve", exact=True))
    expect(page.get_by_text("1 deal: approved.")).to_be_visible()


def _draw_and_issue(hand: Hand, _turn: Turn) -> None:
    page = hand.page
    _go_to(hand, "Clearing")
    hand.follow(page.get_by_role("link", name="Draw claims"))
    hand.follow(page.get_by_role("button", name="See what would be drawn"))
    hand.follow(page.get_by_role("button", name="Draw 2 drafts"))
    issue = page.locator("#works").get_by_role("link", name="Issue drafts")
    _wait(hand, issue)
    hand.follow(issue)
    hand.follow(page.get_by_role("button", name="Issue those chosen"))
    expect(page.get_by_role("heading", name="Issue 2 claims?")).to_be_visible()
    hand.follow(page.get_by_role("button", name="Issue", exact=True))
    expect(page.get_by_text("2 claims are issued.")).to_be_visible()


def _take_a_package(hand: Hand, _turn: Turn) -> None:
    page = hand.page
    _go_to(hand, "Batches")
    hand.follow(page.locator("#listing").get_by_role("link", name="larder_lists"))
    with page.expect_download():
        hand.press(page.get_by_role("link", name=re.compile(r"\.pdf$")))
    hand.follow(page.get_by_role("link", name="Confirm that all is here"))
    expect(page.get_by_role("heading", name="Is all of")).to_be_visible()
    hand.follow(page.get_by_role("button", name="Confirm that all is here"))
    expect(page.get_by_text("The package is confirmed as received.")).to_be_visible()


def _give_goodwill(hand: Hand, turn: Turn) -> None:
    page = hand.page
    _go_to(hand, "Service desk")
    hand.fill(page.get_by_label("Code"), turn.code)
    hand.follow(page.get_by_role("button", name="Show its lines").last)
    hand.fill(page.get_by_label("Amount"), "1.00")
    hand.choose(page.get_by_label("Why"), "The product was sold out")
    hand.follow(page.get_by_role("button", name="Give", exact=True))
    expect(page.get_by_role("button", name="Take back $1.00")).to_be_visible()


def _ask_again(hand: Hand, _turn: Turn) -> None:
    page = hand.page
    hand.follow(page.get_by_role("link", name="See runs"))
    hand.follow(page.locator("#listing").get_by_role("link", name="Print spoiled").last)
    hand.follow(page.get_by_role("button", name="Ask for it again"))
    expect(page.get_by_text("It is requested again.")).to_be_visible()


def _invite_somebody(hand: Hand, turn: Turn) -> None:
    page = hand.page
    _go_to(hand, "People")
    hand.fill(page.get_by_label("Name"), "Mia")
    hand.fill(page.get_by_label("E-mail address"), f"mia{turn.number}@shop.example")
    hand.press(page.get_by_label("Mailing"))
    hand.follow(page.get_by_role("button", name="Invite"))
    expect(page.locator("code")).to_contain_text("/console/invitations/")


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as the document names it."""

    name: str
    do: Callable[[Hand, Turn], None]


JOBS: Mapping[PersonRole, Job] = {
    PersonRole.MARKETING: Job("upload a file of deals, see what it means, load it", _upload_deals),
    PersonRole.APPROVER: Job("approve a deal that waits", _approve_a_deal),
    PersonRole.FINANCE: Job("draw claims up to a day and issue them", _draw_and_issue),
    PersonRole.MAILING: Job("fetch a package and confirm that all is here", _take_a_package),
    PersonRole.SERVICE: Job("look a list up and give goodwill for it", _give_goodwill),
    PersonRole.OPERATIONS: Job("see why a run failed and ask for it again", _ask_again),
    PersonRole.ADMIN: Job("invite somebody", _invite_somebody),
}
