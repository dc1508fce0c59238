"""Lists that are made and not stored yet: their lines, what they reserve, their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from service.cycle.inputs import Inputs
from service.engine.content import Content
from service.engine.records import DealKind, ListDocument, OfferLine, ReminderLine

PARTNER_LINE = "partner"
"""The kind of a list line that is printed and unknown to the till."""

_LINES: dict[str, Any] = {
    "code": pl.String,
    "line": pl.Int64,
    "kind": pl.String,
    "item_id": pl.Int64,
    "offer_id": pl.Int64,
    "text": pl.String,
    "reason": pl.String,
    "face_value_cents": pl.Int64,
    "uses": pl.Int64,
    "reserved_cents": pl.Int64,
    "p_purchase": pl.Float64,
    "cell": pl.String,
    "expected_uses": pl.Float64,
    "expected_gain": pl.Float64,
    "terms": pl.String,
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """A list before it is stored: whose, what is printed, and its lines for the till.

    The lines are those of the document's offers, then of its reminders. `pinned` are the offers
    that somebody pinned.
    """

    household_id: int
    document: ListDocument
    lines: list[dict[str, Any]]
    pinned: frozenset[int] = frozenset()

    def with_goods(self, offers: Sequence[int]) -> "Drafted":
        """The same, where only some of its offers, by their place, say which goods count."""
        kept = tuple(
            line if place in offers else replace(line, goods="")
            for place, line in enumerate(self.document.offers)
        )
        return replace(self, document=replace(self.document, offers=kept))

    def with_only(self, offers: Sequence[int], reminders: Sequence[int]) -> "Drafted":
        """The same with some of its offers and reminders, by their place; numbered again."""
        document = self.document
        numbers = {document.offers[place].line: number for number, place in enumerate(offers, 1)}
        first_reminder = len(document.offers)
        places = [*offers, *(first_reminder + place for place in reminders)]
        kept = tuple(
            replace(document.offers[place], line=number) for number, place in enumerate(offers, 1)
        )
        return Drafted(
            self.household_id,
            replace(
                document,
                offers=kept,
                reminders=tuple(
                    replace(document.reminders[place], line=number)
                    for number, place in enumerate(reminders, len(kept) + 1)
                ),
                worth_cents=sum(line.face_value_cents for line in kept),
                content=document.content.renumbered(numbers),
            ),
            [{**self.lines[place], "line": number} for number, place in enumerate(places, 1)],
            self.pinned,
        )

    def with_content(self, content: Content) -> "Drafted":
        """The same with other content."""
        return replace(self, document=replace(self.document, content=content))


def list_lines(
    household_id: int,
    document: ListDocument,
    chances: Mapping[tuple[int, int], float],
    copies: Mapping[tuple[int, int], Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The lines of one document.

    `chances` are of what is reminded of, by household and item; `copies` the allocated pairs by
    household and offer, with `terms` where a copy has its own.
    """
    offers = [_offer_line(line, copies[household_id, line.offer_id]) for line in document.offers]
    reminded = [
        _reminder_line(line, chances[household_id, line.item_id]) for line in document.reminders
    ]
    return [*offers, *reminded]


def list_frames(
    drafted: Sequence[Drafted],
    inputs: Inputs,
    *,
    page_digests: Sequence[str | None],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lists and their lines as the store takes them.

    But for `cycle_id` and `written_at` of the lists, which are known when they are issued.
    `page_digests` are those of the lists.
    """
    listed = pl.DataFrame(
        {
            "code": [each.document.list_code for each in drafted],
            "household_id": [each.household_id for each in drafted],
            "document": [each.document.to_json() for each in drafted],
            "recipe_key": [each.document.content.recipe_key for each in drafted],
            "page_digest": page_digests,
        },
        {
            "code": pl.String,
            "household_id": pl.Int64,
            "document": pl.String,
            "recipe_key": pl.String,
            "page_digest": pl.String,
        },
    ).with_columns(
        pl.lit(inputs.valid_from).alias("valid_from"),
        pl.lit(inputs.valid_to).alias("valid_to"),
    )
    lines = pl.DataFrame(
        [{"code": each.document.list_code, **line} for each in drafted for line in each.lines],
        _LINES,
    )
    return listed, lines


def _offer_line(line: OfferLine, copy: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line": line.line,
        "kind": PARTNER_LINE if copy["kind"] == DealKind.PARTNER else "offer",
        "item_id": None,
        "offer_id": line.offer_id,
        "text": f"{line.title}: {line.value_text}",
        "reason": copy["why"],
        "face_value_cents": line.face_value_cents,
        "uses": copy["uses"],
        "reserved_cents": copy["reserved_cents"],
        "p_purchase": None,
        "cell": copy["cell"],
        "expected_uses": copy["expected_redemptions"],
        "expected_gain": copy["expected_gain"],
        "terms": copy["terms"],
    }


def _reminder_line(line: ReminderLine, chance: float) -> dict[str, Any]:
    return {
        "line": line.line,
        "kind": "reminder" if line.expected_on else "discovery",
        "item_id": line.item_id,
        "offer_id": None,
        "text": line.item,
        "reason": line.reason,
        "face_value_cents": 0,
        "uses": 0,
        "reserved_cents": 0,
        "p_purchase": chance,
        "cell": None,
        "expected_uses": None,
        "expected_gain": None,
        "terms": None,
    }
