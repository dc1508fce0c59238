"""What the compact page says, as the contestants draw it, and where they write it."""

import io
from typing import Any

from service.engine.money import format_money
from service.engine.records import Mailpiece
from service.engine.render.symbols import Symbol

RESOLVER = "https://id.gs1.org"
Out = Any
"""A binary file, or a `Sink`."""


class Sink(io.RawIOBase):
    """Counts what is written and keeps nothing."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def bars_of(made: Symbol) -> list[tuple[int, int]]:
    """First module and modules of each bar."""
    numbers = [int(word) for word in made.ops.split() if word != b"re"]
    return list(zip(numbers[::4], numbers[2::4], strict=True))


def texts_of(piece: Mailpiece) -> list[str]:
    """The texts of the compact page that differ from list to list, in the template's order."""
    document, address = piece.document, piece.address
    currency = document.currency
    texts = [
        address.name,
        address.street,
        f"{address.city}, {address.region} {address.postcode}",
        format_money(document.worth_cents, currency, "en"),
        document.greeting,
        f"{piece.seq:06d}",
    ]
    for offer in document.offers:
        texts += (str(offer.line), offer.title, offer.detail, offer.value_text)
    for line in document.reminders:
        price, day = line.price_cents or 0, line.expected_on
        texts += (
            line.item,
            line.product,
            format_money(price, currency, "en"),
            f"{MONTHS[day.month]} {day.day}",
        )
    texts += dict.fromkeys([line.department for line in document.reminders])
    return texts


def fixed_of(piece: Mailpiece) -> list[str]:
    """What stands alike on every page of a file."""
    document = piece.document
    return [
        document.retailer,
        "November 24, 2026",
        "worth up to",
        "Valid from November 30, 2026",
        "to December 13, 2026",
        "Your offers",
        "Shopping list",
        "Offers end on December 13, 2026",
        document.legal,
    ]


def all_texts_of(piece: Mailpiece) -> list[str]:
    """Every text of the compact page."""
    return [*fixed_of(piece), *texts_of(piece)]


MONTHS = {11: "Nov", 12: "Dec"}
"""Of the days that lines are expected on."""
