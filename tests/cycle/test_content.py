"""What letters carry besides offers: chosen, printed on lists, and shown on pages of their own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from service.cycle.next_list import write_next_list
from service.cycle.serials import page_digest_of
from service.cycle.withdraw import recompose_cycle
from service.deals import load_deals
from service.digests import page_code, page_digest
from service.engine.content import Content
from service.engine.records import Due, ListDocument
from service.files.content import load_content
from service.files.pictures import prepare
from service.publish import publish
from service.settings import Settings
from service.store import lists, pictures, work
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.picture import Picture, PictureKind
from service.store.tables.shopping_list import ListState
from tests.files.pictures.server import picture
from tests.market import (
    AS_OF,
    basket_line,
    cycle,
    gtin,
    load_market,
    more_baskets,
    query,
    silent,
    write,
)

pytestmark = pytest.mark.slow

LATER = AS_OF.replace(day=23)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONTENT: dict[str, Any] = {
    "schema": "larder-content/1",
    "recipes": [
        {
            "key": key,
            "title": {"en": key},
            "items": [
                *({"text": {"en": name}, "goods": [name]} for name in goods),
                {"text": {"en": "water"}},
            ],
            "steps": {"en": ["Cook."]},
            "picture": "pot",
            **more,
        }
        for key, goods, more in [
            ("all", [f"Item {n}" for n in range(8)], {"until": "2026-03-10"}),
            ("most", ["category 0", "Category 1", "Category 2", "Item 9"], {}),
            ("some", ["Item 1", "Item 2"], {}),
            ("winter", [f"Item {n}" for n in range(8)], {"months": [12, 1, 2]}),
        ]
    ],
    "tips": [
        {"key": key, "title": {"en": key}, "text": {"en": f"About {key}."}} for key in ("a", "b")
    ],
    "hours": [
        {"key": "all", "title": {"en": "Open"}, "lines": {"en": ["Always"]}},
        {"key": "mine", "store": "0042", "title": {"en": "Elm"}, "lines": {"en": ["8 to 8"]}},
    ],
    "partners": [
        {
            "key": "bikes",
            "supplier": "Wheel House",
            "deal": "BIKE-1",
            "title": {"en": "Wheel House"},
            "text": {"en": "Bring your bicycle in."},
            "picture": "pot",
        }
    ],
    "pictograms": {"Department 1": "flowers"},
}
PARTNER = [
    "deal_id,supplier,kind,title,value_text,copy_fee,budget,mail_from,mail_to",
    "BIKE-1,Wheel House,partner,Wheel House,Free check,0.05,50.00,2026-01-01,2026-12-31",
]


@pytest.fixture
def filled(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    """The market with content and pictures, and a retailer with a public address."""
    load_market(database, settings, tmp_path)
    load_deals(
        database, write(tmp_path / "slots.csv", PARTNER), uploaded_by=Actor("tests"), accept="all"
    )
    file = tmp_path / "content.json"
    file.write_text(json.dumps(CONTENT), encoding="utf-8")
    load_content(database, settings, file)
    with database.write() as session:
        for width, name in enumerate("abcd", 20):
            data = prepare(picture(width, 20)).data
            pictures.save(
                session,
                Picture(digest=name * 64, width=width, height=20, data=data, loaded_at=NOW),
            )
        pictures.name(session, PictureKind.PRODUCT, str(int(gtin(3))), "a" * 64)
        pictures.name(session, PictureKind.DEPARTMENT, "department 0", "b" * 64)
        pictures.name(session, PictureKind.CONTENT, "Pot", "c" * 64)
        pictures.name(session, PictureKind.LOGO, "", "d" * 64)
    return settings.model_copy(
        update={"public_url": "https://lists.example", "retailer_colour": "#00663c"}
    )


def issued(database: Database, state: str = ListState.ISSUED) -> dict[int, ListDocument]:
    found = query(
        database,
        f"SELECT household_id, document FROM shopping_list WHERE state = '{state}' ORDER BY id",
    )
    return {key: ListDocument.from_json(document) for key, document in found}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_letter_carries_what_fits_its_household_and_the_next_one_something_else(
    database: Database, filled: Settings, tmp_path: Path
) -> None:
    cycle(database, filled)
    found = issued(database)
    assert len(found) == 29
    for document in found.values():
        content = document.content
        assert content.recipe is not None
        assert content.recipe.key == "all"
        assert content.recipe.picture == "c" * 64
        *named, water = content.recipe.items
        assert (water.text, water.bought, water.offer_line) == ("water", False, None)
        assert sum(item.bought for item in named) >= 2
        lines = {line.line: line for line in document.offers}
        for item in named:
            if item.offer_line is not None:
                number = int(lines[item.offer_line].title.split()[1])
                assert item.text == f"Item {number // 2}"
        assert content.tip is not None
        assert content.tip.key == "a"
        assert content.hours is not None
        assert content.hours.lines == ("8 to 8",)
        slots = [line for line in document.offers if line.title == "Wheel House"]
        assert [line.pictogram for line in slots] == ["partner"] * len(slots)
        assert (content.partner is not None) == bool(slots)
        if content.partner is not None:
            assert content.partner.offer_line == slots[0].line
        assert (document.logo, document.colour) == ("d" * 64, "#00663c")
    assert any(document.content.partner for document in found.values())
    load_more(database, filled, tmp_path)
    cycle(database, filled, LATER)
    later = [each for each in issued(database).values() if each.issued_on == LATER]
    assert {each.content.recipe_key for each in later} == {"most"}
    assert {each.content.tip.key for each in later if each.content.tip} == {"b"}


def load_more(database: Database, settings: Settings, folder: Path) -> None:
    lines = [
        basket_line(household, f"more-{household}-{week}", AS_OF.replace(day=3 + 7 * week), n, n)
        for household in range(1, 30)
        for week in range(2)
        for n in range(1, 9)
    ]
    more_baskets(database, settings, folder, lines)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_goods_have_the_picture_of_the_usual_product_or_else_a_department_s(
    database: Database, filled: Settings
) -> None:
    cycle(database, filled)
    seen = set()
    for document in issued(database).values():
        for line in document.offers:
            if line.title == "Wheel House":
                continue
            number = int(line.title.split()[1])
            department = number // 12
            expected = "a" * 64 if number == 3 else "b" * 64 if department == 0 else None
            assert line.picture == expected, line
            assert line.pictogram == ("flowers" if department else "generic")
            if line.item:
                assert line.item == f"Item {number // 2}"
                assert line.due != Due.UNSAID
                seen.add(line.price_cents)
            else:
                assert (line.price_cents, line.due) == (None, Due.UNSAID)
        for reminder in document.reminders:
            number = int(reminder.item.split()[1])
            assert reminder.pictogram == ("flowers" if number >= 6 else "generic")
            assert (reminder.picture is None) == (number >= 6)
    assert len(seen) > 2
    publish(database, filled, 1, progress=silent)
    (file,) = filled.output_folder.rglob("*.pdf")
    with pikepdf.open(file) as printed:
        streams = [each for each in printed.objects if isinstance(each, pikepdf.Stream)]
        widths = sorted(int(each.Width) for each in streams if each.get("/Subtype") == "/Image")
    # Each picture is in the file once, however many letters show it.
    assert widths == [20, 21, 22, 23]


def test_a_page_opens_by_its_code_alone_and_no_more_once_its_list_is_withdrawn(
    database: Database, filled: Settings
) -> None:
    report = cycle(database, filled)
    first = issued(database)
    assert len({document.page_url for document in first.values()}) == len(first)
    opened = {}
    for key, document in first.items():
        code = document.page_url.removeprefix("https://lists.example/l/")
        assert code == page_code(filled.code_key, document.list_code)
        assert len(code) == 26
        digest = page_digest(filled.secret_key, code)
        assert digest == page_digest_of(filled, document)
        with database.read() as session:
            found = lists.of_page(session, [digest])
            assert lists.of_page(session, [code]) is None
        assert found is not None
        assert found.household_id == key
        opened[digest] = code
    assert report.cycle_id is not None
    recompose_cycle(database, filled, report.cycle_id, progress=silent)
    with database.read() as session:
        assert [lists.of_page(session, [digest]) for digest in opened] == [None] * len(opened)
    again = issued(database)
    assert len(again) == len(first)
    for key, document in again.items():
        assert document.page_url != first[key].page_url
        # A withdrawn list never was the household's, so its recipe is still the best.
        assert document.content == first[key].content
    states = query(database, "SELECT state, count(*) FROM list_page GROUP BY state ORDER BY state")
    assert states == [("open", 29), ("revoked", 29)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_draft_has_content_as_its_letter_would_and_no_page(
    database: Database, filled: Settings
) -> None:
    key = query(database, "SELECT id FROM household WHERE ref = 'M05'")[0][0]
    with database.write() as session:
        work.mark_due(session, key, at=NOW)
    write_next_list(database, filled, key, marked_at=NOW)
    (document,) = issued(database, ListState.DRAFT).values()
    assert document.page_url == ""
    assert document.content != Content()
    assert document.content.tip is not None
    assert document.logo == "d" * 64


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_content_and_public_address_letters_are_as_before(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    load_market(database, settings, tmp_path)
    cycle(database, settings)
    for document in issued(database).values():
        assert document.content == Content()
        assert (document.logo, document.colour, document.page_url) == (None, "", "")
    assert query(database, "SELECT count(*) FROM list_page") == [(0,)]
