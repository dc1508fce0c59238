"""Whether a layout can print content, found out when it comes in: its letters and its room."""

from datetime import date

from service.engine.content import Content
from service.engine.records import ListDocument
from service.engine.render.batch import Checker
from service.engine.render.layout import Layout
from service.engine.render.printable import Unprintable, describe_missing

_DAY = date(2026, 11, 24)


class ContentTrial:
    """Tries content in a layout, on a list without offers. Not to be shared between threads."""

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
        """Why a letter in a language has no room for some content; empty if it has."""
        document = ListDocument(
            list_code="", language=language, currency=self._currency, retailer=self._retailer,
            greeting="", issued_on=_DAY, valid_from=_DAY, valid_to=_DAY, offers=(), reminders=(),
            worth_cents=0, tip="", legal="", content=content,
        )  # fmt: skip
        (problems,) = self._checker.check_lists([document])
        return "; ".join(each.detail for each in problems)

    def _has_glyph(self, character: str) -> bool:
        faces = self.layout.stationery.faces
        return character.isspace() or any(
            faces[name].holds(character) for name in self.layout.fonts
        )
