"""What the variables of repeated rows show, for each kind of line."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from service.engine.compose import PARTED
from service.engine.records import OfferLine
from service.engine.render.joins import join_counts
from service.engine.render.language import Language


class RowKind(NamedTuple):
    """A kind of row, with a function for each variable, from language and line to text."""

    shown: Mapping[str, Callable[[Language, Any], str]]


def _what(line: OfferLine) -> str:
    """What an offer is on, below the item that it belongs to: its title, if that is not the item;
    its condition on its own."""
    if not line.item or line.item.casefold() == line.title.casefold():
        return join_counts(line.detail)
    return ", ".join(filter(None, (line.title, join_counts(line.detail))))


def _detail(line: OfferLine) -> str:
    """The condition of an offer, and which goods count."""
    return PARTED.join(filter(None, (join_counts(line.detail), join_counts(line.goods))))


OFFER = RowKind(
    {
        "title": lambda _, line: line.title,
        "detail": lambda _, line: _detail(line),
        "value": lambda _, line: join_counts(line.value_text),
        "line": lambda _, line: str(line.line),
        "item": lambda _, line: line.item or line.title,
        "what": lambda _, line: _what(line),
        "due": lambda language, line: language.due(line.due),
        "size": lambda _, line: line.size,
        "price": lambda language, line: language.price(line.price_cents),
        "picture": lambda _, line: line.picture or "",
        "pictogram": lambda _, line: line.pictogram.value,
    },
)
REMINDER = RowKind(
    {
        "item": lambda _, line: line.item,
        "product": lambda _, line: line.product,
        "price": lambda language, line: language.price(line.price_cents),
        "expected": lambda language, line: language.expected(line),
        "need": lambda language, line: language.need(line),
        "due": lambda language, line: language.due(line.due),
        "size": lambda _, line: line.size,
        "picture": lambda _, line: line.picture or "",
        "pictogram": lambda _, line: line.pictogram.value,
        "reason": lambda _, line: join_counts(line.reason),
        "why": lambda language, line: language.why(line),
        "line": lambda _, line: str(line.line),
    },
)
HEADING = RowKind({"department": lambda _, name: name})
