"""The calendar of deals in the console: its view is its address, and bad addresses are named."""

import re

import pytest

from service.admin.people import PersonRole
from service.console.app import PATH
from tests.console.conftest import House

CALENDAR = f"{PATH}/deals/calendar"


def test_a_category_leads_to_its_deals_and_back(shared_house: House) -> None:
    client = shared_house.member(PersonRole.MARKETING)
    shown = client.get(CALENDAR, params={"since": "2026-02-23", "weeks": "4"}).text
    assert re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', shown) == ["Bakery", "Care", "Dairy"]
    [path] = re.findall(r'href="([^"]*category=Dairy[^"]*)"', shown)
    dairy = client.get(path.replace("&amp;", "&")).text
    # Loaded twice, once as drafts: both are there, and without those that wait only one.
    assert re.findall(r"<small>(MILK-\d)</small>", dairy) == ["MILK-1", "MILK-2"]
    assert "weeks=4" in dairy
    approved = client.get(CALENDAR, params={
        "since": "2026-02-23", "category": "Dairy", "approved": "true"}).text  # fmt: skip
    assert re.findall(r"<small>(MILK-\d)</small>", approved) == ["MILK-1"]
    later = client.get(CALENDAR, params={"since": "2030-01-07", "category": "Dairy"}).text
    assert "No deal of this category runs on these days." in later


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=&weeks=99&supplier=nobody", 200),
        ("since=tomorrow", 422), ("since=9999-12-31", 422), ("since=0001-01-01", 422),
        ("weeks=many", 422), ("window=always", 422), ("category=Nothing", 404),
        ("category=Dairy&after=x", 200), ("after=zzzz", 200), (f"category={'x' * 300}", 422),
    ],
)  # fmt: skip
def test_an_address_that_says_nothing_is_refused(
    shared_house: House, query: str, status: int
) -> None:
    client = shared_house.member(PersonRole.MARKETING)
    assert client.get(f"{CALENDAR}?{query}").status_code == status
