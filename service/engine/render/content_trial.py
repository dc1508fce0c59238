"""Whether a layout can print content, found out when it comes in: its letters and its room."""

from datetime import date

from service.engine.content import (
    Content,
    OpeningHours,
    PartnerSlot,
    Recipe,
    RecipeItem,
    Tip,
)
from service.engine.records import ListDocument, OfferLine
from service.engine.render.batch import Checker
from service.engine.render.layout import Layout
from service.engine.render.printable import Unprintable, describe_missing
from service.errors import InvalidInput

_DAY = date(2026, 11, 24)


class ContentTrial:
    """Tries content in a layout. Not to be shared between threads."""

    def __init__(self, layout: Layout, *, retailer: str, currency: str) -> None:
        self.layout = layout
        self._checker = Checker(layout)
        self._retailer = retailer
        self._currency = currency

    def missing(self, text: str) -> Unprintable | None:
        """The characters of a text that no font of the layout has; None if it has them all."""
        lacking = [each for each in dict.fromkeys(text) if not self._has_glyph(each)]
        return describe_missing(lacking, self._has_glyph) if lacking else None

    def fault_of(self, content: Content, language: str) -> str:
        """Why a letter in a language does not print some content; empty if it does.

        It is tried on a letter with one offer: what a layout has no place for is no fault.
        """
        try:
            if not self._is_left_out(content, language):
                return ""
            has_place = not self._is_left_out(_shortest(content), language)
            return "is too long" if has_place else ""
        except InvalidInput as error:
            return "; ".join(each.detail for each in error.problems) or error.detail

    def _is_left_out(self, content: Content, language: str) -> bool:
        without = self._letter(Content(), language)
        return self._checker.are_drawn_alike(without, self._letter(content, language))

    def _letter(self, content: Content, language: str) -> ListDocument:
        offer = OfferLine(1, 1, "-", "", 100, "-", "-", "")
        return ListDocument(
            list_code="", language=language, currency=self._currency, retailer=self._retailer,
            greeting="", issued_on=_DAY, valid_from=_DAY, valid_to=_DAY, offers=(offer,),
            reminders=(), worth_cents=100, tip="", legal="", content=content,
        )  # fmt: skip

    def _has_glyph(self, character: str) -> bool:
        faces = self.layout.stationery.faces
        return character.isspace() or any(
            faces[name].holds(character) for name in self.layout.fonts
        )


def _shortest(content: Content) -> Content:
    """Content of the same kind that fits wherever it has a place."""
    recipe, tip, hours, partner = content.recipe, content.tip, content.hours, content.partner
    return Content(
        recipe=recipe and Recipe(recipe.key, "-", (RecipeItem("-"),), ("-",)),
        tip=tip and Tip(tip.key, "-", "-"),
        hours=hours and OpeningHours("-", ("-",)),
        partner=partner and PartnerSlot("-", "-", partner.offer_line),
    )
