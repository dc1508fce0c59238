"""The console in a real browser: for whom it works, and the first jobs from log-in to done."""

import base64
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from service.admin import people, runs
from service.admin.people import PersonRole, totp
from service.deals import steer
from service.engine.lifecycle import DealState
from service.jobs.worker import drain, work_until
from service.pages import labels
from service.store.actor import SERVICE
from service.store.offers import overview
from service.store.offers.overview import DealFilter
from tests.console import claimed
from tests.console.browsing import CHROMIUM, browser, follow, open_tab
from tests.console.conftest import PASSWORD, House
from tests.console.first_jobs import JOBS, Turn, log_in
from tests.console.hands import Keyboard, Mouse
from tests.console.visiting import LOOKERS, enter, link_for, make_known, pages_of, serve_house
from tests.shop import DEALS, H2

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt install chromium"
    ),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def open_to_all(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, str]]:
    """A house with a redemption, and the address of its console."""
    with serve_house(request, tmp_path_factory.mktemp("open")) as served:
        yield served


def test_axe_finds_nothing_on_any_page(
    chromium: Browser, open_to_all: tuple[House, str], tmp_path: Path
) -> None:
    house, address = open_to_all
    context = chromium.new_context(locale="en")
    tab = open_tab(context)
    page = tab.page
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        moved = tab.quiet()
        # The two frames: of who is logged in, and of who is not.
        found = [*moved, *tab.check(with_frame=name in ("", "log-in")), *tab.quiet()]
        if found:
            wrong[name] = found
        page.set_viewport_size({"width": 1280, "height": 800})

    def press(name: str) -> None:
        follow(page.get_by_role("button", name=name, exact=True).first)

    for name in ("log-in", "invitations/none"):
        page.goto(f"{address}/{name}")
        look(name)
    page.goto(link_for(house, *LOOKERS))
    look("an invitation")
    log_in_with_app(page, house, look)
    for name in (
        *pages_of(house, tmp_path),
        "nowhere",
        "deals?text=nothing",
        "desk/receipt?day=no",
    ):
        page.goto(f"{address}/{name}")
        look(name)
    page.goto(f"{address}/deals/1")
    page.get_by_text("In the other languages of lists").click()
    picture = page.get_by_alt_text("as printed in: German")
    expect(picture.first).to_have_js_property("complete", True)
    assert picture.first.evaluate("picture => picture.naturalWidth") > 100
    look("a deal in every language")
    page.goto(f"{address}/households/1")
    press("Open the household")
    expect(page.get_by_role("heading", name="Household H1")).to_be_visible()
    look("a household")
    follow(page.get_by_role("link", name="Erase ..."))
    look("the page before a household is erased")
    page.goto(f"{address}/deals/1")
    press("Stop")
    look("the page before an act")
    page.goto(f"{address}/people")
    page.get_by_label("Name").fill("Mia")
    page.get_by_label("E-mail address").fill("mia@shop.example")
    press("Invite")
    look("a refused invitation")
    page.get_by_label("Name").fill("Mia")
    page.get_by_label("E-mail address").fill("mia@shop.example")
    page.get_by_label("Mailing").check()
    press("Invite")
    look("a link that is shown once")
    page.goto(f"{address}/keys")
    page.get_by_label("For", exact=True).select_option("Marketing")
    press("Make a key")
    look("a key that is shown once")
    page.goto(f"{address}/deals/upload")
    file = FilePayload(name="large.csv", mimeType="text/csv", buffer=b"x" * 100_000)
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_text("At most 50 kB can be sent here.")).to_be_visible()
    look("a file that is too large")
    page.goto(f"{address}/deals/upload")
    file = FilePayload(name="odd.csv", mimeType="text/csv", buffer=b"one,two")
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_text("has not all the columns it needs")).to_be_visible(timeout=60_000)
    look("a file that cannot be read")
    page.goto(f"{address}/deals/upload")
    bad = DEALS.replace("100.00", "tbd")
    file = FilePayload(name="spring.csv", mimeType="text/csv", buffer=bad.encode())
    page.get_by_label("Drop a file here").set_input_files(file)
    expect(page.get_by_label("budget")).to_have_value("tbd")
    look("a file with faults")
    page.get_by_label("budget").fill("120.00")
    page.get_by_role("button", name="Read it again").click()
    expect(page.get_by_role("button", name="Load 3 deals")).to_be_visible(timeout=60_000)
    look("a file without faults")
    page.goto(f"{address}/deals/1/edit")
    page.get_by_label("budget").fill("tbd")
    page.get_by_label("Title *").focus()
    expect(page.get_by_text("is not an amount of money")).to_be_visible()
    page.get_by_label("budget").fill("120.00")
    page.get_by_label("Title *").focus()
    expect(page.get_by_text("Dale Foods gives $1.00 off")).to_be_visible()
    look("a deal's form")
    page.goto(f"{address}/broken")
    expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    # The browser says of an error that it is one.
    tab.complaints = [each for each in tab.complaints if "status of 500" not in each]
    look("an error that nobody foresaw")
    context.close()
    said = "\n".join(f"{name}: {each}" for name, found in wrong.items() for each in found)
    assert said == ""


def log_in_with_app(page: Page, house: House, look: Callable[[str], None]) -> None:
    """Log in as somebody who adds an authenticator app and is asked for its code the next time."""
    email = make_known(house, *LOOKERS)
    enter(page, house, *LOOKERS)
    page.goto(f"{house.settings.console_url}/account")
    follow(page.get_by_role("button", name="Add an app"))
    look("an authenticator app")
    typed = page.locator("input[name=typed]").get_attribute("value") or ""
    secret = base64.b32decode(typed.replace(" ", ""))
    first = _step()
    page.get_by_label("Code").fill(totp.code_at(secret, first))
    follow(page.get_by_role("button", name="Add the app"))
    expect(page.get_by_text("From now on logging in asks for a code")).to_be_visible()
    follow(page.get_by_role("button", name="Log out").last)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Log in", exact=True))
    look("the second factor")
    # A code opens once; the next one is good half a minute early.
    code = totp.code_at(secret, max(first + 1, _step()))
    page.get_by_label("Code of your authenticator app").fill(code)
    follow(page.get_by_role("button", name="Log in", exact=True))
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def _step() -> int:
    return int(datetime.now(UTC).timestamp()) // 30


def test_filters_change_the_table_and_the_address_and_back_undoes_them(
    chromium: Browser, open_to_all: tuple[House, str]
) -> None:
    house, address = open_to_all
    context = chromium.new_context(locale="en")
    tab = open_tab(context)
    page = tab.page
    enter(page, house, PersonRole.FINANCE)
    page.goto(f"{address}/deals")
    expect(page.get_by_role("row")).to_have_count(7)
    page.evaluate("window.same = true")
    page.get_by_role("combobox", name="Supplier").select_option("Dale Foods")
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"supplier=Dale\+Foods"))
    assert page.evaluate("window.same"), "only the table was fetched"
    # What is fetched for a part of a page is not what the way back shows (htmx 1201).
    follow(page.get_by_role("link", name="Dale Milk").first)
    expect(page.get_by_role("heading", name="As it is printed")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("navigation", name="Places")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(7)
    follow(page.get_by_role("button", name="Deutsch"))
    expect(page.get_by_role("heading", name="Aktionen")).to_be_visible()
    # What is chosen while an answer is on its way is what counts.
    supplier = page.get_by_role("combobox", name="Lieferant")
    held: list[Route] = []
    page.route(re.compile(r"/deals\?"), lambda to: to.continue_() if held else held.append(to))
    supplier.select_option("Oven Works")
    supplier.select_option(index=0)
    supplier.select_option("Dale Foods")
    expect(page).to_have_url(re.compile(r"supplier=Dale\+Foods"))
    expect(page.get_by_role("row")).to_have_count(3)
    page.unroute_all(behavior="ignoreErrors")
    assert tab.quiet() == []
    # Logged out elsewhere: the next filter leads the whole page to the log-in.
    people.end_all_sessions(
        house.database, house.person(PersonRole.FINANCE).id, now=datetime.now(UTC)
    )
    supplier.select_option("Oven Works")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    context.close()


def test_a_passkey_is_made_and_opens_the_console(
    chromium: Browser, open_to_all: tuple[House, str]
) -> None:
    house, address = open_to_all
    context = chromium.new_context(locale="en")
    tab = open_tab(context)
    page = tab.page
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True,
            }
        },
    )  # fmt: skip
    enter(page, house, PersonRole.OPERATIONS, PersonRole.FINANCE)
    page.goto(f"{address}/account")
    page.get_by_label("Name of the device").fill("Desk")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey Desk is added.")).to_be_visible()
    follow(page.get_by_role("button", name="Log out").last)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    assert tab.quiet() == []
    context.close()


def test_a_run_shows_by_itself_how_it_ended(
    chromium: Browser, open_to_all: tuple[House, str]
) -> None:
    house, address = open_to_all
    context = chromium.new_context(locale="en")
    tab = open_tab(context)
    page = tab.page
    enter(page, house, PersonRole.MARKETING, PersonRole.MAILING)
    page.goto(f"{address}/cycles")
    follow(page.get_by_role("link", name="Plan a cycle"))
    follow(page.get_by_role("button", name="Plan", exact=True))
    expect(page.get_by_text("Waits", exact=True)).to_be_visible()
    assert [*tab.check(), *tab.quiet()] == []
    page.evaluate("window.same = true")
    drain(house.database, house.settings)
    # Nobody of this shop has bought anything yet.
    expect(page.get_by_text("No household is eligible", exact=False)).to_be_visible()
    assert page.evaluate("window.same"), "only what changed was fetched"
    assert [*tab.check(), *tab.quiet()] == []
    context.close()


@pytest.fixture(scope="module")
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, str]]:
    """A house of its own with what first jobs need: deals to approve, a run that failed.

    How many keys a job takes depends on what stands on its pages: nothing that other tests do.
    """
    with serve_house(request, tmp_path_factory.mktemp("jobs")) as (house, address):
        for role in JOBS:
            make_known(house, role)
        with house.database.read() as session:
            deals = overview.deals(session, chosen=DealFilter(states=(DealState.DRAFT,)))
        for number in deals["offer_id"]:
            steer.check(house.database, number, by=SERVICE)
        runs.request_reprint(house.database, batch_id=1)
        drain(house.database, house.settings)
        claimed.agree(house)
        house.console.state.today.forget()
        yield house, address


@pytest.mark.parametrize("role", JOBS)
def test_a_first_job_takes_the_steps_that_are_said(
    chromium: Browser, prepared: tuple[House, str], tmp_path: Path, role: PersonRole
) -> None:
    """By mouse, by keyboard alone, and without JavaScript."""
    house, address = prepared
    job, email = JOBS[role], make_known(house, role)
    hands = []
    for number, kind in enumerate((Mouse, Keyboard, Mouse)):
        context = chromium.new_context(locale="en", java_script_enabled=number < 2)
        tab = open_tab(context)
        hand = kind(tab.page, has_scripts=number < 2)
        log_in(hand, address, email)
        with worker_for(house, role):
            job.do(hand, Turn(number, tmp_path, house.shop.lists[H2]))
        assert number == 2 or tab.quiet() == []
        context.close()
        _begin_again(house)
        hands.append(hand)
    mouse, keyboard, plain = hands
    assert isinstance(keyboard, Keyboard)
    counted = (
        f"| {labels.ROLES[role]} | {job.name} | {mouse.steps} | {keyboard.keys} | {plain.steps} |"
    )
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if f"| {job.name} |" in line] == [counted]


_OF_CLAIMS = ("claim_entry", "claim_line", "claim_series", "waiting_entry", "claim_mark", "claim")


@contextmanager
def worker_for(house: House, role: PersonRole) -> Iterator[None]:
    """A worker beside the jobs that wait for one."""
    if role is not PersonRole.FINANCE:
        yield
        return
    stop = threading.Event()
    worker = threading.Thread(target=work_until, args=(house.database, house.settings, stop))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def _begin_again(house: House) -> None:
    """Undo what a job did that can be done once."""
    with house.database.write() as session:
        for undo in (
            "UPDATE batch SET picked_up_at = NULL, received_at = NULL",
            "UPDATE goodwill SET state = 'voided'",
            "DELETE FROM run WHERE state = 'queued' OR kind = 'claims'",
            *(f"DELETE FROM {table}" for table in _OF_CLAIMS),
        ):
            session.connection().exec_driver_sql(undo)
    house.console.state.today.forget()
