"""Sample lists: an everyday one, one with everything, and one with the longest texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from service.currencies import minor_digits
from service.engine.codes import gcn, list_code
from service.engine.compose import Masthead, Recipient, compose_documents
from service.engine.content import (
    Content,
    OpeningHours,
    PartnerSlot,
    Pictogram,
    Recipe,
    RecipeItem,
)
from service.engine.records import (
    PARTNERS,
    Address,
    ListDocument,
    Mailpiece,
    OfferLine,
    ReminderLine,
)
from service.engine.redeem import AmountOff, Condition, Need, PercentOff, Terms
from service.engine.render.batch import Checker
from service.engine.render.layout import Layout
from service.engine.render.postal import Sender
from service.engine.render.symbols import SymbolProfile
from service.errors import Problem

_DEPARTMENT = 2
"""The place of the department in a row of goods."""
MOST_OFFERS = 12
MOST_REMINDERS = 12
SAMPLE_DAY = date(2026, 11, 24)
_WHOLE_OFFERS = 9
_WHOLE_REMINDERS = 7
"""As many lines as leave room for all else."""
_PERCENT = 25
_IN_PERCENT, _IN_PAIRS = 4, 6
_WITH_SMALL_PRINT = (1, 3)
"""Offers of the list with everything that are not an amount off one piece, or have small print."""
_LONGEST = (
    Pictogram.PRODUCE, Pictogram.DAIRY, Pictogram.BAKERY, Pictogram.MEAT, Pictogram.PANTRY,
    Pictogram.DRINKS, Pictogram.HOUSEHOLD, Pictogram.CARE,
)  # fmt: skip
"""The pictograms of the longest departments, which are the same in each language."""
_CODE = list_code(gcn("952123400001"), "238291560441")


def sample_piece(
    data: Mapping[str, Any], *, masthead: Masthead, language: str, page_url: str = ""
) -> Mailpiece:
    """An everyday list of goods of `samples.json`, composed as those of a cycle are."""
    goods = _goods(data)
    terms = {number: _amount_off(goods[number - 1]) for number in range(1, len(goods) + 1)}
    return _composed(data, goods, terms, masthead=masthead, language=language, page_url=page_url)


def whole_piece(
    data: Mapping[str, Any],
    *,
    masthead: Masthead,
    language: str,
    page_url: str,
    pictures: Mapping[str, str],
) -> Mailpiece:
    """A list with everything that a letter can carry.

    Its offers have pictures (digests by the names of `samples.json`), prices and the items that
    they cover; one needs two pieces, one is a percentage, two have small print, and the last is a
    partner's slot. The recipe has a picture. Prices are invented.
    """
    goods = _goods(data)[: _WHOLE_OFFERS - 1]
    terms: dict[int, Terms] = {}
    for number, row in enumerate(goods, 1):
        terms[number] = _amount_off(row)
        row |= _facts(data, number, pictures) | _needed(data, number, masthead)
        row["legal"] = data["longest"]["offer_legal"] if number in _WITH_SMALL_PRINT else ""
    terms[_IN_PERCENT] = Terms(Condition(), PercentOff(_PERCENT * 100))
    terms[_IN_PAIRS] = Terms(Condition((Need(2000),)), terms[_IN_PAIRS].benefit)
    partner = data["partner"]
    slot = {
        "household_id": 1,
        "offer_id": len(goods) + 1,
        "title": partner["title"],
        "value_text": partner["value"],
        "face_value_cents": 0,
        "department": PARTNERS,
        "legal": "",
        "pictogram": Pictogram.PARTNER,
    }
    piece = _composed(
        {**data, "reminders": data["reminders"][:_WHOLE_REMINDERS]},
        [*goods, slot],
        terms,
        masthead=masthead,
        language=language,
        page_url=page_url,
    )
    content, line = piece.document.content, piece.document.offers[-1].line
    if content.recipe is not None:
        recipe = replace(content.recipe, picture=pictures.get("recipe"))
        content = replace(content, recipe=recipe)
    content = replace(content, partner=PartnerSlot(partner["title"], partner["text"], line))
    return replace(piece, document=replace(piece.document, content=content))


def said_where_it_fits(piece: Mailpiece, checker: Checker) -> Mailpiece:
    """The same piece, whose offers say which goods count only where that fits, as on lists."""
    document = piece.document
    for place, line in enumerate(document.offers):
        if not checker.problems(replace(piece, document=document)):
            break
        offers = [*document.offers]
        offers[place] = replace(line, goods="")
        document = replace(document, offers=tuple(offers))
    return replace(piece, document=document)


def _goods(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The offers of a language, as `compose_documents` takes them, without their terms."""
    return [
        {
            "household_id": 1,
            "offer_id": number,
            "title": title,
            "face_value_cents": cents,
            "department": department,
            "legal": "",
            "pictogram": data["pictograms"][department],
        }
        for number, (title, _, department, cents) in enumerate(data["offers"], 1)
    ]


def _amount_off(row: Mapping[str, Any]) -> Terms:
    return Terms(Condition(), AmountOff(row["face_value_cents"]))


def _facts(data: Mapping[str, Any], number: int, pictures: Mapping[str, str]) -> dict[str, Any]:
    """The picture of an offer's goods, what they are, and a price on the shelf.

    The price is that of which the percentage off is the printed worth, a little less than round.
    """
    _, product, _, cents = data["offers"][number - 1]
    less = 1 if minor_digits(data["currency"]) else 10
    return {
        "picture": pictures.get(data["pictures"][number - 1]),
        "product": product,
        "shelf_cents": cents * 100 // _PERCENT - less,
        "varieties": 1,
    }


def _needed(data: Mapping[str, Any], number: int, masthead: Masthead) -> dict[str, Any]:
    """The item that the household is reminded of by an offer, or nulls."""
    item = data["items"].get(str(number))
    if item is None:
        return dict.fromkeys(("item", "last_bought_on", "interval_days", "expected_on"))
    return {
        "item": item,
        "last_bought_on": masthead.issued_on - timedelta(days=12),
        "interval_days": 14.0 + number,
        "expected_on": masthead.arrives_on + timedelta(days=number),
    }


def _composed(
    data: Mapping[str, Any],
    offers: Sequence[Mapping[str, Any]],
    terms: Mapping[int, Terms],
    *,
    masthead: Masthead,
    language: str,
    page_url: str,
) -> Mailpiece:
    ((_, document),) = compose_documents(
        [Recipient(1, language, _CODE, page_url)],
        masthead=masthead,
        terms=terms,
        offers=pl.DataFrame(offers, infer_schema_length=None),
        reminders=pl.DataFrame(
            [
                _reminder(number, row, masthead)
                | {"pictogram": data["pictograms"][row[_DEPARTMENT]]}
                for number, row in enumerate(data["reminders"], 1)
            ],
            infer_schema_length=None,
        ),
    )
    document = replace(document, content=_content(data, most=len(offers)))
    return Mailpiece(f"SAMPLE-{language}", 1, Address(**data["address"]), document)


def _content(data: Mapping[str, Any], *, most: int) -> Content:
    """The recipe, which names the offers on its items up to number `most`, and opening hours."""
    recipe, hours = data["recipe"], data["hours"]
    items = tuple(
        RecipeItem(text, number % 2 == 0, offer if offer and offer <= most else None)
        for number, (text, offer) in enumerate(zip(recipe["items"], recipe["offers"], strict=True))
    )
    return Content(
        recipe=Recipe(
            key="sample",
            title=recipe["title"],
            items=items,
            steps=tuple(recipe["steps"]),
            minutes=recipe["minutes"],
            serves=recipe["serves"],
        ),
        hours=OpeningHours(hours["title"], tuple(hours["lines"])),
    )


def _reminder(number: int, row: Sequence[Any], masthead: Masthead) -> dict[str, Any]:
    """A row of `samples.json`, last bought about a week ago."""
    item, product, department, price_cents, interval_days = row
    last = masthead.issued_on - timedelta(days=5 + number % 5)
    expected = min(
        max(last + timedelta(days=interval_days), masthead.arrives_on), masthead.valid_to
    )
    return {
        "household_id": 1,
        "item_id": number,
        "item": item,
        "product": product,
        "department": department,
        "price_cents": price_cents,
        "paid_cents": None,
        "expected_on": expected,
        "last_bought_on": last,
        "interval_days": float(interval_days),
    }


def longest_piece(data: Mapping[str, Any], *, language: str) -> Mailpiece:
    """The worst case of a language: as many lines as possible, each with the longest texts."""
    longest = data["longest"]
    departments = longest["departments"]
    offers = tuple(
        OfferLine(
            line=number,
            offer_id=number,
            title=longest["title"],
            detail=longest["detail"],
            face_value_cents=longest["face_value_cents"],
            value_text=longest["value"],
            department=departments[number % len(departments)],
            legal=longest["offer_legal"],
            pictogram=_LONGEST[number % len(departments)],
            price_cents=longest["price_cents"],
        )
        for number in range(1, MOST_OFFERS + 1)
    )
    reminders = tuple(
        ReminderLine(
            line=MOST_OFFERS + number,
            item_id=number,
            item=longest["item"],
            product=longest["product"],
            department=departments[number % len(departments)],
            price_cents=longest["price_cents"],
            expected_on=date(2026, 9, 28),
            reason=longest["reason"],
        )
        for number in range(1, MOST_REMINDERS + 1)
    )
    return _longest(data, longest, language=language, offers=offers, reminders=reminders)


def worst_case(
    layout: Layout,
    samples: Mapping[str, Mapping[str, Any]],
    *,
    profile: SymbolProfile | None = None,
) -> tuple[Problem, ...]:
    """What does not fit in the worst case of each language; empty if everything fits."""
    problems: list[Problem] = []
    for language, data in samples.items():
        piece = longest_piece(data, language=language)
        checker = Checker(layout, profile=profile, sender=Sender(address=data["sender"]))
        problems += checker.problems(piece)
    return tuple(dict.fromkeys(problems))


def _longest(
    data: Mapping[str, Any],
    texts: Mapping[str, Any],
    *,
    language: str,
    offers: tuple[OfferLine, ...],
    reminders: tuple[ReminderLine, ...],
) -> Mailpiece:
    document = ListDocument(
        list_code=_CODE,
        language=language,
        currency=data["currency"],
        retailer=texts["retailer"],
        greeting="",
        issued_on=SAMPLE_DAY,
        valid_from=SAMPLE_DAY,
        valid_to=SAMPLE_DAY + timedelta(days=19),
        offers=offers,
        reminders=reminders,
        worth_cents=sum(offer.face_value_cents for offer in offers),
        tip=texts["tip"],
        legal=texts["legal"],
    )
    address = Address(**texts["address"])
    return Mailpiece(piece_id=f"SAMPLE-{language}", seq=1, address=address, document=document)
