"""Sample lists: an everyday one for previews, and one with the longest texts."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from service.engine.codes import gcn, list_code
from service.engine.compose import Masthead, Recipient, compose_documents
from service.engine.records import Address, ListDocument, Mailpiece, OfferLine, ReminderLine
from service.engine.redeem import AmountOff, Condition, Terms
from service.engine.render.batch import Checker
from service.engine.render.layout import Layout
from service.engine.render.postal import Sender
from service.engine.render.symbols import SymbolProfile
from service.errors import Problem

MOST_OFFERS = 12
MOST_REMINDERS = 12
SAMPLE_DAY = date(2026, 11, 24)
_CODE = list_code(gcn("952123400001"), "238291560441")


def sample_piece(data: Mapping[str, Any], *, masthead: Masthead, language: str) -> Mailpiece:
    """An everyday list of goods of `samples.json`, composed as those of a cycle are."""
    offers = [
        {
            "household_id": 1,
            "offer_id": number,
            "title": title,
            "face_value_cents": cents,
            "department": department,
            "legal": "",
        }
        for number, (title, _, department, cents) in enumerate(data["offers"], 1)
    ]
    ((_, document),) = compose_documents(
        [Recipient(household_id=1, language=language, list_code=_CODE)],
        masthead=masthead,
        terms={
            row["offer_id"]: Terms(Condition(), AmountOff(row["face_value_cents"]))
            for row in offers
        },
        offers=pl.DataFrame(offers),
        reminders=pl.DataFrame(
            [_reminder(number, row, masthead) for number, row in enumerate(data["reminders"], 1)],
            infer_schema_length=None,
        ),
    )
    return Mailpiece(f"SAMPLE-{language}", 1, Address(**data["address"]), document)


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
