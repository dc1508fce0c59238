"""One deal in a form: the checks of a file, its sentence, and nothing before it is saved."""

import re
from html import unescape

from service.admin.people import PersonRole
from service.console.app import PATH
from service.console.deal_words import FOR_ALL_COPIES, field
from service.deals import COLUMNS
from service.pages.languages import LANGUAGES, language_of
from service.store.offers import overview
from service.store.offers.overview import ALL_DEALS
from tests.checkout.acts import sold
from tests.console.conftest import House, send
from tests.shop import H1, MILK

FIELD = re.compile(r'<input id="cell-\w+" name="(\w+)" value="([^"]*)"')
CHOSEN = re.compile(r'<select id="cell-(\w+)".*?</select>', re.S)


def cells(page: str) -> dict[str, str]:
    """The fields of the form as a browser would send them."""
    found = {name: unescape(text) for name, text in FIELD.findall(page)}
    for select in CHOSEN.finditer(page):
        picked = re.search(r"<option selected>(\w+)", select[0])
        found[select[1]] = picked[1] if picked else ""
    return found


def deals(house: House) -> list[tuple[str, int, int | None, str]]:
    with house.database.read() as session:
        found = overview.deals(session, chosen=ALL_DEALS)
    return sorted(found.select("deal_id", "revision", "budget_cents", "state").iter_rows())


def test_a_deal_is_edited_with_the_checks_of_a_file(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    before = deals(house)
    shown = cells(client.get(f"{PATH}/deals/1/edit").text)
    assert (shown["deal_id"], shown["value"], shown["benefit"]) == ("MILK-1", "1.00", "amount_off")
    same = send(client, "/deals/form/save", number="1", **shown)
    assert (same.status_code, deals(house)) == (303, before), "what was not changed changes nothing"
    bad = send(client, "/deals/form/save", number="1", **{**shown, "budget": "tbd"})
    assert bad.status_code == 422
    assert "is not an amount of money" in unescape(bad.text)
    assert cells(bad.text)["budget"] == "tbd", "what was typed is still there"
    look = send(client, "/deals/form/look", number="1", **{**shown, "budget": "250.00"})
    assert "Dale Foods gives $1.00 off Dale Milk" in look.text
    picture = re.search(r'src="([^"]*/form/picture[^"]*)"', look.text)
    assert picture is not None
    assert client.get(unescape(picture[1])).content.startswith(b"\x89PNG")
    assert deals(house) == before, "looking changes nothing"
    done = send(client, "/deals/form/save", number="1", **{**shown, "budget": "250.00"})
    assert done.headers["location"] == f"{PATH}/deals?text=MILK-1"
    assert ("MILK-1", 2, 25000, "running") in deals(house) or (
        "MILK-1", 2, 25000, "approved",
    ) in deals(house)  # fmt: skip
    # A field that was emptied is cleared.
    number = next(row for row in look_up(house) if row[1:] == ("MILK-1", 2))[0]
    again = cells(client.get(f"{PATH}/deals/{number}/edit").text)
    send(client, "/deals/form/save", number=str(number), **{**again, "budget": ""})
    assert any(row[:3] == ("MILK-1", 3, None) for row in deals(house))


def look_up(house: House) -> list[tuple[int, str, int]]:
    with house.database.read() as session:
        found = overview.deals(session, chosen=ALL_DEALS)
    return list(found.select("offer_id", "deal_id", "revision").iter_rows())


def test_a_copy_is_a_new_deal_and_an_empty_form_says_what_is_missing(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    copied = cells(client.get(f"{PATH}/deals/2/copy").text)
    assert (copied["deal_id"], copied["supplier"]) == ("", "Oven Works")
    assert send(client, "/deals/form/save", **copied).status_code == 422
    send(client, "/deals/form/save", **{**copied, "deal_id": "BREAD-9"})
    assert any(row[:2] == ("BREAD-9", 1) for row in deals(house))
    empty = send(client, "/deals/form/look", **cells(client.get(PATH + "/deals/new").text))
    assert empty.status_code == 200
    assert 'class="faults"' in empty.text
    for path in ("/deals/999/edit", "/deals/0/copy", "/deals/99999999999999999999/edit"):
        assert client.get(PATH + path).status_code == 404, path
    assert send(client, "/deals/form/save", number="x", deal_id="X").status_code == 404
    assert send(client, "/deals/form/look", nothing="X").status_code == 200


def test_what_asks_stays_ticked_only_for_what_was_read(house: House) -> None:
    client = house.member(PersonRole.MARKETING)
    shown = cells(client.get(f"{PATH}/deals/1/edit").text) | {"value": "90.00"}
    page = send(client, "/deals/form/look", number="1", **shown).text
    asked = re.search(r'name="accept" value="(\w+)"', page)
    assert asked is not None, "ninety off milk of 1.20 is asked about"
    assert 'value="true" checked' not in page
    ticked = {"accept": asked[1], "accepted": "true"}
    again = send(client, "/deals/form/look", number="1", **shown, **ticked)
    assert 'value="true" checked' in again.text
    other = {**shown, "value": "91.00"}
    assert (
        'value="true" checked'
        not in send(client, "/deals/form/look", number="1", **other, **ticked).text
    )
    assert send(client, "/deals/form/save", number="1", **other, **ticked).status_code == 422
    assert send(client, "/deals/form/save", number="1", **shown, **ticked).status_code == 303


def test_every_field_has_a_name_and_says_whom_its_change_reaches(house: House) -> None:
    for language in map(language_of, LANGUAGES):
        unnamed = [each.name for each in COLUMNS if field(language, each.name) == each.name]
        assert unnamed == []
    shown = house.member(PersonRole.MARKETING).get(f"{PATH}/deals/1/edit").text
    said = {
        name: re.findall(r'<p class="hint(?: effect)?">([^<]+)</p>', about)[-1]
        for name, about in re.findall(r'<div id="about-(\w+)">(.*?)</div>', shown, re.S)
        if about.count("</p>") > 1
    }
    assert {name for name in FOR_ALL_COPIES if "Only for new lists." in said[name]} == set()
    assert "keep the limit they were printed with" in said["limit_per_household"]
    assert said.keys() == {column.name for column in COLUMNS} - {"supplier", "deal_id"}


def test_a_change_is_for_new_lists_and_the_budget_for_all_copies(house: House) -> None:
    """What the fields say of a change is what happens to a copy that was out before it."""
    client = house.member(PersonRole.MARKETING)
    shown = cells(client.get(f"{PATH}/deals/1/edit").text)
    changed = {**shown, "value": "0.50", "redeem_to": "2026-12-31", "budget": "300.00"}
    look = send(client, "/deals/form/look", number="1", **changed)
    accept = re.search(r'name="accept" value="(\w+)"', look.text)
    agreed = {"accept": accept[1], "accepted": "true"} if accept else {}
    saved = send(client, "/deals/form/save", number="1", **changed, **agreed)
    assert saved.status_code == 303
    given = sold(house.database, house.settings, 1,
                 presented=[("list", house.shop.lists[H1])], lines=[(MILK, 1, 120)])  # fmt: skip
    assert given["total_discount_cents"] == 100, "as it was printed"
    with house.database.read() as session:
        newest = overview.deals(session, offer_id=1).row(0, named=True)
    # Both copies count in the budget of the new revision: one is used, one reserves.
    assert (newest["revision"], newest["budget_cents"]) == (2, 30_000)
    assert (newest["spent_cents"], newest["reserved_cents"]) == (108, 108)
