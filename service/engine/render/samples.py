"""Sample lists: an everyday one for previews, and one with the longest texts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from service.engine.codes import gcn, list_code
from service.engine.content import Content, OpeningHours, Pictogram, Recipe, RecipeItem
from service.engine.records import Address, ListDocument, Mailpiece, OfferLine, ReminderLine
from service.engine.render.batch import Checker
from service.engine.render.layout import Layout
from service.engine.render.phrases import Phrases
from service.engine.render.postal import Sender
from service.engine.render.symbols import SymbolProfile
from service.errors import Problem

MOST_OFFERS = 12
MOST_REMINDERS = 12
_ISSUED = date(2026, 11, 24)
_PAGE = "https://lists.example/l/4fK9xQ2mWv7pT3sZ"
_LONGEST = (
    Pictogram.PRODUCE, Pictogram.DAIRY, Pictogram.BAKERY, Pictogram.MEAT, Pictogram.PANTRY,
    Pictogram.DRINKS, Pictogram.HOUSEHOLD, Pictogram.CARE,
)  # fmt: skip
"""The pictograms of the longest departments, which are the same in each language."""
_CODE = list_code(gcn("952123400001"), "238291560441")


def sample_piece(data: Mapping[str, Any], *, phrases: Phrases) -> Mailpiece:
    """An everyday list, from the data of `samples.json` for one language."""
    language = phrases.language
    offers = tuple(
        OfferLine(
            line=number,
            offer_id=number,
            title=title,
            detail=detail,
            face_value_cents=cents,
            value_text=data["value"].format(amount=phrases.money_text(cents, data["currency"])),
            department=department,
            legal="",
            pictogram=Pictogram(data["pictograms"][department]),
        )
        for number, (title, detail, department, cents) in enumerate(data["offers"], 1)
    )
    reminders = tuple(
        ReminderLine(
            line=len(offers) + number,
            item_id=number,
            item=item,
            product=product,
            department=department,
            price_cents=cents,
            expected_on=_ISSUED + timedelta(days=6 + number),
            reason=data["reason"].format(days=days),
            pictogram=Pictogram(data["pictograms"][department]),
        )
        for number, (item, product, department, cents, days) in enumerate(data["reminders"], 1)
    )
    piece = _piece(data, data, language=language, offers=offers, reminders=reminders)
    document = replace(piece.document, content=_content(data, offers), page_url=_PAGE)
    return replace(piece, document=document)


def _content(data: Mapping[str, Any], offers: tuple[OfferLine, ...]) -> Content:
    """The recipe and the opening hours of a language; the first offers are on the recipe."""
    recipe, hours = data["recipe"], data["hours"]
    items = tuple(
        RecipeItem(text, number % 2 == 0, offers[number].line if number % 3 == 0 else None)
        for number, text in enumerate(recipe["items"])
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
    return _piece(data, longest, language=language, offers=offers, reminders=reminders)


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


def _piece(
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
        greeting=texts["greeting"],
        issued_on=_ISSUED,
        valid_from=_ISSUED + timedelta(days=6),
        valid_to=_ISSUED + timedelta(days=19),
        offers=offers,
        reminders=reminders,
        worth_cents=sum(offer.face_value_cents for offer in offers),
        tip=texts["tip"],
        legal=texts["legal"],
    )
    address = Address(**texts["address"])
    return Mailpiece(piece_id=f"SAMPLE-{language}", seq=1, address=address, document=document)
