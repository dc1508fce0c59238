"""The printed document as stored: the same bytes for the same list, and back again."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.content import (
    Content,
    OpeningHours,
    PartnerSlot,
    Pictogram,
    Recipe,
    RecipeItem,
    Tip,
)
from service.engine.records import Due, ListDocument, OfferLine, ReminderLine

TEXT = st.text(max_size=12)
CENTS = st.integers(0, 10**9)
DAY = st.dates(date(1900, 1, 1), date(9999, 12, 31))
PICTURE = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)
OF_GOODS = {"picture": PICTURE, "pictogram": st.sampled_from(Pictogram), "size": TEXT}
OFFERS = st.builds(
    OfferLine,
    *(st.integers(1, 24), CENTS, TEXT, TEXT, CENTS, TEXT, TEXT, TEXT),
    **OF_GOODS,
    price_cents=st.none() | CENTS,
    item=TEXT,
    due=st.sampled_from(Due),
)
REMINDERS = st.builds(
    ReminderLine,
    *(st.integers(1, 48), CENTS, TEXT, TEXT, TEXT, st.none() | CENTS, DAY, TEXT),
    **OF_GOODS,
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
RECIPE_ITEMS = st.builds(RecipeItem, TEXT, st.booleans(), st.none() | st.integers(1, 24))
RECIPES = st.builds(
    *(Recipe, TEXT, TEXT, st.lists(RECIPE_ITEMS, max_size=3).map(tuple), TEXTS),
    *(PICTURE, st.integers(0, 999), st.integers(0, 12)),
)
CONTENTS = st.builds(
    Content,
    recipe=st.none() | RECIPES,
    tip=st.none() | st.builds(Tip, TEXT, TEXT, TEXT, PICTURE),
    hours=st.none() | st.builds(OpeningHours, TEXT, TEXTS),
    partner=st.none() | st.builds(PartnerSlot, TEXT, TEXT, st.integers(1, 24), PICTURE),
)
DOCUMENTS = st.builds(
    ListDocument,
    list_code=st.text("0123456789", min_size=28, max_size=28),
    language=TEXT,
    currency=TEXT,
    retailer=TEXT,
    greeting=TEXT,
    issued_on=DAY,
    valid_from=DAY,
    valid_to=DAY,
    offers=st.lists(OFFERS, max_size=3).map(tuple),
    reminders=st.lists(REMINDERS, max_size=3).map(tuple),
    worth_cents=CENTS,
    tip=TEXT,
    legal=TEXT,
    logo=PICTURE,
    colour=TEXT,
    content=CONTENTS,
    page_url=TEXT,
)


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was_and_in_the_same_bytes(document: ListDocument) -> None:
    stored = document.to_json()
    back = ListDocument.from_json(stored)
    assert back == document
    assert back.to_json() == stored


SMALL = ListDocument(
    list_code="2559521234000013000000000042",
    language="zh-Hans",
    currency="CNY",
    retailer="Märkte",
    greeting="",
    issued_on=date(2026, 3, 1),
    valid_from=date(2026, 3, 2),
    valid_to=date(2026, 3, 15),
    offers=(OfferLine(1, 5, '茶 "grün"', "", 100, "1.00 off", "Grocery", ""),),
    reminders=(ReminderLine(2, 9, "Milk", "Dale", "Dairy", None, date(2026, 3, 4), "soon"),),
    worth_cents=100,
    tip="",
    legal="",
)


def test_the_bytes_of_a_list_are_fixed() -> None:
    """Lists are kept for years: what is written today must be read then."""
    assert SMALL.to_json() == (
        '{"colour":"","content":{"hours":null,"partner":null,"recipe":null,"tip":null},'
        '"currency":"CNY","greeting":"","is_general":false,"issued_on":"2026-03-01",'
        '"language":"zh-Hans",'
        '"legal":"","list_code":"2559521234000013000000000042","logo":null,'
        '"offers":[{"department":"Grocery","detail":"","due":"","face_value_cents":100,"goods":"",'
        '"item":"",'
        '"legal":"","line":1,"offer_id":5,"pictogram":"generic","picture":null,"price_cents":null,'
        '"size":"","title":"茶 \\"grün\\"","value_text":"1.00 off"}],"page_url":"",'
        '"reminders":[{"department":"Dairy","due":"","expected_on":"2026-03-04","item":"Milk",'
        '"item_id":9,"line":2,"paid_cents":null,"pictogram":"generic","picture":null,'
        '"price_cents":null,"product":"Dale","reason":"soon","size":""}],'
        '"retailer":"Märkte","tip":"","valid_from":"2026-03-02","valid_to":"2026-03-15",'
        '"worth_cents":100}'
    )


def test_a_list_from_before_lists_carried_content_and_pictures_is_read() -> None:
    stored = json.loads(SMALL.to_json())
    for name in ("logo", "colour", "content", "page_url"):
        del stored[name]
    for name in ("picture", "pictogram", "size", "price_cents", "item", "due", "goods"):
        del stored["offers"][0][name]
    for name in ("picture", "pictogram", "size"):
        del stored["reminders"][0][name]
    assert ListDocument.from_json(json.dumps(stored)) == SMALL


def test_a_list_from_before_lists_said_when_items_are_due_is_read() -> None:
    stored = json.loads(SMALL.to_json())
    for line in stored["reminders"]:
        del line["due"], line["paid_cents"]
    assert ListDocument.from_json(json.dumps(stored)) == SMALL


def test_a_document_with_a_part_too_many_or_too_few_is_not_read() -> None:
    stored = json.loads(SMALL.to_json())
    with pytest.raises(TypeError):
        ListDocument.from_json(json.dumps({**stored, "surprise": 1}))
    del stored["tip"]
    with pytest.raises(TypeError):
        ListDocument.from_json(json.dumps(stored))


@given(CONTENTS, st.dictionaries(st.integers(1, 24), st.integers(1, 24), max_size=6))
def test_content_keeps_to_its_offers_when_a_list_is_numbered_again(
    content: Content, numbers: dict[int, int]
) -> None:
    moved = content.renumbered(numbers)
    assert (moved.tip, moved.hours, moved.recipe_key) == (
        content.tip,
        content.hours,
        content.recipe_key,
    )
    if content.recipe is not None and moved.recipe is not None:
        for before, after in zip(content.recipe.items, moved.recipe.items, strict=True):
            assert (before.text, before.bought) == (after.text, after.bought)
            line = before.offer_line
            assert after.offer_line == (None if line is None else numbers.get(line))
    if content.partner is not None:
        line = numbers.get(content.partner.offer_line)
        assert moved.partner == (
            None
            if line is None
            else PartnerSlot(
                content.partner.title, content.partner.text, line, content.partner.picture
            )
        )
    every = {line: line for line in range(1, 25)}
    assert content.renumbered(every) == content
