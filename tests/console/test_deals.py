"""The table of deals as people turn its pages, and acts on one or many."""

import csv
import io
import re

import pytest

from service.admin.people import PersonRole
from service.console.app import PATH
from service.console.routes import deals
from service.console.routes.deal_columns import ORDERS
from service.store.offers import overview
from service.store.offers.overview import ALL_DEALS
from tests.console.conftest import House, send, token

NUMBERS = re.compile(r'name="deal" value="(\d+)"')
DIGEST = re.compile(r'name="digest" value="([0-9a-f]+)"')


def rows(page: str) -> list[int]:
    return [int(number) for number in NUMBERS.findall(page)]


def states(house: House) -> dict[str, str]:
    with house.database.read() as session:
        found = overview.deals(session, chosen=ALL_DEALS)
    return dict(found.select("deal_id", "state").iter_rows())


@pytest.mark.parametrize("order", ORDERS)
def test_pages_show_every_deal_once_there_and_back(
    shared_house: House, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    whole = rows(client.get(f"{PATH}/deals?order={order}").text)
    assert sorted(whole) == [1, 2, 3, 4, 5, 6]
    monkeypatch.setattr(deals, "ROWS", 2)
    seen, path, last = [], f"{PATH}/deals?order={order}", ""
    while path:
        page = client.get(path).text
        seen.append(rows(page))
        last, found = path, re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert [number for some in seen for number in some] == whole
    back = []
    path = last
    while path:
        page = client.get(path).text
        back.insert(0, rows(page))
        found = re.search(r'rel="prev" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert back == seen


def test_the_file_is_the_same_view(shared_house: House) -> None:
    client = shared_house.member(PersonRole.FINANCE)
    for query, count in (
        ("", 6),
        ("state=draft", 3),
        ("text=milk&state=running", 1),
        ("text=x", 0),
    ):
        page = client.get(f"{PATH}/deals?{query}").text
        file = client.get(f"{PATH}/deals.csv?{query}&column=number&column=budget")
        lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert lines[0] == ["Deal", "Budget", "Number"]
        found = re.findall(r'href="/console/deals/(\d+)"', page)
        assert [line[2] for line in lines[1:]] == found
        assert len(found) == count


def test_what_an_address_says_that_cannot_be_is_left_out(shared_house: House) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    for query in (
        "after=x", "after=-1", "after=99999999999999999999", "before=0", "order=title;drop",
        "state=nothing", "column=nothing", "supplier=%00", "after=5&before=5", "need=x",
        "text=" + "a" * 5000, "state=draft&state=draft", "after=%EF%BC%91",
    ):  # fmt: skip
        assert client.get(f"{PATH}/deals?{query}").status_code == 200, query
    for path in ("/deals/0", "/deals/99999999999999999999", "/deals/999", "/deals/x"):
        assert client.get(PATH + path).status_code in (404, 422), path


def test_a_deal_is_stopped_after_a_page_that_says_what_it_touches(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    shown = send(client, "/deals/confirm", act="stop", deal="1", view="/deals/1")
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", shown.text))
    # One copy each on the lists of H1 and H2, a reservation of 1.08 for either.
    assert facts["Households that hold them"] == facts["Uses still open"] == "2"
    assert (facts["Budgets"], facts["Reserved or spent"]) == ("$100.00", "$2.16")
    assert states(house)["MILK-1"] == "running", "asking changes nothing"
    form = {"csrf": token(shown.text), "act": "stop", "deal": "1", "view": "/deals/1"}
    other = {**form, "digest": "0" * 32}
    assert client.post(PATH + "/deals/act", data=other).status_code == 422
    assert states(house)["MILK-1"] == "running"
    form["digest"] = DIGEST.findall(shown.text)[0]
    done = client.post(PATH + "/deals/act", data={**form, "note": "Wrong price"})
    assert (done.status_code, done.headers["location"]) == (303, f"{PATH}/deals/1")
    assert states(house)["MILK-1"] == "paused"
    page = client.get(PATH + "/deals/1").text
    assert "1 deal: stopped." in page
    assert "Marketing</strong> stopped" in page
    assert "Wrong price" in page
    again = client.post(PATH + "/deals/act", data=form)
    assert again.status_code == 303
    assert "was left as it is" in client.get(PATH + "/deals/1").text


def test_many_are_checked_by_one_and_approved_by_another(house: House) -> None:
    first, second = house.member(PersonRole.MARKETING), house.member(PersonRole.APPROVER)
    house.settings.__dict__["deal_approval"] = True
    for client, act, after in ((first, "check", "checked"), (second, "approve", "approved")):
        shown = send(client, "/deals/confirm", act=act, scope="all", view="/deals?text=-2")
        assert rows(shown.text) == [4, 5, 6]
        form = {"csrf": token(shown.text), "act": act, "deal": ["4", "5", "6"],
                "digest": DIGEST.findall(shown.text)[0], "view": "/deals"}  # fmt: skip
        assert client.post(PATH + "/deals/act", data=form).status_code == 303
        found = {name: state for name, state in states(house).items() if name.endswith("-2")}
        assert set(found.values()) == {after}


def test_all_that_match_are_those_of_the_view_and_no_others(shared_house: House) -> None:
    """Elsewhere "select all" dropped the filters of the table (wagtail 12853, payload 17670)."""
    client = shared_house.member(PersonRole.ADMIN)
    for query in (
        "", "text=milk", "supplier=Oven+Works", "category=Care", "state=draft&state=running",
        "supplier=Dale+Foods&state=draft", "need=budget", "text=1&order=title&after=2&column=deal",
    ):  # fmt: skip
        file = client.get(f"{PATH}/deals.csv?{query}&column=number&column=state").text
        named = {int(line.rsplit(",", 1)[1]) for line in file.splitlines()[1:]}
        asked: set[int] = set()
        for act in ("check", "stop"):
            shown = send(client, "/deals/confirm", act=act, scope="all", view=f"/deals?{query}")
            asked |= set(rows(shown.text))
        assert asked == named, query


def test_who_checked_cannot_approve_as_well(house: House) -> None:
    house.settings.__dict__["deal_approval"] = True
    client = house.member(PersonRole.MARKETING, PersonRole.APPROVER)
    for act in ("check", "approve"):
        shown = send(client, "/deals/confirm", act=act, deal="4")
        form = {"csrf": token(shown.text), "act": act, "deal": "4",
                "digest": DIGEST.findall(shown.text)[0]}  # fmt: skip
        client.post(PATH + "/deals/act", data=form)
    assert states(house)["MILK-2"] == "checked"
    assert 'class="message error"' in client.get(PATH + "/deals/4").text


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("150", 15000), ("150.00", 15000), ("150,00", 15000), (" 101.01 ", 10101)],
)
def test_a_budget_is_raised_to_what_was_typed(house: House, typed: str, cents: int) -> None:
    client = house.member(PersonRole.MARKETING)
    shown = send(client, "/deals/confirm", act="raise_budget", deal="1")
    form = {"csrf": token(shown.text), "act": "raise_budget", "deal": "1",
            "digest": DIGEST.findall(shown.text)[0]}  # fmt: skip
    for wrong in ("1,500.00", "1.500", "-5", "1e5", "", "１００", "150.0", "99.99"):
        client.post(PATH + "/deals/act", data={**form, "budget": wrong})
    with house.database.read() as session:
        budgets = overview.deals(session, offer_id=1)["budget_cents"].to_list()
    assert budgets == [10000], "what could be read in two ways raises nothing"
    client.post(PATH + "/deals/act", data={**form, "budget": typed})
    with house.database.read() as session:
        assert overview.deals(session, offer_id=1)["budget_cents"][0] == cents


def test_today_counts_what_its_buttons_show(house: House) -> None:
    client = house.member(PersonRole.ADMIN)
    today = client.get(PATH + "/").text
    needs = re.findall(
        r"<strong>(\d+) [^<]*</strong>.*?href=\"/console(/deals[^\"]*)\"", today, re.S
    )
    assert ("3", "/deals?state=draft") in needs
    for number, path in needs:
        assert len(rows(client.get(PATH + path.replace("&amp;", "&")).text)) == int(number)
    shown = send(client, "/deals/confirm", act="check", deal="4")
    form = {"csrf": token(shown.text), "act": "check", "deal": "4",
            "digest": DIGEST.findall(shown.text)[0]}  # fmt: skip
    client.post(PATH + "/deals/act", data=form)
    assert "2 drafts to check" in client.get(PATH + "/").text


def test_the_picture_of_a_deal_is_as_it_is_printed(shared_house: House) -> None:
    client = shared_house.member(PersonRole.SERVICE)
    answer = client.get(f"{PATH}/deals/1/picture?language=de")
    assert answer.content.startswith(b"\x89PNG")
    assert client.get(f"{PATH}/deals/1/picture?language=xx").status_code == 422
